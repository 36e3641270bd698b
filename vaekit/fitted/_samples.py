"""From codes to data, from the prior to codes, and the scale of the noise in between."""

import numpy as np

from vaekit.fitted._blocks import in_blocks
from vaekit.utils._torch import to_array

__all__ = ["decode", "likelihood_scale", "sample_prior", "through_prior"]


def decode(model, codes, random_state=None, known=None):
    """E[x | z] of validated codes, or with a random state draws of x, in the units and the shape of the data.

    Tables of several kinds of columns come back as such: the nearest possible value of each mean. What is known of all
    rows (1, n_features), NaN where nothing is, stands in them as it is.
    """
    event_shape = model.blueprint.event_shape

    def noise(rows):
        return random_state.standard_normal((rows.stop - rows.start, *event_shape)).astype(np.float32)

    def mean(module, z):
        return (module.likelihood.mean(module.decode(z)),)

    def draw(module, z, noise):
        return (module.likelihood.sample(module.decode(z), noise),)

    if random_state is not None:
        model.settle()  # a scale, say
    codes = codes.astype(np.float32)
    columns = (mean, codes) if random_state is None else (draw, codes, noise)
    table = model.blueprint.columns

    def finish(decoded):
        rows = _as_given(model.blueprint, decoded)
        rows = rows if known is None else np.where(np.isnan(known), rows, known)
        return [rows] if table is None else table.possible(rows)  # a one-hot of all rows would fill memory

    found = in_blocks(model, *columns, finish=finish)
    return found[0] if table is None else table.written(found)


def _as_given(blueprint, decoded):
    """Decoded rows in the units and the shape of the data: float64, but images float32 where that holds them."""
    preprocessing, shape = blueprint.preprocessing, blueprint.image_shape
    is_single = blueprint.is_image and preprocessing.is_single_precision
    rows = decoded.reshape(len(decoded), -1)
    rows = preprocessing.to_data(rows, np.empty(rows.shape, np.float32 if is_single else np.float64))
    return rows if shape is None else rows.reshape(len(rows), *shape)


def sample_prior(model, n_samples, random_state):
    """Codes drawn from the prior that was trained."""
    return through_prior(model, "sample", random_state.standard_normal((n_samples, model.net.noise_widths.prior)))


def through_prior(model, method, latents):
    """Apply one of the prior's maps to latents of any leading shape."""
    flat = latents.reshape(-1, latents.shape[-1]).astype(np.float32)
    mapped = in_blocks(model, lambda module, z: (getattr(module.prior, method)(z),), flat)[0]
    return mapped.reshape(*latents.shape[:-1], -1).astype(np.float64)


def likelihood_scale(model):
    """Scale of the noise in p(x | z) in the units and the shape of the data, a float if they share it; None if none."""
    model.settle()
    blueprint, likelihood = model.blueprint, model.module.likelihood
    if not hasattr(likelihood, "log_scale"):
        return None
    scale, unit = np.exp(to_array(likelihood.log_scale).astype(np.float64)), blueprint.preprocessing.unit
    if scale.ndim == 0 and np.ndim(unit) == 0:
        return float(scale * unit)
    scale = scale.reshape(-1) * unit
    return scale if blueprint.image_shape is None else scale.reshape(blueprint.image_shape)
