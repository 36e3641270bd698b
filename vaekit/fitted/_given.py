"""Codes of rows of which some cells are known: importance resampling of the prior."""

import numpy as np
import torch

from vaekit.fitted._codes_at_once import of_codes
from vaekit.fitted._rows import network_rows
from vaekit.fitted._samples import sample_prior
from vaekit.likelihoods._gaps import leaving_gaps_out

__all__ = ["AT_ONCE", "codes_given", "effective_size"]

AT_ONCE, N_MOST = 2**11, 2**17  # codes of a round, and of all rounds
ENOUGH = 1000  # effective codes, or two for each sample: then no further round


def codes_given(model, known, n_samples, random_state):
    """Draw codes of p(z | x_g), where x_g are the cells of a row that are known.

        z_l ~ p(z),   w_l = p(x_g | z_l),   ESS = (sum_l w_l)^2 / sum_l w_l^2

    and a sample is z_l with l drawn in proportion to w_l. Rounds of codes are drawn until the effective sample size is
    enough, or there are 131,072 codes.

    Parameters
    ----------
    model : TrainedModel
        A conditional one knows one condition, or `AT_ONCE` of them, which codes take in turn.
    known : ndarray of shape (1, n_features)
        The row in the units of X, NaN where nothing is known.
    n_samples : int
    random_state : RandomState

    Returns
    -------
    codes : ndarray of shape (n_samples, n_components)
    size : float
        The effective sample size.
    model : TrainedModel
        The model as it is for these codes.

    Raises
    ------
    ValueError
        If no code gives the row any probability.
    """
    model.settle()
    told = model if model.condition is None else model.of(np.arange(AT_ONCE) % len(model.condition))
    weight_of, codes, log_weights = _log_weights(told, known), [], []
    while not codes or (len(codes) * AT_ONCE < N_MOST and _effective(log_weights) < max(ENOUGH, 2 * n_samples)):
        codes.append(sample_prior(told, AT_ONCE, random_state))
        log_weights.append(weight_of(codes[-1]))
    chosen = _chosen(np.concatenate(log_weights), n_samples, random_state)
    return np.concatenate(codes)[chosen], _effective(log_weights), told.of(chosen % AT_ONCE)


def _log_weights(model, known):
    """A function from codes to log p(x_g | z), float64."""
    likelihood = leaving_gaps_out(model.module.likelihood, model.blueprint.likelihood)
    row = torch.from_numpy(network_rows(model.blueprint, known)(slice(None))).to(model.net.device)

    def log_prob(module, z):
        return likelihood.log_prob(module.decode(z), row.expand(len(z), *row.shape[1:]))

    return lambda codes: of_codes(model, log_prob, codes)


def _effective(log_weights):
    return effective_size(np.concatenate(log_weights))


def effective_size(log_weights):
    """(sum w)^2 / sum w^2: how many draws that all count the same are worth as much; 0 where no weight is a number.

    >>> round(effective_size(np.log([1.0, 1.0, 2.0])), 3)
    2.667
    """
    weights = _weights(log_weights)
    return 0.0 if weights is None else float(weights.sum() ** 2 / np.square(weights).sum())


def _weights(log_weights):
    """Weights, the largest 1."""
    log_weights = np.where(np.isnan(log_weights), -np.inf, log_weights)
    largest = log_weights.max()
    return np.exp(log_weights - largest) if np.isfinite(largest) else None


def _chosen(log_weights, n_samples, random_state):
    """Numbers of codes, each drawn in proportion to its weight."""
    weights = _weights(log_weights)
    if weights is None:
        raise ValueError(
            "What is 'given' has no probability under any code of the prior; pass values as they are in the data."
        )
    shares = weights.cumsum()
    return np.searchsorted(shares, random_state.uniform(size=n_samples) * shares[-1], side="right")
