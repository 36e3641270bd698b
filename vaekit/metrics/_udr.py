"""Unsupervised disentanglement ranking: models that found the true factors agree with each other."""

from typing import Any

import numpy as np
from joblib import Parallel, delayed
from sklearn.linear_model import Lasso
from sklearn.utils import check_consistent_length

from vaekit.metrics._correlation import absolute_correlation
from vaekit.metrics._learning import standardize
from vaekit.tables._containers import as_array
from vaekit.tables._validation import at_unit_scale, check_codes
from vaekit.utils._ambient import guarded

LASSO_ALPHA = 0.1


@guarded
def udr_scores(
    codes_of_models: Any,
    *,
    method: str = "lasso",
    kl_per_component: Any = None,
    kl_threshold: float = 0.01,
    n_jobs: int | None = None,
) -> np.ndarray:
    r"""Unsupervised disentanglement ranking of models, from their codes of the same rows; no factors are needed.

    With R_ab the strength of the relation of code a of one model with code b of another, a pair of models scores

    .. math:: \frac{1}{2} \left( \operatorname{mean}_b \frac{\max_a R_{ab}^2}{\sum_a R_{ab}}
              + \operatorname{mean}_a \frac{\max_b R_{ab}^2}{\sum_b R_{ab}} \right)

    (0/0 is 0), near 1 when each code has one counterpart; a model scores the median over the other models.

    Parameters
    ----------
    codes_of_models : sequence of array-like of shape (n_samples, n_codes)
        Codes of the same rows, one array per model, at least two models; the numbers of codes may differ. Models
        that differ by their seed alone are meant to be compared.
    method : {"lasso", "spearman"}, default="lasso"
        R is the absolute coefficients of a lasso (``alpha=0.1``) from the codes of the one model to those of the
        other, or their absolute rank correlations.
    kl_per_component : sequence of array-like of shape (n_codes,), default=None
        For each model, the mean divergence of each latent from the prior, in nats; None for a model that has none.
        Latents with no more than `kl_threshold` hold nothing and are left out, as are constant codes.
    kl_threshold : float, default=0.01
        Largest divergence of a latent that is left out.
    n_jobs : int or None, default=None
        Models compared at a time, as in joblib.

    Returns
    -------
    scores : ndarray of shape (n_models,)
        Between 0 and 1 for ranks, and close to that for the lasso; higher is better. A model that has no latents left
        scores 0.

    Raises
    ------
    ValueError
        If there are fewer than two models, their numbers of rows differ, or divergences are not one per code.

    Notes
    -----
    Agreement is not truth: deterministic models agree perfectly with their own copies, and models that share a bias
    agree on it.

    References
    ----------
    S. Duan et al., "Unsupervised Model Selection for Variational Disentangled Representation Learning", ICLR 2020,
    section 4, https://arxiv.org/abs/1905.12614. Both directions weigh the same, as in disentanglement_lib.

    Examples
    --------
    >>> import numpy as np
    >>> from vaekit.metrics import udr_scores
    >>> codes = np.random.default_rng(0).normal(size=(500, 3))
    >>> rotated = codes @ np.array([[0.6, 0.8, 0.0], [-0.8, 0.6, 0.0], [0.0, 0.0, 1.0]])
    >>> bool(np.argmin(udr_scores([codes, codes[:, ::-1], -codes, rotated])) == 3)
    True
    """
    if len(codes_of_models) < 2:
        raise ValueError(f"UDR compares at least 2 models, got {len(codes_of_models)}.")
    if method not in ("lasso", "spearman"):
        raise ValueError(f"method must be 'lasso' or 'spearman', got {method!r}.")
    divergences = [None] * len(codes_of_models) if kl_per_component is None else kl_per_component
    check_consistent_length(codes_of_models, divergences)
    informative = [_informative_codes(*model, kl_threshold) for model in zip(codes_of_models, divergences)]
    check_consistent_length(*informative)
    relation = lasso_strength if method == "lasso" else rank_strength
    models = range(len(informative))
    scores = Parallel(n_jobs=n_jobs)(delayed(_score_of_target)(informative, j, relation) for j in models)
    return np.array(scores)


def pair_score(strength):
    """Score a matrix of strengths: mean of its two axis-wise means of squared maximum over sum, 0/0 being 0."""
    if strength.size == 0:
        return 0.0
    return float(np.mean([_relative_strength(strength, axis) for axis in (0, 1)]))


def _relative_strength(strength, axis):
    total = strength.sum(axis=axis)
    return np.mean(strength.max(axis=axis) ** 2 / np.where(total > 0, total, 1.0))


def lasso_strength(source, target):
    """Absolute lasso coefficients from standardised codes to standardised codes: (n_source, n_target)."""
    if source.shape[1] == 0 or target.shape[1] == 0:
        return np.zeros((source.shape[1], target.shape[1]))
    return np.abs(np.atleast_2d(Lasso(alpha=LASSO_ALPHA, random_state=0).fit(source, target).coef_)).T


def rank_strength(source, target):
    """Absolute rank correlations: (n_source, n_target)."""
    return absolute_correlation(source, target, "spearman")


def _informative_codes(codes, divergence, kl_threshold):
    """Standardise the codes, without those that are constant or hold too few nats."""
    codes = at_unit_scale(check_codes(codes))[0]
    kept = np.ptp(codes, axis=0) > 0
    if divergence is not None:
        kept &= _one_per_code(divergence, codes) > kl_threshold
    return standardize(codes[:, kept], slice(None)) if kept.any() else codes[:, kept]


def _one_per_code(divergence, codes):
    divergence = as_array(divergence)
    if divergence.shape != codes.shape[1:]:
        raise ValueError(
            f"kl_per_component must hold for each model one number per code, of shape {codes.shape[1:]}, got shape "
            f"{divergence.shape}."
        )
    return divergence


def _score_of_target(informative, j, relation):
    """Score model j as the target of each other model, and take the median."""
    others = [source for i, source in enumerate(informative) if i != j]
    return np.median([pair_score(relation(source, informative[j])) for source in others])
