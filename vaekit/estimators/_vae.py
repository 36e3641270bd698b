"""The variational autoencoder, for any objective and any prior."""

from typing import ClassVar

from sklearn.base import clone

from vaekit.estimators._base import estimator
from vaekit.estimators._density import DensityMixin
from vaekit.estimators._generation import SpacesMixin
from vaekit.estimators._tables import BaseAutoencoder
from vaekit.estimators._words import VOCABULARIES
from vaekit.objectives import Objective
from vaekit.priors import PriorSpec

__all__ = ["DPVAE", "VAE", "BaseVAE"]


@estimator
class BaseVAE(SpacesMixin, DensityMixin, BaseAutoencoder):
    __doc__ = BaseAutoencoder.__doc__


@estimator
class VAE(BaseVAE):
    """Variational autoencoder.

    Minimises -E_q log p(x | z) + KL(q(z | x) || p(z)), in nats per row, over an encoder q and a decoder p.

    Parameters
    ----------
    objective : {"elbo", "capacity", "total_correlation", "kl_decomposition", "covariance_penalty", \
"aggregate_divergence", "importance_weighted", "adversarial_variational_bayes", "target_kl", "tripod", \
"laplace_transition", "permutation_contrast"} or spec of `vaekit.objectives`, default="elbo"
        What is minimised; a spec object makes any published variant of it. The last two are for sequences (`SlowVAE`,
        `PCL`).

    References
    ----------
    D. Kingma, M. Welling, "Auto-Encoding Variational Bayes", ICLR 2014, https://arxiv.org/abs/1312.6114, eq. 3.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from vaekit import VAE
    >>> X = load_iris().data
    >>> model = VAE(n_components=2, max_epochs=50, random_state=0).fit(X)
    >>> model.transform(X).shape, model.sample(3).shape
    ((150, 2), (3, 4))
    """

    objective: str | Objective = "elbo"

    _parameter_constraints: ClassVar[dict] = {"objective": VOCABULARIES["objective"].constraint()}

    def _make_objective(self):
        return clone(VOCABULARIES["objective"].resolve(self.objective))


@estimator
class DPVAE(VAE):
    """Variational autoencoder with a decoupled prior.

    The same as `VAE(prior="decoupled")`: an invertible network, trained jointly, maps codes z to a generation space
    where they are plainly normal, so sampling does not depend on how evenly the codes fill their own space.

    References
    ----------
    R. Bhalodia, I. Lee, S. Elhabian, "dpVAEs: Fixing Sample Generation for Regularized VAEs", ACCV 2020,
    https://arxiv.org/abs/1911.10506, eq. 5 (corrected).

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from vaekit import DPVAE
    >>> model = DPVAE(n_components=2, max_epochs=50, random_state=0).fit(load_iris().data)
    >>> model.sample(3).shape
    (3, 4)
    """

    prior: str | PriorSpec = "decoupled"
