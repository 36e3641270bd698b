"""The latent variable model: encoder, posterior, prior, decoder, likelihood, and one pass of a batch through them."""

from torch import Tensor, nn

from vaekit._outputs import Batch, ModelOutput, NoiseWidths
from vaekit.likelihoods import Likelihood
from vaekit.nn._conditioned import ConditionedDecoder, ConditionedEncoder
from vaekit.posteriors import Posterior
from vaekit.priors import Prior

__all__ = ["LatentVariableModel"]


class LatentVariableModel(nn.Module):
    """x -> q(z | x) -> z -> p(x | z), with p(z) beside it.

    Parameters
    ----------
    encoder, decoder : nn.Module
        Data to features; latents to decoded tensor.
    posterior : nn.Module
        Features to q(z | x), a `Posterior`; its `noise_width` is that of a draw, by default as many as latents.
    prior : Prior
        p(z).
    likelihood : Likelihood
        p(x | z) given the decoded tensor.
    discriminator : nn.Module, optional
        Whatever else an objective trains beside the model (a discriminator, say).

    Notes
    -----
    Encoder and decoder that are told of a condition (`ConditionedEncoder`, `ConditionedDecoder`) want it with every
    call; `given(condition)` is the model as it is for rows about which that is known.
    """

    def __init__(
        self,
        *,
        encoder: nn.Module,
        posterior: nn.Module,
        prior: Prior,
        decoder: nn.Module,
        likelihood: Likelihood,
        discriminator: nn.Module | None = None,
    ) -> None:
        super().__init__()
        self.encoder, self.posterior = encoder, posterior
        self.prior = prior
        self.decoder, self.likelihood = decoder, likelihood
        self.discriminator = discriminator
        prior.stand_in(self)

    def given(self, condition: Tensor | None) -> "LatentVariableModel | GivenModel":
        """The model of rows about which this is known, (batch, width); itself where nothing is."""
        return self if condition is None else GivenModel(self, condition)

    def encode(self, x: Tensor) -> Posterior:
        """q(z | x) for a batch (batch, *event_shape)."""
        return self.posterior(self.encoder(self.likelihood.seen(x)))

    def decode(self, z: Tensor) -> Tensor:
        """Decoded tensors (..., *decoded_shape) of latents (..., n_components)."""
        decoded = self.decoder(z.reshape(-1, z.shape[-1]))
        return decoded.reshape(*z.shape[:-1], *decoded.shape[1:])

    def noise_widths(self, n_components: int) -> NoiseWidths:
        """How much noise the draws of a model with so many latents take."""
        widths = (getattr(part, "noise_width", None) for part in (self.posterior, self.prior))
        drawn = (n_components if width is None else width for width in widths)
        return NoiseWidths(n_components, *drawn, self.prior.training_noise_width)

    def forward(self, batch: Batch, noise: Tensor) -> ModelOutput:
        """One sample of q(z | x) per row, made of `noise`, and decoded; several of noise (..., batch, noise_width)."""
        model = self.given(batch.given)
        posterior = model.encode(batch.x)
        z = posterior.rsample(noise)
        reconstruction = -self.likelihood.log_prob(model.decode(z), batch.x)
        prior = self.prior.given(batch.given, self.encode)
        return ModelOutput(batch.x, posterior, z, reconstruction, prior, model.encode)


class GivenModel:
    """A model as it is for rows about which something is known: q(z | x, c), p(z | c) and p(x | z, c).

    Parameters
    ----------
    model : LatentVariableModel
    condition : Tensor of shape (batch, width)
        One for each row.
    """

    def __init__(self, model: LatentVariableModel, condition: Tensor) -> None:
        self.model, self.condition = model, condition
        self.likelihood, self.discriminator = model.likelihood, model.discriminator

    @property
    def prior(self) -> Prior:
        """p(z | c)."""
        return self.model.prior.given(self.condition, self.model.encode)

    def encode(self, x: Tensor) -> Posterior:
        """q(z | x, c)."""
        encoder, x = self.model.encoder, self.likelihood.seen(x)
        is_told = isinstance(encoder, ConditionedEncoder)
        return self.model.posterior(encoder(x, self.condition) if is_told else encoder(x))

    def decode(self, z: Tensor) -> Tensor:
        """Decoded tensors of latents (..., batch, n_components)."""
        if not isinstance(self.model.decoder, ConditionedDecoder):
            return self.model.decode(z)
        condition = self.condition.expand(*z.shape[:-1], -1).reshape(-1, self.condition.shape[-1])
        decoded = self.model.decoder(z.reshape(-1, z.shape[-1]), condition)
        return decoded.reshape(*z.shape[:-1], *decoded.shape[1:])
