"""The FactorVAE metric: which code varies least when a factor is held."""

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from vaekit.metrics._interventions import draw_group, group_every_factor
from vaekit.metrics._parameters import metric
from vaekit.tables._validation import at_unit_scale, check_counts, check_factors_codes
from vaekit.utils._random import make_random_state
from vaekit.utils._typing import RandomStateLike

VOTES_AT_ONCE = 256


@metric
def factor_vae_score(
    factors: ArrayLike,
    codes: ArrayLike,
    *,
    n_train: int = 10000,
    n_test: int = 5000,
    batch_size: int = 64,
    min_std: float = 0.05,
    min_group: int = 2,
    continuous_factors: str = "error",
    n_bins: int | Literal["auto"] = 20,
    random_state: RandomStateLike = None,
) -> float:
    r"""Accuracy of a majority vote on which factor is held, from the code that varies least.

    A vote holds a random factor k at a random value in `batch_size` rows, and elects the code

    .. math:: j^* = \arg\min_j \frac{s_j^2(\text{these rows})}{s_j^2(\text{all rows})}.

    Each code then stands for the factor that elected it most often in `n_train` votes; the score is the share of
    `n_test` further votes that this rule gets right.

    Parameters
    ----------
    factors : array-like of shape (n_samples, n_factors)
        Ground-truth factors, at least two. Holding a factor means drawing, with replacement, among the rows that share
        its value, so factors should be independent in the table (see :func:`factor_dependence`).
    n_train, n_test : int, default=10000, 5000
        Votes to learn the rule from, and to count its successes on.
    batch_size : int, default=64
        Rows of a vote, at least 2.
    min_std : float, default=0.05
        Codes with a smaller standard deviation have collapsed and are not elected; in the units of the codes, and
        meant for codes under a standard normal prior. Constant codes are never elected.

    Returns
    -------
    score : float
        Between 0 and 1, higher is better; about 1/n_factors by chance (the share of the most frequent vote); 0 when
        every code has collapsed.

    Raises
    ------
    ValueError
        If there are fewer than two factors, a factor has no value shared by `min_group` rows, a count is too small, or
        the input is bad.

    References
    ----------
    H. Kim, A. Mnih, "Disentangling by Factorising", ICML 2018, section 4, https://arxiv.org/abs/1802.05983. The
    pruning threshold is the one of F. Locatello et al., ICML 2019 (disentanglement_lib's study).

    Examples
    --------
    >>> import numpy as np
    >>> from vaekit.metrics import factor_vae_score
    >>> rng = np.random.default_rng(0)
    >>> factors = rng.integers(3, size=(300, 2))
    >>> factor_vae_score(factors, factors[:, ::-1], n_train=200, n_test=100, random_state=0)
    1.0
    """
    check_counts(n_train=n_train, n_test=n_test)
    check_counts(2, batch_size=batch_size)
    factors, codes = check_factors_codes(
        factors, codes, continuous_factors=continuous_factors, n_bins=n_bins, min_factors=2, keep_scale=True
    )
    groups = group_every_factor(factors, min_group)
    codes, exponent = at_unit_scale(codes)
    scale = codes.std(axis=0, ddof=1)
    with np.errstate(over="ignore"):  # a deviation beyond all floats is above any threshold
        active = (np.ptp(codes, axis=0) > 0) & (np.ldexp(scale, exponent) >= min_std)
    if not active.any():
        return 0.0
    standardised = np.ascontiguousarray(codes[:, active] / scale[active])  # whole rows are drawn
    rng = make_random_state(random_state)
    train_votes = cast_votes(groups, standardised, n_train, batch_size, rng)
    test_votes = cast_votes(groups, standardised, n_test, batch_size, rng)
    return accuracy_of_majority(train_votes, test_votes)


def cast_votes(groups, standardised, n_votes, batch_size, rng):
    """Count how often each factor, held, elects each code: (n_factors, n_codes)."""
    votes_per_factor = rng.multinomial(n_votes, np.full(len(groups), 1 / len(groups)))
    votes = np.zeros((len(groups), standardised.shape[1]), dtype=np.int64)
    for k, n_k in enumerate(votes_per_factor):
        for start in range(0, n_k, VOTES_AT_ONCE):
            rows = draw_group(groups[k], min(VOTES_AT_ONCE, n_k - start), batch_size, rng)
            votes[k] += count_elected(standardised[rows])
    return votes


def count_elected(standardised):
    """Count the votes for each code in batches of rows of shape (batch_size, n_votes, n_codes)."""
    elected = np.var(standardised, axis=0, ddof=1).argmin(axis=1)
    return np.bincount(elected, minlength=standardised.shape[2])


def accuracy_of_majority(train_votes, test_votes):
    """Share of test votes right when each code stands for the factor that elected it most often in training."""
    factor_of_code = train_votes.argmax(axis=0)
    return float(test_votes[factor_of_code, np.arange(test_votes.shape[1])].sum() / test_votes.sum())
