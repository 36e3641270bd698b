"""AVB: posteriors of any shape, known through their draws."""

from collections.abc import Sequence

from vaekit.estimators._base import estimator
from vaekit.estimators._generation import SpacesMixin
from vaekit.estimators._tables import BaseAutoencoder
from vaekit.objectives import AdversarialVariationalBayes
from vaekit.posteriors import PosteriorSpec

__all__ = ["AVB"]


@estimator
class AVB(SpacesMixin, BaseAutoencoder):
    """Adversarial variational Bayes.

    Minimises -E_q log p(x | z) + E_q T(x, z), in nats per row, where a discriminator T of rows and codes stands for
    log q(z | x) - log p(z), and the encoder makes codes of the row and of noise. q has no density, so there is no
    `score`; the `kl` of the history is what the discriminator makes of it.

    Parameters
    ----------
    posterior_family : {"implicit", "normal", "full_normal", "iaf", "fixed_scale", "quantized"} or spec of \
`vaekit.posteriors`, default="implicit"
        The family of q(z | x); codes without noise, as quantised ones are, are refused.

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
