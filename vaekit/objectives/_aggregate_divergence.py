"""InfoVAE, WAE, AAE and Prior-AAE: one penalty on each row's posterior, one on their aggregate."""

from typing import Any, ClassVar

from vaekit._outputs import LossTerms
from vaekit.objectives._base import Objective, trains_no_prior
from vaekit.objectives._divergence import MMD, DensityRatio, Divergence, JensenShannon
from vaekit.objectives._schedule import Warmup, nonnegative
from vaekit.utils._sklearn import StrOptions
from vaekit.utils._spec import Vocabulary, spec, with_fresh_specs

__all__ = ["AggregateDivergence"]

DIVERGENCES = Vocabulary(
    "divergence", Divergence, {"mmd": MMD, "jensen_shannon": JensenShannon, "density_ratio": DensityRatio}
)


@spec
class AggregateDivergence(Objective):
    """loss = -E_q log p(x | z) + R1 + R2, in nats per row.

    R1 = w(t) kl_weight KL(q(z | x) || p(z)) looks at every row's posterior, R2 = weight D(q(z), p(z)) at their
    aggregate q(z), known through samples. kl_weight = 1 - alpha, weight = alpha + lambda - 1 with MMD is InfoVAE;
    kl_weight = 0 is the Wasserstein autoencoder (MMD) or the adversarial autoencoder (Jensen-Shannon); with a learned
    generator as prior it is Prior-AAE.

    Parameters
    ----------
    kl_weight : float or Warmup, default=0
        Weight of R1.
    weight : float or Warmup, default=10
        Weight of R2.
    divergence : {"mmd", "jensen_shannon", "density_ratio"} or spec of `vaekit.objectives`, default="mmd"
        D. A kernel (`MMD`), the adversarial game (`JensenShannon`), or the KL through a log density ratio.
    space : {"generation", "representation"}, default="generation"
        Where codes and prior are compared: g(z) with z0 ~ N(0, I), whose scale is anchored, or z with g^-1(z0), where
        both can shrink together. They are the same for a normal prior. A prior without an inverse is compared in
        representation space.

    References
    ----------
    S. Zhao, J. Song, S. Ermon, "InfoVAE: Balancing Learning and Inference in Variational Autoencoders", AAAI 2019,
    https://arxiv.org/abs/1706.02262, eq. 6. I. Tolstikhin, O. Bousquet, S. Gelly, B. Schoelkopf, "Wasserstein
    Auto-Encoders", ICLR 2018, https://arxiv.org/abs/1711.01558, eq. 4. A. Makhzani et al., "Adversarial Autoencoders",
    2015, https://arxiv.org/abs/1511.05644.

    Examples
    --------
    >>> from vaekit import VAE
    >>> from vaekit.objectives import MMD, AggregateDivergence
    >>> model = VAE(objective=AggregateDivergence(kl_weight=1, weight=100, divergence=MMD(kernel="imq")))
    """

    kl_weight: float | Warmup = 0.0
    weight: float | Warmup = 10.0
    divergence: str | Divergence = "mmd"
    space: str = "generation"

    _parameter_constraints: ClassVar[dict] = {
        "kl_weight": nonnegative(),
        "weight": nonnegative(),
        "divergence": DIVERGENCES.constraint(),
        "space": [StrOptions({"generation", "representation"})],
    }

    weighted = ("kl_weight", "weight")

    @property
    def needs_density(self):
        """Only the KL of each row's posterior does."""
        return self.kl_weight != 0

    @property
    def uses_warmup(self):
        """Whether there is a KL that could be warmed up."""
        return self.needs_density

    @property
    def _divergence(self):
        return DIVERGENCES.fresh(self.divergence) if isinstance(self.divergence, str) else self.divergence

    def set_params(self, **params: Any):
        """Set parameters; `divergence__name` on a divergence that is a string first turns it into a fresh spec."""
        return super().set_params(**with_fresh_specs(self, [DIVERGENCES], params))

    # ------------------------------------------------------------------ the two penalties

    def penalty(self, output, inputs):
        """R1, and the KL."""
        if not self.needs_density:
            return 0.0, {}
        kl = output.prior.kl(output.posterior, output.z).mean()
        return inputs.weights["warmup"] * inputs.weights["kl_weight"] * kl, {"kl": kl}

    def compared(self, prior, z, noise):
        """Codes and draws of the prior, in the space where they are compared."""
        if self.space == "generation" and prior.has_spaces:
            return prior.to_generation_space(z), noise
        return z, prior.sample(noise)

    def loss(self, model, inputs, carried=None):
        """Reconstruction, R1 and R2; a discriminator is looked through, not trained."""
        loss, terms, output = super().loss(model, inputs)
        codes, drawn = self.compared(output.prior, output.z, inputs.noise["prior"][: len(output.z)])
        distance = self._divergence.between(codes, drawn, model.discriminator)
        return LossTerms(loss + inputs.weights["weight"] * distance, {**terms, "divergence": distance}, output)

    # ------------------------------------------------------------------ turns

    def phases(self):
        """The model; then discriminator and prior, as far as the divergence and the prior have them."""
        divergence = self._divergence
        *joint, prior = super().phases() if self.prior_weight is not None else [*super().phases(), None]
        discriminator = [divergence.discriminator_phase(self._discriminator_loss)] if divergence.is_adversarial else []
        return [*joint, *discriminator, *([prior] if prior else [])]

    def _discriminator_loss(self, model, inputs, carried):
        codes, drawn = self.compared(carried.prior, carried.z.detach(), inputs.noise["prior"][: len(carried.z)])
        return self._divergence.discriminator_loss(codes.detach(), drawn.detach(), model.discriminator)

    def prior_loss(self, model, inputs, carried):
        """E_q[-log p(z)] where there is a density, else the divergence seen from the generator, at full weight."""
        if carried.prior.has_density:
            return super().prior_loss(model, inputs, carried)
        codes, drawn = self.compared(carried.prior, carried.z.detach(), inputs.noise["prior"][: len(carried.z)])
        distance = self._divergence.for_generator(codes, drawn, model.discriminator)
        return LossTerms(inputs.weights["prior_weight"] * distance, {"generator": distance}, carried)

    def noise_columns(self, widths):
        """Noise of the codes and of the prior's draws."""
        return {**super().noise_columns(widths), "prior": widths.prior}

    def check(self, prior, posterior):
        """Refuse, besides, a learned prior that nothing would train."""
        super().check(prior, posterior)
        trained_elsewhere = self.prior_weight is not None or self.needs_density
        if not trained_elsewhere and not self._divergence_trains(prior):
            trains_no_prior(self._divergence, prior)

    def _divergence_trains(self, prior):
        """A discriminator passes a gradient to codes alone, so to the prior only where it made g(z) of them."""
        through_g = self.space == "generation" and prior.has_spaces
        return through_g or not self._divergence.is_adversarial

    def discriminator(self, setting):
        """Return the discriminator, where there is one."""
        divergence = self._divergence
        return divergence.discriminator(setting) if divergence.is_adversarial else None

    def validated(self):
        """Return this spec, or raise what is wrong with it or with its divergence."""
        super().validated()
        self._divergence.validated()
        return self

    def held_out_loss(self, output):
        """The negative ELBO, or the reconstruction alone where the KL has no part in training."""
        return super().held_out_loss(output) if self.needs_density else output.reconstruction
