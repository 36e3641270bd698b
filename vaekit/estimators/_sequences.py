"""Models of sequences: SlowVAE, whose codes move a little at a time, and PCL, which tells pairs in time from others."""

from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.utils import check_consistent_length, column_or_1d

from vaekit.estimators._base import BaseEncoder, estimator
from vaekit.estimators._vae import BaseVAE
from vaekit.fitted import Known
from vaekit.objectives import Contrast, LaplaceTransition, PermutationContrast, Warmup
from vaekit.posteriors import FixedScale
from vaekit.utils._ambient import GuardedMethods
from vaekit.utils._sklearn import fit_context
from vaekit.utils._told import about, refuse_missing, told
from vaekit.utils._typing import RowsLike

__all__ = ["PCL", "SlowVAE"]


class SequenceMixin(GuardedMethods):
    """fit and partial_fit of rows that come in order of time."""

    @fit_context(prefer_skip_nested_validation=True)
    def fit(
        self,
        X: RowsLike,
        y: Any = None,
        groups: ArrayLike | None = None,
        sample_weight: ArrayLike | None = None,
    ) -> Self:
        """Train on pairs of neighbours in time; an earlier fit survives if this one fails before its first step.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features), or images of shape (n_samples, height, width) or \
(n_samples, channels, height, width)
            Rows in order of time.
        y : Ignored
            Present by convention.
        groups : array-like of shape (n_samples,), default=None
            The sequence of each row: consecutive rows of a group are neighbours in time. None makes X one sequence.
        sample_weight : array-like of shape (n_samples,), default=None
            How often each row counts; a pair of neighbours as often as the geometric mean of its two weights says.

        Returns
        -------
        self : object
            Fitted estimator.

        Raises
        ------
        ValueError
            If no two consecutive rows belong to one group, and as in `VAE.fit`.
        """
        return self._fit(X, y, sample_weight, groups=groups)

    @fit_context(prefer_skip_nested_validation=True)
    def partial_fit(
        self,
        X: RowsLike,
        y: Any = None,
        groups: ArrayLike | None = None,
        sample_weight: ArrayLike | None = None,
    ) -> Self:
        """Train for one pass over the pairs of X, going on from where training stands.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features), or images
            Rows in order of time.
        y : Ignored
            Present by convention.
        groups : array-like of shape (n_samples,), default=None
            The sequence of each row; None makes X one sequence.
        sample_weight : array-like of shape (n_samples,), default=None
            How often each row counts; a pair of neighbours as often as the geometric mean of its two weights says.

        Returns
        -------
        self : object
            Fitted estimator.
        """
        return self._partial_fit(X, y, sample_weight, groups=groups)

    def _known(self, X, y, is_new, weight, groups=None):
        return Known(follows=pairs_in_time(len(X), groups, weight))


def pairs_in_time(n_rows, groups, weight=None):
    """Numbers of rows, and of the row before each: consecutive rows of one group, (2, n_pairs)."""
    group = _numbers_of_groups(n_rows, groups)
    order = np.argsort(group, kind="stable")
    is_pair = group[order[1:]] == group[order[:-1]]
    pairs = np.stack([order[1:][is_pair], order[:-1][is_pair]])
    n_counted = pairs.shape[1] if weight is None else (weight[pairs] > 0).all(axis=0).sum()
    if n_counted < 2:
        told = "'groups'" if weight is None else "'groups' and 'sample_weight'"
        raise ValueError(
            f"The {told} of the {n_rows} rows leave {n_counted} pairs of neighbours in time, and training takes at "
            "least two: give rows of one sequence the same group, and weights above 0."
        )
    return pairs


def _numbers_of_groups(n_rows, groups):
    if groups is None:
        return np.zeros(n_rows, dtype=int)
    with about("groups"):
        groups = column_or_1d(told(groups, "groups", may_be_moments=True))
        check_consistent_length(range(n_rows), groups)
    refuse_missing(groups, "groups", "say which sequence these rows are of, or leave them out")
    try:
        return np.unique(groups, return_inverse=True)[1]
    except TypeError as error:
        raise ValueError(
            "The 'groups' must all be numbers or all be text, so that they can be told apart; replace those of another "
            "kind."
        ) from error


@estimator
class SlowVAE(SequenceMixin, BaseVAE):
    """Slow-VAE: codes of neighbours in time differ in few components, by a Laplace law.

    Minimises, for a pair of rows, both reconstructions + beta times the KL of the rows to the prior + gamma times the
    KL of the step to p(z_t | z_(t-1)) = prod_i rate/2 exp(-rate |z_ti - z_(t-1)i|), in nats per pair.

    References
    ----------
    D. Klindt et al., "Towards Nonlinear Disentanglement in Natural Data with Temporal Sparse Coding", ICLR 2021,
    https://arxiv.org/abs/2007.10930, eq. 8.

    Examples
    --------
    >>> from vaekit import SlowVAE
    >>> from vaekit.datasets import make_ar1_sequence
    >>> sequence = make_ar1_sequence(500, random_state=0)
    >>> SlowVAE(n_components=2, max_epochs=20, random_state=0).fit_transform(sequence.data).shape
    (500, 2)
    """

    beta: float | Warmup = LaplaceTransition.beta
    gamma: float | Warmup = LaplaceTransition.gamma
    rate: float = LaplaceTransition.rate
    expectation: str = LaplaceTransition.expectation
    form: str = LaplaceTransition.form

    _objective = LaplaceTransition


@estimator
class PCL(SequenceMixin, BaseEncoder):
    """Permutation-contrastive learning: codes by which pairs of neighbours in time are told from pairs of any rows.

    Minimises the cross-entropy of logistic regression between (x_t, x_(t-1)) and (x_t, x_s), whose score is a sum over
    components. There is no decoder and no density: this is an encoder alone, and a deterministic one.

    References
    ----------
    A. Hyvarinen, H. Morioka, "Nonlinear ICA of Temporally Dependent Stationary Sources", AISTATS 2017,
    https://proceedings.mlr.press/v54/hyvarinen17a.html, eqs. 9 to 12.

    Examples
    --------
    >>> from vaekit import PCL
    >>> from vaekit.datasets import make_ar1_sequence
    >>> sequence = make_ar1_sequence(500, random_state=0)
    >>> PCL(n_components=2, max_epochs=20, random_state=0).fit_transform(sequence.data).shape
    (500, 2)
    """

    contrast: str | Contrast = PermutationContrast.contrast

    _objective = PermutationContrast

    def _make_objective(self):
        return PermutationContrast(contrast=self.contrast, reconstructs=False)

    def _make_posterior(self):
        return FixedScale(scale=0.0)
