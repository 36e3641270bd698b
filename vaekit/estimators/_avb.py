"""AVB: posteriors of any shape, known through their draws."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike
from sklearn.utils.metaestimators import available_if

from vaekit.estimators._base import BaseEncoder, estimator
from vaekit.estimators._generation import GenerationMixin, SpacesMixin
from vaekit.estimators._words import POSTERIORS
from vaekit.exceptions import NoDensityError
from vaekit.objectives import AdversarialVariationalBayes
from vaekit.posteriors import PosteriorSpec

__all__ = ["AVB"]


def _posterior_has_density(estimator):
    family = estimator.posterior_family
    if not getattr(POSTERIORS.get(family) if isinstance(family, str) else family, "has_density", True):
        raise NoDensityError(
            f"posterior_family={family!r} has no density, it can only be sampled; choose posterior_family='normal'."
        )
    return True


@estimator
class AVB(GenerationMixin, SpacesMixin, BaseEncoder):
    """Adversarial variational Bayes.

    Minimises -E_q log p(x | z) + E_q T(x, z), in nats per row, where a discriminator T of rows and codes stands for
    log q(z | x) - log p(z), and the encoder makes codes of the row and of noise. q has no density, so there is no
    `score`; the `kl` of the history is what the discriminator makes of it.

    Parameters
    ----------
    posterior_family : {"implicit", "normal", "fixed_scale"} or spec of `vaekit.posteriors`, default="implicit"
        The family of q(z | x).

    References
    ----------
    L. Mescheder, S. Nowozin, A. Geiger, "Adversarial Variational Bayes", ICML 2017, https://arxiv.org/abs/1701.04722,
    eqs. 3.3 and 3.7, algorithms 1 and 2.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from vaekit import AVB
    >>> AVB(n_components=2, max_epochs=20, random_state=0).fit_transform(load_iris().data).shape
    (150, 2)
    """

    adaptive_contrast: bool = AdversarialVariationalBayes.adaptive_contrast
    discriminator_layer_sizes: Sequence[int] = AdversarialVariationalBayes.discriminator_layer_sizes
    discriminator_learning_rate: float = AdversarialVariationalBayes.discriminator_learning_rate
    posterior_family: str | PosteriorSpec = "implicit"

    _objective = AdversarialVariationalBayes

    @available_if(_posterior_has_density)
    def log_posterior(self, X: ArrayLike, Z: ArrayLike) -> np.ndarray:
        """log q(z | x), row by row; only where the family has a density.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_features), or images
            Data.
        Z : array-like of shape (n_rows, n_components_) or (n_samples, n_rows, n_components_)
            Codes.

        Returns
        -------
        log_density : ndarray of shape (n_rows,) or (n_samples, n_rows)
            In nats.
        """
        return super().log_posterior(X, Z)
