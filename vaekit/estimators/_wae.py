"""Wasserstein autoencoder: no KL, only the aggregate posterior is held to the prior."""

from typing import ClassVar

from vaekit.estimators._base import estimator, word_of
from vaekit.estimators._vae import BaseVAE
from vaekit.likelihoods import LikelihoodSpec
from vaekit.objectives import MMD, AggregateDivergence, Warmup
from vaekit.posteriors import FixedScale

__all__ = ["WAE"]


@estimator
class WAE(BaseVAE):
    """Wasserstein autoencoder with maximum mean discrepancy.

    Minimises E_q c(x, m(z)) + lam MMD^2(q(z), p(z)), the MMD's estimate being unbiased; the cost c is -log p(x | z),
    the squared error by default.

    Parameters
    ----------
    lam : float or Warmup, default=10
        Weight of the divergence; 0 is an autoencoder.
    deterministic_encoder : bool, default=False
        Whether z = mu(x), without noise; `posterior_family` then has no say.
    warmup : float or int, default=0.3
        Without effect here: there is no KL to be warmed up, and early stopping watches the reconstruction alone.
    likelihood : {"squared_error", "auto", "normal", "laplace", "bernoulli", "poisson", "negative_binomial", \
"categorical"} or spec of `vaekit.likelihoods`, default="squared_error"
        The cost: minus its log density.
    prior : {"normal", "decoupled", "elementwise_flow", "mixture", "vamp", "post_hoc", "flow_matching", "maf", \
"neural_spline", "generator", "moment_matching", "grid", "conditional_normal", "conditional_flow"} or spec of \
`vaekit.priors`, default="normal"
        p(z). Codes and prior are compared in generation space, and a learned prior is trained by its own likelihood on
        the codes (there is no KL that could train it). `"grid"` is for quantised codes, the conditional ones are for
        `ConditionalVAE`.

    References
    ----------
    I. Tolstikhin, O. Bousquet, S. Gelly, B. Schoelkopf, "Wasserstein Auto-Encoders", ICLR 2018,
    https://arxiv.org/abs/1711.01558, eq. 4 and algorithm 2.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from vaekit import WAE
    >>> WAE(n_components=2, max_epochs=50, random_state=0).fit_transform(load_iris().data).shape
    (150, 2)
    """

    lam: float | Warmup = AggregateDivergence.weight
    kernel: str = "imq"
    bandwidth: float | str | None = MMD.bandwidth
    deterministic_encoder: bool = False
    likelihood: str | LikelihoodSpec = "squared_error"

    _objective = AggregateDivergence
    _divergence = MMD

    _parameter_constraints: ClassVar[dict] = {
        "lam": AggregateDivergence._parameter_constraints["weight"],
        "deterministic_encoder": ["boolean"],
    }

    def _make_objective(self):
        divergence = word_of(self, MMD, unbiased=True)
        return word_of(self, AggregateDivergence, weight=self.lam, divergence=divergence, prior_weight=1.0)

    def _make_posterior(self):
        return FixedScale(scale=0.0) if self.deterministic_encoder else super()._make_posterior()
