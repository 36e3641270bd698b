"""The latent variable model: encoder, posterior, prior, decoder, likelihood, and one pass of a batch through them."""

from typing import Any

from torch import Tensor, nn

from vaekit._outputs import ModelOutput
from vaekit.likelihoods import Likelihood
from vaekit.priors import Prior

__all__ = ["LatentVariableModel"]


class LatentVariableModel(nn.Module):
    """x -> q(z | x) -> z -> p(x | z), with p(z) beside it.

    Parameters
    ----------
    encoder, decoder : nn.Module
        Data to features; latents to decoded tensor.
    posterior : nn.Module
        Features to the parameters of q(z | x).
    prior : Prior
        p(z).
    likelihood : Likelihood
        p(x | z) given the decoded tensor.
    discriminator : nn.Module, optional
        Whatever else an objective trains beside the model (a discriminator, say).
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

    def encode(self, x: Tensor) -> Any:
        """Parameters of q(z | x) for a batch (batch, *event_shape)."""
        return self.posterior(self.encoder(x))

    def decode(self, z: Tensor) -> Tensor:
        """Decoded tensors (..., *event_shape) of latents (..., n_components)."""
        decoded = self.decoder(z.reshape(-1, z.shape[-1]))
        return decoded.reshape(*z.shape[:-1], *decoded.shape[1:])

    def forward(self, batch, noise: Tensor) -> ModelOutput:
        """One sample of q(z | x) per row, made of `noise`, and decoded."""
        posterior = self.encode(batch.x)
        z = posterior.rsample(noise)
        reconstruction = -self.likelihood.log_prob(self.decoder(z), batch.x)
        prior = self.prior.given(batch.given, self.encode)
        return ModelOutput(batch.x, posterior, z, reconstruction, prior, self.encode)
