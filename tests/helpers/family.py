"""One tiny instance of every estimator, and a table to fit it on."""

import numpy as np

import vaekit

NAMES = vaekit.ESTIMATORS
WITHOUT_LOG_Q = {"AVB", "TripodVAE"}  # whose posterior has no density
WITHOUT_NOISE = {"TripodVAE"}  # whose codes are points
WITH_DENSITY = [name for name in NAMES if hasattr(getattr(vaekit, name), "score_samples")]
WITH_TWO_SPACES = [name for name in NAMES if hasattr(getattr(vaekit, name), "to_representation_space")]

X = np.random.default_rng(0).normal(size=(35, 4)) @ np.random.default_rng(1).normal(size=(4, 4)) + 2
IMAGES = np.random.default_rng(2).integers(0, 256, size=(20, 9, 8), dtype=np.uint8)


def tiny(name, **params):
    """Return an estimator that trains in milliseconds: three epochs of four batches of eight rows and one of three."""
    defaults = {"n_components": 2, "hidden_layer_sizes": (8,), "batch_size": 8, "max_epochs": 3, "random_state": 0}
    return small(getattr(vaekit, name)(**{**defaults, **params}), params)


def small(model, given):
    """Return the same model with narrow couplings and discriminators, where it has any and nobody asked for them."""
    if hasattr(model, "discriminator_layer_sizes") and "discriminator_layer_sizes" not in given:
        model.set_params(discriminator_layer_sizes=(8, 8))
    is_default = model.prior == "decoupled" and "prior" not in given
    return model.set_params(prior__n_couplings=2, prior__hidden_width=8) if is_default else model


def same_bits(one, other):
    """Whether two arrays are equal to the last bit."""
    return one.dtype == other.dtype and one.shape == other.shape and one.tobytes() == other.tobytes()
