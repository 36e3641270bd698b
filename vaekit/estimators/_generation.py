"""What an estimator with a decoder and a prior can do: decode, sample, move between the two latent spaces."""

from collections.abc import Mapping
from typing import Any, Literal, overload

import numpy as np
from numpy.typing import ArrayLike
from sklearn.utils.validation import check_array, check_is_fitted

from vaekit.estimators._available import if_prior_has_spaces
from vaekit.estimators._given import check_given, sample_given
from vaekit.estimators._validation import check_codes
from vaekit.fitted import decode, likelihood_scale, sample_prior, through_prior
from vaekit.utils._ambient import GuardedMethods
from vaekit.utils._checks import check_count
from vaekit.utils._noise import check_noise
from vaekit.utils._random import make_random_state
from vaekit.utils._typing import RandomStateLike, RowsLike

__all__ = ["GenerationMixin", "SpacesMixin"]


class GenerationMixin(GuardedMethods):
    """Decoding and sampling."""

    def inverse_transform(self, X: RowsLike) -> np.ndarray:
        """Decode codes: E[x | z], in the units and the shape of the training data.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_components_)
            Codes.

        Returns
        -------
        decoded : ndarray of shape (n_samples, n_features_in_), or (n_samples, *image_shape_)
            Means of the likelihood.
        """
        check_is_fitted(self)
        codes = check_array(X, dtype=np.float64, input_name="X", estimator=self)
        return decode(self.model_, check_codes(self, codes))

    @overload
    def sample(
        self,
        n_samples: int = 1,
        random_state: RandomStateLike = None,
        noise: bool | str = "auto",
        *,
        given: Mapping | None = None,
        return_effective_size: Literal[False] = False,
    ) -> np.ndarray: ...

    @overload
    def sample(
        self,
        n_samples: int = 1,
        random_state: RandomStateLike = None,
        noise: bool | str = "auto",
        *,
        given: Mapping | None = None,
        return_effective_size: Literal[True],
    ) -> tuple[np.ndarray, float]: ...

    def sample(
        self,
        n_samples: int = 1,
        random_state: RandomStateLike = None,
        noise: bool | str = "auto",
        *,
        given: Mapping | None = None,
        return_effective_size: bool = False,
    ) -> Any:
        """Draw from the model: z from the prior that was trained, then x from p(x | z), or its mean.

        Where cells x_g are given, z is drawn from p(z | x_g) by importance resampling of the prior, with the weights
        p(x_g | z).

        Parameters
        ----------
        n_samples : int, default=1
            Number of samples.
        random_state : int, RandomState instance or None, default=None
            Decides the samples; None is the estimator's own `random_state`.
        noise : bool or "auto", default="auto"
            True draws x from p(x | z), so that samples spread as the data do; False gives E[x | z], which looks cleaner
            and varies less. `"auto"` draws for tables and windows, and decodes means for images.
        given : dict or None, default=None
            Cells that all samples have in common, by the name or number of their column: `{"region": "north"}`.
        return_effective_size : bool, default=False
            Whether the effective sample size is returned, too.

        Returns
        -------
        X : ndarray of shape (n_samples, n_features_in_), or (n_samples, *image_shape_)
            Samples in the units of the training data; the same codes whatever `noise` is. A frame where the model was
            fitted on one with columns of several kinds.
        effective_size : float
            How many codes of equal weights those that the samples were drawn from are worth, (sum w)^2 / sum w^2; a
            warning says where they are fewer than 100. Without `given` it is `n_samples`. Only if
            `return_effective_size`.

        Raises
        ------
        ValueError
            If there is no such column, or it cannot hold what is given.
        """
        check_is_fitted(self)
        n_samples = check_count(n_samples, "n_samples")
        draws, given = check_noise(noise), check_given(given)
        draws = not self.model_.blueprint.is_image if draws is None else draws
        random_state = make_random_state(self.random_state if random_state is None else random_state)
        if given:
            made, size = sample_given(self, given, n_samples, random_state, draws)
        else:
            codes, size = sample_prior(self.model_, n_samples, random_state), float(n_samples)
            made = decode(self.model_, codes, random_state if draws else None)
        return (made, size) if return_effective_size else made

    def sample_prior(self, n_samples: int = 1, random_state: RandomStateLike = None) -> np.ndarray:
        """Draw codes from the prior that was trained.

        Parameters
        ----------
        n_samples : int, default=1
            Number of codes.
        random_state : int, RandomState instance or None, default=None
            Decides the draws; None is the estimator's own `random_state`.

        Returns
        -------
        Z : ndarray of shape (n_samples, n_components_)
            Codes: those that `sample` decodes.
        """
        check_is_fitted(self)
        n_samples = check_count(n_samples, "n_samples")
        random_state = make_random_state(self.random_state if random_state is None else random_state)
        return sample_prior(self.model_, n_samples, random_state)

    def sample_likelihood(self, Z: ArrayLike, random_state: RandomStateLike = None) -> np.ndarray:
        """Draw x from p(x | z), a row for every code.

        Parameters
        ----------
        Z : array-like of shape (n_samples, n_components_)
            Codes.
        random_state : int, RandomState instance or None, default=None
            Decides the draws; None is the estimator's own `random_state`.

        Returns
        -------
        X : ndarray of shape (n_samples, n_features_in_), or (n_samples, *image_shape_)
            Draws in the units of the training data.
        """
        check_is_fitted(self)
        Z = check_codes(self, check_array(Z, dtype=np.float64, input_name="Z", estimator=self))
        random_state = make_random_state(self.random_state if random_state is None else random_state)
        return decode(self.model_, Z, random_state)

    @property
    def likelihood_scale_(self) -> float | np.ndarray:
        """Scale of the noise in p(x | z), in the units of X: a float, or a number for each feature.

        The standard deviation of a Normal likelihood, the mean absolute deviation of a Laplace.
        """
        check_is_fitted(self)
        scale = likelihood_scale(self.model_)
        if scale is None:
            raise AttributeError(f"{type(self.likelihood_).__name__} has no scale: its noise is decided by its mean.")
        return scale


class SpacesMixin(GuardedMethods):
    """The way between representation space, where codes live, and generation space, where the prior is normal."""

    @if_prior_has_spaces
    def to_generation_space(self, Z: ArrayLike) -> np.ndarray:
        """z0 = g(z): the space in which the prior is plainly normal; the identity for a normal prior.

        Parameters
        ----------
        Z : array-like of shape (..., n_components_)
            Codes.

        Returns
        -------
        Z0 : ndarray of shape (..., n_components_)
        """
        Z = check_codes(self, Z)
        return through_prior(self.model_, "to_generation_space", Z)

    @if_prior_has_spaces
    def to_representation_space(self, Z0: ArrayLike) -> np.ndarray:
        """z = g^-1(z0): back to the space the codes live in; the identity for a normal prior.

        Parameters
        ----------
        Z0 : array-like of shape (..., n_components_)
            Points of generation space.

        Returns
        -------
        Z : ndarray of shape (..., n_components_)
        """
        Z0 = check_codes(self, Z0)
        return through_prior(self.model_, "to_representation_space", Z0)
