"""FP-VAE: a flow prior with an objective of its own."""

from numbers import Real
from typing import ClassVar

from vaekit.estimators._base import estimator, word_of
from vaekit.estimators._vae import BaseVAE
from vaekit.objectives import ELBO
from vaekit.posteriors import FixedScale
from vaekit.priors import PriorSpec
from vaekit.utils._sklearn import Interval, StrOptions

__all__ = ["FlowPriorVAE"]


@estimator
class FlowPriorVAE(BaseVAE):
    """VAE with a flow prior trained by an objective of its own (FP-VAE).

    Encoder and decoder minimise -E_q log p(x | z) + beta KL(q(z | x) || p(z)) with the prior fixed; the prior minimises
    -E_q log p(z) at full weight, whatever beta is. At beta = 1 that is the joint bound; at 0 an autoencoder, with a
    flow fitted to its codes.

    Parameters
    ----------
    beta : float, default=0.1
        Weight of the KL in the encoder's objective, in [0, 1].
    deterministic_encoder : bool or "auto", default="auto"
        Whether q(z | x) has the fixed standard deviation `encoder_noise`; `"auto"` at beta = 0, where nothing else
        would keep it from shrinking, and the flow's likelihood from growing, without end.
    encoder_noise : float, default=0.01
        Standard deviation of a deterministic encoder's noise.
    prior : {"decoupled", "elementwise_flow", "maf", "neural_spline", "flow_matching", "normal", "mixture", "vamp", \
"post_hoc", "generator", "moment_matching", "grid", "conditional_normal", "conditional_flow"} or spec of \
`vaekit.priors`, default="decoupled"
        The flow, or what stands in its place. `"generator"` and `"grid"` have no density, which this needs; the
        conditional ones are for `ConditionalVAE`.

    References
    ----------
    "Empirical observations pertaining to learned priors for deep latent variable models", section 3, eqs. 5-8.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from vaekit import FlowPriorVAE
    >>> FlowPriorVAE(n_components=2, max_epochs=50, random_state=0).fit(load_iris().data).sample(2).shape
    (2, 4)
    """

    beta: float = 0.1
    deterministic_encoder: bool | str = "auto"
    encoder_noise: float = FixedScale.scale
    prior: str | PriorSpec = "decoupled"

    _objective = ELBO

    _parameter_constraints: ClassVar[dict] = {
        "beta": [Interval(Real, 0, 1, closed="both")],
        "deterministic_encoder": ["boolean", StrOptions({"auto"})],
        "encoder_noise": FixedScale._parameter_constraints["scale"],
    }

    def _make_objective(self):
        return word_of(self, ELBO, prior_weight=1.0)

    def _make_posterior(self):
        is_deterministic = self.beta == 0 if self.deterministic_encoder == "auto" else self.deterministic_encoder
        return FixedScale(scale=self.encoder_noise) if is_deterministic else super()._make_posterior()
