"""What training came to, latent by latent."""

from typing import NamedTuple

import numpy as np

from vaekit.fitted._codes import encode

__all__ = ["LatentSummary", "measure_latents"]

ACTIVE_SHARE = 0.01  # an active latent's mean varies by more than this share of its aggregate variance


class LatentSummary(NamedTuple):
    """KL of each latent's posterior in nats, mean over rows, and whether it carries information."""

    kl_per_component: np.ndarray
    active_components: np.ndarray


def measure_latents(model, X):
    """Return the `LatentSummary` of validated rows."""
    loc, scale = encode(model, X)
    moving, spread = loc.var(axis=0), np.square(scale).mean(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        log_scale = np.log(scale).mean(axis=0)
        if model.module.prior.is_learned:
            kl = 0.5 * np.log(moving + spread) - log_scale
        else:
            kl = 0.5 * np.mean(loc**2 + scale**2 - 1, axis=0) - log_scale
    kl = np.where(np.isneginf(log_scale), np.inf, kl)  # without noise it is infinite, even where nothing moves
    return LatentSummary(kl, moving > ACTIVE_SHARE * (moving + spread))
