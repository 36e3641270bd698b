"""Codes of rows, and q(z | x): its moments, its draws, its density."""

from typing import NamedTuple

import numpy as np
import torch

from vaekit.exceptions import NoDensityError
from vaekit.fitted._blocks import host_blocks, in_blocks
from vaekit.fitted._rows import rows_to_send
from vaekit.utils._torch import whitened_noise, widest_float

__all__ = ["Moments", "encode", "locations", "log_posterior", "sample_posterior"]

FEWEST_DRAWS = 64  # of a posterior whose scale has no closed form


class Moments(NamedTuple):
    """Location and scale of q(z | x) for every row, arrays of shape (n_rows, n_components)."""

    loc: np.ndarray
    scale: np.ndarray


def encode(model, X):
    """Moments of q(z | x) for validated rows."""
    width = model.net.noise_widths.posterior
    rows_of, as_seen = rows_to_send(model, X)

    def moments(module, rows):
        posterior = module.encode(as_seen(rows))
        scale = _deviations(posterior, width) if posterior.scale is None else posterior.scale
        return posterior.loc, scale

    return Moments(*in_blocks(model, moments, rows_of, n_rows=len(X)))


def locations(model, X):
    """Yield, a block after the other, slices of validated rows and the means of q(z | x)."""
    rows_of, as_seen = rows_to_send(model, X)
    with model.inferring():
        blocks = host_blocks(model, lambda module, rows: (module.encode(as_seen(rows)).loc,), rows_of, n_rows=len(X))
        for rows, (loc,) in blocks:
            yield rows, loc


def sample_posterior(model, X, n_samples, random_state):
    """Draws from q(z | x) of validated rows, (n_samples, n_rows, n_components)."""
    noise = random_state.standard_normal((n_samples, len(X), model.net.noise_widths.posterior))
    return _of_posterior(model, X, noise, lambda posterior, noise: posterior.rsample(noise))


def log_posterior(model, X, draws):
    """log q(z | x) of validated rows and draws (n_draws, n_rows, n_components), (n_draws, n_rows)."""
    return _of_posterior(model, X, draws, _log_density)


def _deviations(posterior, noise_width):
    """Standard deviation of every component, from whitened draws: exact where they are linear in their noise."""
    noise = torch.from_numpy(whitened_noise(max(FEWEST_DRAWS, 2 * noise_width), noise_width)).to(posterior.loc)
    return posterior.rsample(noise[:, None].expand(-1, len(posterior.loc), -1)).std(0, correction=0)


def _of_posterior(model, X, values, function):
    """Apply function(posterior, values) to validated rows and values of them, both (n_draws, n_rows, ...).

    In double precision as far as the device and the family have it: codes of narrow posteriors need the digits.
    """
    dtype = widest_float(model.net.device)
    narrow = np.float64 if dtype == torch.float64 else np.float32

    rows_of, as_seen = rows_to_send(model, X)

    def by_rows(rows):
        return values[:, rows].swapaxes(0, 1).astype(narrow)

    def evaluate(module, x, values):
        posterior = module.encode(as_seen(x)).in_precision(dtype)
        found = function(posterior, values.transpose(0, 1).to(posterior.loc.dtype))
        return (found.transpose(0, 1),)

    (found,) = in_blocks(model, evaluate, rows_of, by_rows, n_rows=len(X))
    return np.ascontiguousarray(found.swapaxes(0, 1), dtype=np.float64)


def _log_density(posterior, z):
    """log q(z | x), where there is one."""
    if posterior.is_deterministic:
        raise NoDensityError(
            "A deterministic encoder has no posterior density; give it noise (FixedScale(scale=0.01), or "
            "deterministic_encoder=False)."
        )
    return posterior.log_prob(z)
