"""The terms of the objectives beside the reconstruction: samples or parameters of q and p in, named scalars out.

A divergence on z_c is a module of this package with two names:

  SPECTRAL: whether its critic is under spectral parametrization;
  terms(critic, z_q, z_p, alpha, objective): a dict of scalars. The encoders descend on
    "content_divergence", the critic descends on "critic"; further terms are logged.
"""

import importlib
import types


def content_divergence(name: str) -> types.ModuleType:
    """The module of the divergence on z_c called `name`: "scaled_mmd" (eq. 11) or "adversarial" (eq. 10)."""
    return importlib.import_module(f"{__name__}.{name}")
