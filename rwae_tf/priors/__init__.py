"""The priors p: content N(0, I), recurrent motion p_psi and uniform action."""
