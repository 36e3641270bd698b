"""PCL: components are told by whether two rows follow each other in time."""

from typing import Any, ClassVar

from torch.nn.functional import softplus

from vaekit._outputs import LossTerms, ModelOutput, Phase
from vaekit.functional import binary_discriminator_loss
from vaekit.objectives._base import Objective, trains_no_prior
from vaekit.objectives._contrast import Contrast, LaplaceContrast, NetworkContrast
from vaekit.objectives._pairs import NOW_AND_BEFORE
from vaekit.utils._spec import Vocabulary, spec, with_fresh_specs

__all__ = ["PermutationContrast"]

CONTRASTS = Vocabulary("contrast", Contrast, {"laplace": LaplaceContrast, "network": NetworkContrast})


@spec
class PermutationContrast(Objective):
    """loss = 1/2 E softplus(-r(h(x_t), h(x_s))) + 1/2 E softplus(r(h(x_t), h(x_s'))), in nats per row: no likelihood.

    h is the mean of q(z | x), x_s the row before x_t in time, x_s' a row before another one, and r = sum_j B_j(h_j,
    h_j') scores a pair component by component. At its optimum r = log p(u, v) - log p(u) p(v); with sources that are
    independent and whose pairs are not those of a normal process, each h_j is then a function of one source.

    Parameters
    ----------
    contrast : {"laplace", "network"} or spec of `vaekit.objectives`, default="laplace"
        The family of B_j: that of autoregressive sources with Laplace innovations, or a small network for each.
    reconstructs : bool, default=True
        Whether a decoder learns beside it, on codes that it cannot move.

    References
    ----------
    A. Hyvarinen, H. Morioka, "Nonlinear ICA of Temporally Dependent Stationary Sources", AISTATS 2017,
    https://proceedings.mlr.press/v54/hyvarinen17a.html, eqs. 9 to 12.

    Examples
    --------
    >>> from vaekit.objectives import PermutationContrast
    >>> PermutationContrast(contrast="network")
    PermutationContrast(contrast='network')
    """

    contrast: str | Contrast = "laplace"
    reconstructs: bool = True

    _parameter_constraints: ClassVar[dict] = {"contrast": CONTRASTS.constraint(), "reconstructs": ["boolean"]}

    draws: ClassVar[dict] = NOW_AND_BEFORE

    @property
    def needs_density(self):
        """Only a prior that is trained by its likelihood does."""
        return self.prior_weight is not None

    @property
    def needs_posterior_density(self):
        """False: there is no KL."""
        return False

    @property
    def uses_warmup(self):
        """False: there is no KL."""
        return False

    @property
    def _contrast(self):
        return CONTRASTS.fresh(self.contrast) if isinstance(self.contrast, str) else self.contrast

    def set_params(self, **params: Any):
        """Set parameters; `contrast__name` on a contrast that is a string first turns it into a fresh spec."""
        return super().set_params(**with_fresh_specs(self, [CONTRASTS], params))

    def discriminator(self, setting):
        """Return r."""
        return self._contrast.build(setting)

    def noise_columns(self, widths):
        """Noise of the codes that are decoded, and what shuffles the rows before."""
        return {**super().noise_columns(widths), "permutation": 1}

    def penalty(self, output, inputs):
        """Nothing: there is no likelihood to add to."""
        return 0.0, {}

    def loss(self, model, inputs, carried=None):
        """The cross-entropy of telling pairs from shuffled pairs."""
        first, before = inputs.batches["first"], inputs.batches["before"]
        n = first.n_rows
        posterior = model.encode(first.x)
        u, v = posterior.loc, model.encode(before.x).loc
        shuffled = v[inputs.noise["permutation"][:n, 0].argsort()]
        loss = 0.5 * binary_discriminator_loss(model.discriminator(u, v), model.discriminator(u, shuffled))
        z, prior = posterior.rsample(inputs.noise["posterior"][:n]), model.prior.given(first.given, model.encode)
        return LossTerms(loss, {"contrast": loss}, ModelOutput(first.x, posterior, z, None, prior, model.encode))

    def phases(self):
        """Encoder and score, then the decoder and the prior, where they are asked for."""
        contrast = Phase("joint", ("encoder", "posterior", "discriminator"), self.loss)
        decoder = Phase("decoder", ("decoder", "likelihood"), self.decoder_loss)
        prior = Phase("prior", ("prior",), self.prior_loss)
        return [contrast, *([decoder] if self.reconstructs else []), *([] if self.prior_weight is None else [prior])]

    def decoder_loss(self, model, inputs, carried):
        """-E_q log p(x | z) on the codes of this step."""
        reconstruction = -model.likelihood.log_prob(model.decode(carried.z.detach()), carried.x).mean()
        return LossTerms(reconstruction, {"reconstruction": reconstruction}, carried)

    def held_out_losses(self, model, batch, noise):
        """The loss of every row with the one before it in the batch, against one from afar; the first's is the last."""
        u = model.encode(batch.x).loc
        near, far = (model.discriminator(u, u.roll(shift, 0)) for shift in (1, batch.n_rows // 2))
        return 0.5 * (softplus(-near) + softplus(far))

    def check(self, prior, posterior):
        """Refuse a learned prior that nothing would train."""
        super().check(prior, posterior)
        if self.prior_weight is None:
            trains_no_prior(self, prior)
