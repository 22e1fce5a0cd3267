"""p(z_c) = N(0, I) (section 3.2)."""


def sample(noise, content_size):
    """z_c ~ N(0, I), [B, Dc]."""
    return noise.normal("content_prior", [content_size])
