"""log p(x | z), log p(z), and bounds on log p(x), in nats per row and in the units of X."""

import hashlib

import numpy as np
import torch
from scipy.special import logsumexp
from sklearn.utils import gen_batches

from vaekit.fitted._blocks import block_rows, in_blocks
from vaekit.fitted._codes_at_once import VALUES_AT_ONCE, of_codes
from vaekit.fitted._rows import network_rows, rows_to_send
from vaekit.utils._torch import whitened_noise

__all__ = ["evidence_lower_bounds", "importance_bounds", "log_likelihood", "log_prior", "shared_noise"]

FEWEST_DRAWS = 32  # noise vectors of the evidence lower bound
LOWEST = np.finfo(np.float32).min
OWN_DRAWS = 64  # importance samples drawn at a time; a row's noise does not depend on how many follow


def evidence_lower_bounds(model, X):
    """ELBO of validated rows, averaged over noise that all rows share."""
    model.settle()
    noise = torch.from_numpy(shared_noise(model)).to(model.net.device)
    rows_of, as_seen = rows_to_send(model, X)

    def integrand(module, posterior, z, x):
        return module.likelihood.log_prob(module.decode(z), x) - module.prior.kl(posterior, z)

    (bounds,) = in_blocks(
        model,
        lambda module, x: (_over_draws(model, module, integrand, as_seen(x), noise[:, None]),),
        rows_of,
        n_rows=len(X),
        size=_rows_at_once(model, len(noise)),
        finish=lambda values: [raised(values).mean(axis=1, dtype=np.float64)],
    )
    return bounds + model.blueprint.log_volumes(X)


def shared_noise(model):
    """The noise of the evidence lower bound, float32 of shape (n_draws, noise_width)."""
    width = model.net.noise_widths.posterior
    return whitened_noise(max(FEWEST_DRAWS, 2 * width), width).astype(np.float32)


def importance_bounds(model, X, n_samples):
    """log mean_k w_k of validated rows, each with noise of its own."""
    model.settle()
    total = np.full(len(X), -np.inf)
    for draws in gen_batches(n_samples, OWN_DRAWS):
        total = np.logaddexp(total, _log_sums_of_weights(model, X, draws))
    return raised(total) - np.log(n_samples) + model.blueprint.log_volumes(X)


def _log_sums_of_weights(model, X, draws):
    """log of the sum of the importance weights of each row over some of its draws."""
    rows_of = network_rows(model.blueprint, X)
    shape = (draws.stop - draws.start, model.net.noise_widths.posterior)

    def log_weight(module, posterior, z, x):
        log_joint = module.likelihood.log_prob(module.decode(z), x) + module.prior.log_prob(z)
        return log_joint - posterior.log_prob(z)

    (log_sums,) = in_blocks(
        model,
        lambda module, x, noise: (_over_draws(model, module, log_weight, x, noise.transpose(0, 1)),),
        rows_of,
        lambda rows: np.stack([noise_of_row(row, draws.start, shape) for row in rows_of(rows)]),
        n_rows=len(X),
        size=_rows_at_once(model, OWN_DRAWS),
        finish=lambda log_w: [log_sum(log_w)],
    )
    return log_sums


def _rows_at_once(model, n_draws):
    """Rows of a block each of which is decoded with so many draws: all of them make one call of the decoder."""
    return block_rows(model.blueprint, model.net.device, n_draws)


def _over_draws(model, module, function, x, noise):
    """function(module, posterior, z, x) of every row and draw, (n_rows, n_draws), so many at once as a block bears."""
    posterior, at_once = module.encode(x), _rows_at_once(model, len(x))
    values = [function(module, posterior, posterior.rsample(some), x) for some in noise.split(at_once)]
    return torch.cat(values).T


def noise_of_row(row, start, shape):
    """Standard normal noise that is decided by a row's values, and which it has, and the number of its first draw."""
    is_missing = np.isnan(row)
    told = np.hstack([np.where(is_missing, np.float32(0), row), ~is_missing]) if is_missing.any() else row
    digest = hashlib.blake2b(told.tobytes(), digest_size=8, key=start.to_bytes(8, "little")).digest()
    return np.random.default_rng(int.from_bytes(digest, "little")).standard_normal(shape, dtype=np.float32)


def raised(log_densities):
    """Log densities, those below all numbers of single precision as the lowest of them: a mean stays a number."""
    return np.maximum(log_densities, LOWEST)


def log_sum(log_weights):
    """log of the sum over the draws of each row, in float64."""
    return logsumexp(log_weights.astype(np.float64), axis=1)


def log_likelihood(model, X, draws):
    """log p(x | z) of validated rows and codes (n_draws, n_rows, n_components), (n_draws, n_rows)."""
    model.settle()
    values = np.empty(draws.shape[:2])
    for rows in gen_batches(len(X), max(1, VALUES_AT_ONCE // X.shape[1])):
        x = torch.from_numpy(network_rows(model.blueprint, X)(rows)).to(model.net.device)
        codes = draws[:, rows].reshape(-1, draws.shape[-1])
        found = of_codes(model.of(rows), _log_likelihood, codes, x)
        values[:, rows] = found.reshape(len(draws), -1)
    return raised(values) + model.blueprint.log_volumes(X)


def _log_likelihood(module, x, z):
    return module.likelihood.log_prob(module.decode(z), x)


def log_prior(model, codes):
    """log p(z) of validated codes (..., n_components) under the prior that was trained."""
    values = of_codes(model, lambda module, z: module.prior.log_prob(z), codes.reshape(-1, codes.shape[-1]))
    return raised(values).reshape(codes.shape[:-1])
