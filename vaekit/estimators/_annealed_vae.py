"""beta-VAE-B: a capacity for the codes that grows during training."""

from vaekit.estimators._base import estimator
from vaekit.estimators._vae import BaseVAE
from vaekit.objectives import Capacity, Warmup
from vaekit.priors import PriorSpec

__all__ = ["AnnealedDPVAE", "AnnealedVAE"]


@estimator
class AnnealedVAE(BaseVAE):
    """VAE with a growing capacity (beta-VAE-B).

    Minimises -E_q log p(x | z) + gamma |KL - C(t)|, C(t) = min(C_max, C_max t / T), in nats per row.

    Parameters
    ----------
    warmup : float or int, default=0.3
        Without effect here: the capacity is the schedule.

    References
    ----------
    C. Burgess, I. Higgins, A. Pal, L. Matthey, N. Watters, G. Desjardins, A. Lerchner, "Understanding disentangling in
    beta-VAE", 2018, https://arxiv.org/abs/1804.03599, eq. 8.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from vaekit import AnnealedVAE
    >>> model = AnnealedVAE(n_components=2, max_capacity=5, max_epochs=50, random_state=0)
    >>> model.fit_transform(load_iris().data).shape
    (150, 2)
    """

    gamma: float | Warmup = Capacity.gamma
    max_capacity: float = Capacity.max_capacity
    capacity_steps: float = Capacity.capacity_steps

    _objective = Capacity


@estimator
class AnnealedDPVAE(AnnealedVAE):
    """VAE with a growing capacity and a decoupled prior.

    The same as `AnnealedVAE(prior="decoupled")`. While the KL lies below its capacity the prior is driven away from the
    codes; a warning says so if that lasts. `VAE(objective=Capacity(prior_training="one_sided"), prior="decoupled")`
    trains the prior only while the KL lies above.

    References
    ----------
    R. Bhalodia, I. Lee, S. Elhabian, "dpVAEs: Fixing Sample Generation for Regularized VAEs", ACCV 2020,
    https://arxiv.org/abs/1911.10506, eq. 24 (corrected).

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from vaekit import AnnealedDPVAE
    >>> model = AnnealedDPVAE(n_components=2, max_capacity=3, max_epochs=100, random_state=0)
    >>> model.fit(load_iris().data).sample(2).shape
    (2, 4)
    """

    prior: str | PriorSpec = "decoupled"
