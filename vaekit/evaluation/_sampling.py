"""Samples of a fitted object, with or without the noise of p(x | z)."""

import numpy as np

from vaekit.evaluation._fitted import require

__all__ = ["decode_codes", "draw_samples"]


def draw_samples(estimator, n_samples, random_state, noise="auto"):
    """Return samples; only a choice of `noise` that was made is passed on, for objects that do not have one."""
    require(estimator, "A comparison of samples with data", "sample")
    choice = {} if _is_auto(noise) else {"noise": noise}
    return estimator.sample(n_samples, random_state=random_state, **choice)


def decode_codes(estimator, Z, random_state, noise="auto"):
    """Return what codes are decoded to: draws of p(x | z), or means; `"auto"` is what `sample` does by itself."""
    if _is_auto(noise):
        noise = hasattr(estimator, "sample_likelihood") and np.ndim(estimator.inverse_transform(Z[:1])) == 2
    if not noise:
        return estimator.inverse_transform(Z)
    require(estimator, "Draws given codes", "sample_likelihood")
    return estimator.sample_likelihood(Z, random_state=random_state)


def _is_auto(noise):
    return isinstance(noise, str) and noise == "auto"
