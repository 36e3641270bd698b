"""An autoencoder, and a generator whose draws have the moments of its codes."""

from typing import ClassVar

from vaekit.estimators._base import estimator
from vaekit.estimators._tables import BaseAutoencoder
from vaekit.likelihoods import LikelihoodSpec
from vaekit.objectives import AggregateDivergence
from vaekit.posteriors import FixedScale
from vaekit.priors import PriorSpec

__all__ = ["GMMNAE"]


@estimator
class GMMNAE(BaseAutoencoder):
    """Autoencoder with a moment-matching generator of its codes (GMMN+AE).

    Encoder and decoder minimise the cost c(x, m(z)) = -log p(x | z) alone. In each step a generator h is fitted to the
    codes, which it cannot move: it minimises MMD^2(h(u), z), u uniform, and samples are decoded h(u). Nothing holds the
    codes to any shape, and there is no bound on log p(x), so no `score`.

    Parameters
    ----------
    encoder_noise : float, default=0.01
        Standard deviation of codes around mu(x); 0 leaves them without noise, and without a density. `posterior_family`
        has no say: with nothing to hold it up, a noise that is learned shrinks until it does not matter.
    likelihood : {"squared_error", "auto", "normal", "laplace", "bernoulli", "poisson", "negative_binomial", \
"categorical"} or spec of `vaekit.likelihoods`, default="squared_error"
        The cost: minus its log density.
    prior : {"moment_matching", "decoupled", "elementwise_flow", "generator", "normal", "mixture", "vamp", "post_hoc", \
"flow_matching", "maf", "neural_spline", "grid", "conditional_normal", "conditional_flow"} or spec of \
`vaekit.priors`, default="moment_matching"
        What is fitted to the codes; priors with a density are trained by their likelihood.
    warmup : float or int, default=0.3
        Without effect here: there is no KL to be warmed up, and early stopping watches the reconstruction alone.

    References
    ----------
    Y. Li, K. Swersky, R. Zemel, "Generative Moment Matching Networks", ICML 2015, https://arxiv.org/abs/1502.02761,
    section 4.2 and algorithm 2, with both trained side by side.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from vaekit import GMMNAE
    >>> GMMNAE(n_components=2, max_epochs=20, random_state=0).fit(load_iris().data).sample(2).shape
    (2, 4)
    """

    encoder_noise: float = FixedScale.scale
    likelihood: str | LikelihoodSpec = "squared_error"
    prior: str | PriorSpec = "moment_matching"

    _objective = AggregateDivergence

    _parameter_constraints: ClassVar[dict] = {"encoder_noise": FixedScale._parameter_constraints["scale"]}

    def _make_objective(self):
        return AggregateDivergence(weight=0.0, prior_weight=1.0)

    def _make_posterior(self):
        return FixedScale(scale=self.encoder_noise)
