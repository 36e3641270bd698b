"""Samples of a fitted object, with or without the noise of p(x | z)."""

import numpy as np

from vaekit.evaluation._fitted import require
from vaekit.utils._noise import check_noise, noise_choice

__all__ = ["decode_codes", "draw_samples"]


def draw_samples(estimator, n_samples, random_state, noise="auto"):
    """Return samples; only a choice of `noise` that was made is passed on, for objects that do not have one."""
    require(estimator, "A comparison of samples with data", "sample")
    return estimator.sample(n_samples, random_state=random_state, **noise_choice(estimator.sample, noise))


def decode_codes(estimator, Z, random_state, noise="auto"):
    """Return what codes are decoded to: draws of p(x | z), or means; `"auto"` is what `sample` does by itself."""
    draws = check_noise(noise)
    if draws is None:
        draws = hasattr(estimator, "sample_likelihood") and len(np.shape(estimator.inverse_transform(Z[:1]))) == 2
    if not draws:
        return estimator.inverse_transform(Z)
    require(estimator, "Draws given codes", "sample_likelihood")
    return estimator.sample_likelihood(Z, random_state=random_state)
