"""What `generate` draws: clips from the priors, test clips, or the user's own files."""
