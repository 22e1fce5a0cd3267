"""The posteriors q: content q(z_c|x), motion q(z_m,t|x_t, z_m,<t) and action q(a|x, z_m)."""
