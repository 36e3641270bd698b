"""Tripod: quantised, independent codes, whose latents act one by one."""

from vaekit.estimators._base import estimator, word_of
from vaekit.estimators._tables import BaseAutoencoder
from vaekit.objectives import Tripod, Warmup
from vaekit.posteriors import PosteriorSpec
from vaekit.priors import PriorSpec

__all__ = ["TripodVAE"]


@estimator
class TripodVAE(BaseAutoencoder):
    """Tripod: an autoencoder of quantised codes.

    Minimises -log p(x | z) + klm_weight KLM + nhp_weight NHP, in nats per row: codes on a grid, the multi-information
    of their components, and the share of the decoder's second derivatives that mix latents. There is no KL, and no
    bound on log p(x), so no `score`.

    Parameters
    ----------
    posterior_family : {"quantized", "normal", "full_normal", "iaf", "fixed_scale", "implicit"} or spec of \
`vaekit.posteriors`, default="quantized"
        The family of q(z | x). Others than quantised codes want another prior, too.
    prior : {"grid", "normal", "decoupled", "elementwise_flow", "mixture", "vamp", "post_hoc", "flow_matching", "maf", \
"neural_spline", "generator", "moment_matching", "conditional_normal", "conditional_flow"} or spec of \
`vaekit.priors`, default="grid"
        What `sample` draws codes from; it has no part in training. `"grid"` draws each latent by itself, values by
        their frequencies among the training codes: as far as codes are independent, they are drawn from their own
        distribution. `"post_hoc"` keeps the dependence that is left. A learned prior is trained by its own likelihood
        on the codes, which `"generator"` has not; the conditional ones are for `ConditionalVAE`.
    activation : {"silu", "relu", "leaky_relu", "tanh", "elu", "gelu", "softplus", "identity"}, default="silu"
        Activation of the built-in MLP: one with second derivatives, which are what NHP is about. Ignored by other
        networks; for images pass one of your own, `network=ConvNet(activation="silu")`.
    warmup : float or int, default=0.3
        Without effect here: there is no KL to be warmed up, and early stopping watches the reconstruction alone.

    References
    ----------
    K. Hsu et al., "Tripod: Three Complementary Inductive Biases for Disentangled Representation Learning", ICML 2024,
    https://arxiv.org/abs/2404.10282, sections 4.1 to 4.3.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from vaekit import TripodVAE
    >>> model = TripodVAE(n_components=2, max_epochs=20, random_state=0).fit(load_iris().data)
    >>> model.transform(load_iris().data).shape, model.sample(3).shape
    ((150, 2), (3, 4))
    """

    klm_weight: float | Warmup = Tripod.klm_weight
    nhp_weight: float | Warmup = Tripod.nhp_weight
    bandwidth: float | None = Tripod.bandwidth
    n_directions: int = Tripod.n_directions
    step: float = Tripod.step
    posterior_family: str | PosteriorSpec = "quantized"
    activation: str = "silu"
    prior: str | PriorSpec = "grid"

    _objective = Tripod

    def _make_objective(self):
        return word_of(self, Tripod, prior_weight=1.0)
