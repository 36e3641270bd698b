"""Adversarial autoencoders, with a given prior and with a learned one."""

from collections.abc import Sequence
from numbers import Real
from typing import ClassVar

from vaekit.estimators._base import estimator, word_of
from vaekit.estimators._generation import SpacesMixin
from vaekit.estimators._tables import BaseAutoencoder
from vaekit.objectives import AggregateDivergence, JensenShannon, Warmup
from vaekit.priors import PriorSpec
from vaekit.utils._sklearn import Interval

__all__ = ["AAE", "LearnedPriorAAE"]


@estimator
class AAE(SpacesMixin, BaseAutoencoder):
    """Adversarial autoencoder.

    In turn: encoder and decoder minimise -E_q log p(x | z) - weight E_q log D(z); a discriminator D learns to tell the
    prior's draws from codes. There is no KL, and no bound on log p(x), so no `score`.

    Parameters
    ----------
    weight : float or Warmup, default=30
        Weight of the adversarial term, in nats per row beside the reconstruction: more holds the codes closer to the
        prior, less reconstructs better. (With a term and an optimiser of its own, as in the paper, a weight would have
        no effect: Adam does not see the scale of its loss.)
    warmup : float or int, default=0.3
        Without effect here: there is no KL to be warmed up, and early stopping watches the reconstruction alone.

    References
    ----------
    A. Makhzani, J. Shlens, N. Jaitly, I. Goodfellow, B. Frey, "Adversarial Autoencoders", 2015,
    https://arxiv.org/abs/1511.05644, section 2.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from vaekit import AAE
    >>> AAE(n_components=2, max_epochs=20, random_state=0).fit_transform(load_iris().data).shape
    (150, 2)
    """

    weight: float | Warmup = 30.0
    discriminator_layer_sizes: Sequence[int] = JensenShannon.discriminator_layer_sizes
    discriminator_learning_rate: float = JensenShannon.discriminator_learning_rate

    _objective = AggregateDivergence
    _divergence = JensenShannon

    def _make_objective(self):
        return word_of(self, AggregateDivergence, divergence=word_of(self, JensenShannon), prior_weight=1.0)


@estimator
class LearnedPriorAAE(BaseAutoencoder):
    """Adversarial autoencoder with a learned prior (Prior-AAE).

    A generator h makes the prior's draws z = h(z0), z0 ~ N(0, I). The discriminator tells them from codes; the
    generator is trained at full weight to pass for codes, the encoder at weight beta to pass for draws.

    Parameters
    ----------
    beta : float, default=0.1
        Weight of the encoder's adversarial loss, in [0, 1]; 0 leaves the encoder an unregularised autoencoder whose
        codes the generator learns to imitate.
    prior : {"generator", "normal", "decoupled", "elementwise_flow", "mixture", "vamp", "post_hoc", "flow_matching", \
"maf", "neural_spline", "moment_matching", "grid", "conditional_normal", "conditional_flow"} or spec of \
`vaekit.priors`, default="generator"
        The learned prior; priors with a density are trained by their likelihood on the codes. `"grid"` is for quantised
        codes, the conditional ones are for `ConditionalVAE`.
    warmup : float or int, default=0.3
        Without effect here: there is no KL to be warmed up, and early stopping watches the reconstruction alone.

    References
    ----------
    "Empirical observations pertaining to learned priors for deep latent variable models", sections 2.1 and 3.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from vaekit import LearnedPriorAAE
    >>> LearnedPriorAAE(n_components=2, max_epochs=20, random_state=0).fit(load_iris().data).sample(2).shape
    (2, 4)
    """

    beta: float = 0.1
    discriminator_layer_sizes: Sequence[int] = JensenShannon.discriminator_layer_sizes
    discriminator_learning_rate: float = JensenShannon.discriminator_learning_rate
    prior: str | PriorSpec = "generator"

    _objective = AggregateDivergence
    _divergence = JensenShannon

    _parameter_constraints: ClassVar[dict] = {"beta": [Interval(Real, 0, 1, closed="both")]}

    def _make_objective(self):
        divergence = word_of(self, JensenShannon)
        return word_of(self, AggregateDivergence, weight=self.beta, divergence=divergence, prior_weight=1.0)
