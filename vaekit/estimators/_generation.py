"""What an estimator with a decoder and a prior can do: decode, sample, move between the two latent spaces."""

import numpy as np
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_array, check_is_fitted

from vaekit.exceptions import NoDensityError
from vaekit.priors import Generator
from vaekit.utils._ambient import GuardedMethods
from vaekit.utils._checks import check_count
from vaekit.utils._random import make_random_state

__all__ = ["GenerationMixin", "SpacesMixin", "if_prior_has_density"]


def _prior_has_density(estimator):
    if estimator.prior == "generator" or isinstance(estimator.prior, Generator):
        raise NoDensityError(
            "prior='generator' can only be sampled: it has neither a density nor a generation space that codes could "
            "be taken to; choose prior='decoupled'."
        )
    return True


# Methods that a prior known through its draws alone cannot have.
if_prior_has_density = available_if(_prior_has_density)


class GenerationMixin(GuardedMethods):
    """Decoding and sampling."""

    def inverse_transform(self, X):
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
        return self._decode(self._validate_codes(codes))

    def sample(self, n_samples=1, random_state=None):
        """Draw from the model: z from the prior that was trained, then E[x | z].

        Parameters
        ----------
        n_samples : int, default=1
            Number of samples.
        random_state : int, RandomState instance or None, default=None
            Decides the samples; None is the estimator's own `random_state`.

        Returns
        -------
        X : ndarray of shape (n_samples, n_features_in_), or (n_samples, *image_shape_)
            Samples in the units of the training data.
        """
        check_is_fitted(self)
        check_count(n_samples, "n_samples")
        random_state = make_random_state(self.random_state if random_state is None else random_state)
        noise = random_state.standard_normal((n_samples, self.n_components_))
        return self._decode(self._through_prior("sample", noise))

    def _through_prior(self, method, Z):
        """Apply one of the prior's maps to latents of any leading shape."""
        function = getattr(self.net_.module_.prior, method)
        flat = Z.reshape(-1, Z.shape[-1]).astype(np.float32)
        return self._in_blocks(lambda z: (function(z),), flat)[0].reshape(Z.shape).astype(np.float64)

    def _decode(self, Z):
        model = self.net_.module_
        (decoded,) = self._in_blocks(lambda z: (model.likelihood.mean(model.decoder(z)),), Z.astype(np.float32))
        flat = self._blueprint.preprocessing.to_data(decoded.reshape(len(Z), -1))
        return flat if self.image_shape_ is None else flat.reshape(len(Z), *self.image_shape_).astype(np.float32)


class SpacesMixin(GuardedMethods):
    """The way between representation space, where codes live, and generation space, where the prior is normal."""

    @if_prior_has_density
    def to_generation_space(self, Z):
        """z0 = g(z): the space in which the prior is plainly normal; the identity for a normal prior.

        Parameters
        ----------
        Z : array-like of shape (..., n_components_)
            Codes.

        Returns
        -------
        Z0 : ndarray of shape (..., n_components_)
        """
        return self._through_prior("to_generation_space", self._validate_codes(Z))

    @if_prior_has_density
    def to_representation_space(self, Z0):
        """z = g^-1(z0): back to the space the codes live in; the identity for a normal prior.

        Parameters
        ----------
        Z0 : array-like of shape (..., n_components_)
            Points of generation space.

        Returns
        -------
        Z : ndarray of shape (..., n_components_)
        """
        return self._through_prior("to_representation_space", self._validate_codes(Z0))
