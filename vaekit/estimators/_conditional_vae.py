"""ConditionalVAE: codes, densities and samples of rows about which something is known."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from sklearn.utils.validation import check_is_fitted

from vaekit.estimators._available import (
    if_model_has_bound,
    if_posterior_has_density,
    if_prior_has_density,
    if_prior_has_spaces,
)
from vaekit.estimators._base import estimator
from vaekit.estimators._codes import Posterior
from vaekit.estimators._conditions import Conditions
from vaekit.estimators._given import check_given
from vaekit.estimators._vae import VAE
from vaekit.estimators._validation import check_codes, check_rows
from vaekit.fitted import AT_ONCE, Known
from vaekit.priors import PriorSpec
from vaekit.utils._checks import check_count
from vaekit.utils._random import make_random_state
from vaekit.utils._typing import RandomStateLike, RowsLike
from vaekit.utils._weights import mean

__all__ = ["ConditionalVAE"]


@estimator
class ConditionalVAE(VAE):
    """Conditional variational autoencoder: p(x | y) of rows x whose y (labels, numbers, or several of both) is known.

    Minimises -E_q log p(x | z, y) + KL(q(z | x, y) || p(z | y)), in nats per row. Every method takes y beside the rows
    or codes it is asked about: one condition for each, or one for all of them. Without y the mean condition stands for
    what is not known, and samples have conditions as frequent as in training.

    Parameters
    ----------
    condition_encoder : bool, default=True
        Whether the encoder is told y. False for pipelines, whose `transform(X)` has no y to tell.
    condition_decoder : bool, default=True
        Whether the decoder is told y. False, with `prior="conditional_normal"`, is an identifiable VAE: all that y
        changes is p(z | y), and the codes are the sources of the data, up to order and scale.
    prior : {"conditional_flow", "conditional_normal", "normal", "decoupled", "elementwise_flow", "mixture", "vamp", \
"post_hoc", "flow_matching", "maf", "neural_spline", "generator", "moment_matching", "grid"} or spec of \
`vaekit.priors`, default="conditional_flow"
        p(z | y); a prior that is told nothing is the same for every y. `"generator"` is for objectives that compare
        draws, `"grid"` for quantised codes.

    Attributes
    ----------
    conditions_ : Conditions
        How y is told: labels one-hot, numbers standardised.

    References
    ----------
    K. Sohn, H. Lee, X. Yan, "Learning Structured Output Representation using Deep Conditional Generative Models",
    NeurIPS 2015, eq. 4.
    I. Khemakhem, D. Kingma, R. Monti, A. Hyvarinen, "Variational Autoencoders and Nonlinear ICA: A Unifying
    Framework", AISTATS 2020, https://arxiv.org/abs/1907.04809.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from vaekit import ConditionalVAE
    >>> X, y = load_iris(return_X_y=True)
    >>> model = ConditionalVAE(n_components=2, max_epochs=30, random_state=0).fit(X, y)
    >>> model.sample(5, y=2).shape, model.transform(X, y).shape
    ((5, 4), (150, 2))
    """

    prior: str | PriorSpec = "conditional_flow"
    condition_encoder: bool = True
    condition_decoder: bool = True

    _parameter_constraints = {"condition_encoder": ["boolean"], "condition_decoder": ["boolean"]}

    def _conditioned(self):
        told = {"encoder": self.condition_encoder, "decoder": self.condition_decoder}
        return tuple(part for part, is_told in told.items() if is_told)

    def _known(self, X, y, is_new, weight):
        if is_new:
            self.conditions_ = Conditions().fit(y, len(X), weight)
        return Known(given=self.conditions_.encode(y, len(X), weight))

    def _given(self, y, n_rows):
        """Return this model as a `VAE` of rows whose conditions are y."""
        check_is_fitted(self)
        return _untold(self, self.model_.given(self.conditions_.encode(y, n_rows)))

    # ------------------------------------------------------------------ as VAE, and told y

    def transform(self, X: RowsLike, y: Any = None) -> np.ndarray:
        """Codes of X: the means of q(z | x, y).

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features), or images
            Data.
        y : array-like of shape (n_samples,) or (n_samples, n_columns), scalar or tuple
            What is known about each row, or about all of them.

        Returns
        -------
        codes : ndarray of shape (n_samples, n_components_)
        """
        return self._asked(X, y).transform(X)

    def posterior(self, X: RowsLike, y: Any = None) -> Posterior:
        """Parameters of q(z | x, y) for every row: see `VAE.posterior`."""
        return self._asked(X, y).posterior(X)

    def sample_posterior(
        self, X: RowsLike, y: Any = None, n_samples: int = 1, random_state: RandomStateLike = None
    ) -> np.ndarray:
        """Draw codes from q(z | x, y): see `VAE.sample_posterior`."""
        return self._asked(X, y).sample_posterior(X, n_samples, random_state)

    @if_posterior_has_density
    def log_posterior(self, X: RowsLike, Z: ArrayLike, y: Any = None) -> np.ndarray:
        """log q(z | x, y), row by row: see `VAE.log_posterior`."""
        return self._asked(X, y).log_posterior(X, Z)

    @if_model_has_bound
    def score_samples(self, X: RowsLike, y: Any = None, n_importance_samples: int | None = None) -> np.ndarray:
        """Lower bound on log p(x | y) for every row, in nats: see `VAE.score_samples`."""
        return self._given(y, len(check_rows(self, X))).score_samples(X, n_importance_samples)

    @if_model_has_bound
    def score(self, X: RowsLike, y: Any = None, sample_weight: ArrayLike | None = None) -> float:
        """Weighted mean of `score_samples`: a bound on log p(x | y), in nats per row."""
        return mean(self.score_samples(X, y), sample_weight)

    def log_likelihood(self, X: RowsLike, Z: ArrayLike, y: Any = None) -> np.ndarray:
        """log p(x | z, y), row by row: see `VAE.log_likelihood`."""
        return self._given(y, len(check_rows(self, X))).log_likelihood(X, Z)

    @if_prior_has_density
    def log_prior(self, Z: ArrayLike, y: Any = None) -> np.ndarray:
        """log p(z | y) of codes (n_rows, n_components_): see `VAE.log_prior`."""
        return self._given(y, len(check_codes(self, Z))).log_prior(Z)

    def inverse_transform(self, X: RowsLike, y: Any = None) -> np.ndarray:
        """Decode codes, a condition for each or one for all: E[x | z, y]."""
        return self._given(y, len(check_codes(self, X))).inverse_transform(X)

    def sample_likelihood(self, Z: ArrayLike, y: Any = None, random_state: RandomStateLike = None) -> np.ndarray:
        """Draw x from p(x | z, y), a row for every code."""
        return self._given(y, len(check_codes(self, Z))).sample_likelihood(Z, random_state)

    def sample_prior(self, n_samples: int = 1, y: Any = None, random_state: RandomStateLike = None) -> np.ndarray:
        """Draw codes from p(z | y), a condition for each or one for all."""
        told, random_state = self._to_sample(n_samples, y, random_state)
        return told.sample_prior(n_samples, random_state)

    def sample(
        self,
        n_samples: int = 1,
        y: Any = None,
        random_state: RandomStateLike = None,
        noise: bool | str = "auto",
        *,
        given: Mapping | None = None,
        return_effective_size: bool = False,
    ) -> Any:
        """Draw from the model: z from p(z | y), then x from p(x | z, y), or its mean.

        Parameters
        ----------
        n_samples : int, default=1
            Number of samples.
        y : array-like of shape (n_samples,) or (n_samples, n_columns), scalar or tuple
            The condition of each sample, or of all of them.
        random_state : int, RandomState instance or None, default=None
            Decides the samples; None is the estimator's own `random_state`.
        noise : bool or "auto", default="auto"
            Whether x is drawn, or is a mean; `"auto"` draws for tables.
        given : dict or None, default=None
            Cells that all samples have in common: see `VAE.sample`. What the columns of y are called is y, the rest by
            importance resampling.
        return_effective_size : bool, default=False
            Whether the effective sample size is returned, too.

        Returns
        -------
        X : ndarray of shape (n_samples, n_features_in_), or (n_samples, *image_shape_)
        effective_size : float
            Only if `return_effective_size`.
        """
        given = check_given(given)
        if given:
            check_is_fitted(self)
            y, given = self.conditions_.taken(given, y, self._columns_of_rows())
        told, random_state = self._to_sample(n_samples, y, random_state, AT_ONCE if given else None)
        return told.sample(n_samples, random_state, noise, given=given, return_effective_size=return_effective_size)

    def _columns_of_rows(self):
        """Names of the columns of X."""
        columns = self.model_.blueprint.columns
        return list(getattr(self, "feature_names_in_", ())) if columns is None else columns.names

    @if_prior_has_spaces
    def to_generation_space(self, Z: ArrayLike, y: Any = None) -> np.ndarray:
        """z0 = g_y(z), where the prior is plainly normal, of codes (n_rows, n_components_)."""
        return self._given(y, len(check_codes(self, Z))).to_generation_space(Z)

    @if_prior_has_spaces
    def to_representation_space(self, Z0: ArrayLike, y: Any = None) -> np.ndarray:
        """z = g_y^-1(z0), of points (n_rows, n_components_)."""
        return self._given(y, len(check_codes(self, Z0))).to_representation_space(Z0)

    def _to_sample(self, n_samples, y, random_state, n_drawn=None):
        """Return this model, told y or conditions drawn from those of the training rows; and what draws."""
        check_is_fitted(self)
        n_samples = check_count(n_samples, "n_samples")
        random_state = make_random_state(self.random_state if random_state is None else random_state)
        if y is not None:
            return self._given(y, n_samples), random_state
        conditions = self.conditions_.draw(n_samples if n_drawn is None else n_drawn, random_state)
        return _untold(self, self.model_.given(conditions)), random_state

    def _asked(self, X, y):
        """Return this model, told y of rows X."""
        return self._given(y, len(check_rows(self, X)))

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        return tags


def _untold(estimator, model):
    """A `VAE` with the attributes of a conditional one, around a model that knows its conditions."""
    plain = object.__new__(VAE)
    vars(plain).update(vars(estimator), model_=model)
    return plain
