"""AVB: the KL of a posterior that may have no density, as a discriminator of rows and codes sees it."""

import math
from typing import ClassVar

import torch

from vaekit._outputs import LossTerms
from vaekit.exceptions import IncompatibleChoiceError
from vaekit.functional import density_ratio, discriminator_loss, normal_log_density
from vaekit.nn._discriminator import discriminator as discriminator_network
from vaekit.objectives._adversarial import WithDiscriminator
from vaekit.objectives._base import Objective, trains_no_prior
from vaekit.utils._spec import spec

__all__ = ["AdversarialVariationalBayes"]

SMALLEST_SCALE = 1e-4  # of the contrast: draws that are all the same have no width


@spec
class AdversarialVariationalBayes(WithDiscriminator, Objective):
    """loss = -E_q log p(x | z) + w(t) E_q T(x, z), in nats per row; at its optimum T = log q(z | x) - log p(z).

    T is the logit of a discriminator that tells pairs (x, z) with z drawn from q(z | x) from pairs with z drawn from
    the prior. It learns in a phase of its own and is fixed in the model's, so that q needs no density. With adaptive
    contrast it tells draws of q from draws of the normal r(z | x) with q's mean and deviations, which is a small
    difference, and the rest of the KL has a closed form: E_q [T(x, z) + log r(z | x) - log p(z)].

    Parameters
    ----------
    adaptive_contrast : bool, default=True
        Whether draws of q are compared with r(z | x) rather than with the prior. It trains a learned prior, too, which
        the plain form only does with a `prior_weight`; r is that of `loc` and `scale` of the posterior.
    discriminator_learning_rate : float, default=1e-3
        Step size of the discriminator's own Adam, with betas (0.5, 0.9): a KL that lags behind the codes is one that
        they do not pay.

    References
    ----------
    L. Mescheder, S. Nowozin, A. Geiger, "Adversarial Variational Bayes", ICML 2017, https://arxiv.org/abs/1701.04722,
    eqs. 3.3 and 3.7, sections 3 and 4, algorithms 1 and 2.

    Examples
    --------
    >>> from vaekit import VAE
    >>> from vaekit.objectives import AdversarialVariationalBayes
    >>> model = VAE(objective=AdversarialVariationalBayes(), posterior_family="implicit")
    """

    adaptive_contrast: bool = True
    discriminator_learning_rate: float = 1e-3

    _parameter_constraints: ClassVar[dict] = {"adaptive_contrast": ["boolean"]}

    @property
    def needs_density(self):
        """That of the prior stands in the adaptive form, and in a loss of its own."""
        return self.adaptive_contrast or self.prior_weight is not None

    @property
    def needs_posterior_density(self):
        """False: the discriminator stands for it."""
        return False

    @property
    def is_bound(self):
        """True, as far as the discriminator is at its optimum."""
        return True

    def discriminator(self, setting):
        """Return the discriminator of rows and codes."""
        n_inputs = math.prod(setting.event_shape) + setting.n_components
        return discriminator_network(n_inputs, tuple(self.discriminator_layer_sizes), setting.generator)

    def noise_columns(self, widths):
        """Noise of the codes, and of the draws that they are told from."""
        told_from = {"contrast": widths.codes} if self.adaptive_contrast else {"prior": widths.prior}
        return {**super().noise_columns(widths), **told_from}

    # ------------------------------------------------------------------ the model's turn

    def loss(self, model, inputs, carried=None):
        """R + w(t) KL; the discriminator is looked through, not trained."""
        first = inputs.batches["first"]
        output = model(first, inputs.noise["posterior"][: first.n_rows])
        kl = self._kl(model, output).mean()
        reconstruction = output.reconstruction.mean()
        loss = reconstruction + inputs.weights["warmup"] * kl
        return LossTerms(loss, {"reconstruction": reconstruction, "kl": kl}, output)

    def penalty(self, output, inputs):
        """Nothing without a discriminator."""
        return 0.0, {}

    def _kl(self, model, output):
        """What the discriminator makes of KL(q(z | x) || p(z)), per row."""
        if not self.adaptive_contrast:
            return density_ratio(_seen(model, output.x, output.z))
        loc, scale = _moments(output.posterior)
        ratio = density_ratio(_seen(model, output.x, (output.z - loc) / scale))
        log_contrast = normal_log_density(output.z, loc, 2 * scale.log()).sum(-1)
        return ratio + log_contrast - output.prior.log_prob(output.z)

    def held_out_losses(self, model, batch, noise):
        """R and what the discriminator makes of the KL, per row."""
        output = model(batch, noise)
        return output.reconstruction + self._kl(model, output)

    # ------------------------------------------------------------------ the discriminator's turn

    def phases(self):
        """The model, then the discriminator, then the prior if it has a loss of its own."""
        joint, *prior = super().phases()
        return [joint, self.discriminator_phase(self._discriminator_loss), *prior]

    def _discriminator_loss(self, model, inputs, carried):
        """Cross-entropy of telling this step's codes from draws of the contrast, or of the prior."""
        codes, n_rows = carried.z.detach(), len(carried.z)
        if self.adaptive_contrast:
            loc, scale = _moments(carried.posterior)
            codes, drawn = (codes - loc) / scale, inputs.noise["contrast"][:n_rows]
        else:
            drawn = carried.prior.sample(inputs.noise["prior"][:n_rows]).detach()
        return discriminator_loss(*(_seen(model, carried.x, z) for z in (codes, drawn)))

    def check(self, prior, posterior):
        """Refuse, besides, a learned prior that nothing would train, and codes without noise."""
        super().check(prior, posterior)
        if posterior.is_deterministic:
            raise IncompatibleChoiceError(
                "The KL that AdversarialVariationalBayes learns is infinite for codes without noise; choose "
                "posterior_family='implicit' or 'normal', or an objective that compares samples (WAE, AAE)."
            )
        if not self.needs_density:
            trains_no_prior(self, prior)
        if self.adaptive_contrast and posterior.scale is None:
            raise IncompatibleChoiceError(
                "The adaptive contrast is a normal with the posterior's deviations, which this family does not tell; "
                "set adaptive_contrast=False, or choose posterior_family='implicit'."
            )


def _moments(posterior):
    """Mean and deviations of the contrast: they say where it stands, and are not moved by it."""
    return posterior.loc.detach(), posterior.scale.detach().clamp(min=SMALLEST_SCALE)


def _seen(model, x, z):
    """Logits of pairs of rows and codes; what is missing is 0, as it is to the encoder."""
    x = x.masked_fill(x.isnan(), 0.0) if model.likelihood.has_gaps else x
    return model.discriminator(torch.cat([x.flatten(1), z], dim=1))
