"""What is missing, from what was observed: importance sampling of codes."""

import numpy as np
import torch

from vaekit.fitted._blocks import in_blocks
from vaekit.fitted._densities import noise_of_row
from vaekit.fitted._rows import network_rows

__all__ = ["impute"]


def impute(model, X, n_samples, random_state=None):
    """E[x | x_o] of validated rows, or with a random state draws of p(x | x_o), in the units of X.

    log w_l = log p(x_o | z_l) + log p(z_l) - log q(z_l | x_o),  z_l ~ q(z | x_o)

    A draw is p(x | z_l) of a code that is chosen in proportion to w_l. Noise of the codes is decided by a row's values,
    so that a mean depends neither on the row's neighbours nor on the day.
    """
    model.settle()
    rows_of, event_shape = network_rows(model.blueprint, X), model.blueprint.event_shape
    shape = (n_samples, model.net.noise_widths.posterior)
    columns = [rows_of, lambda rows: np.stack([noise_of_row(row, 0, shape) for row in rows_of(rows)])]
    function = _conditional_mean
    if random_state is not None:
        function = _conditional_draw
        columns.append(lambda rows: random_state.uniform(size=rows.stop - rows.start).astype(np.float32))
        columns.append(lambda rows: _normal(random_state, (rows.stop - rows.start, *event_shape)))
    (found,) = in_blocks(
        model,
        function,
        *columns,
        n_rows=len(X),
        size=max(1, model.blueprint.network.decoded_rows // n_samples),
        finish=lambda rows: [model.blueprint.preprocessing.to_data(rows.reshape(len(rows), -1))],
    )
    return found


def _normal(random_state, shape):
    return random_state.standard_normal(shape).astype(np.float32)


def _conditional_mean(module, x, noise):
    decoded, share = _weighed(module, x, noise)
    means = module.likelihood.mean(decoded)
    return (torch.einsum("lr...,lr->r...", means.double(), share),)


def _conditional_draw(module, x, noise, quantile, noise_of_x):
    decoded, share = _weighed(module, x, noise)
    chosen = (share.cumsum(0)[:-1] < quantile).sum(0)
    return (module.likelihood.sample(decoded[chosen, torch.arange(len(x), device=x.device)], noise_of_x),)


def _weighed(module, x, noise):
    """Decoded codes (n_draws, n_rows, *decoded) and their normalised weights (n_draws, n_rows)."""
    posterior = module.encode(x)
    z = posterior.rsample(noise.transpose(0, 1))
    decoded = module.decode(z)
    log_weights = module.likelihood.log_prob(decoded, x) + module.prior.log_prob(z) - posterior.log_prob(z)
    return decoded, log_weights.double().softmax(0)
