"""The VampPrior: a mixture of encodings."""

from numbers import Integral
from typing import ClassVar

import torch
from torch import nn

from vaekit.exceptions import IncompatibleChoiceError
from vaekit.priors._base import PriorSpec
from vaekit.priors._mixture import WithoutSpaces, chosen
from vaekit.utils._sklearn import Interval
from vaekit.utils._spec import spec

__all__ = ["VampPrior"]

JITTER = 0.1  # deviation between pseudo-inputs that start from one row


@spec
class VampPrior(PriorSpec):
    """p(z) = sum_k w_k q(z | u_k): the model's own encodings of learned pseudo-inputs u_k.

    The best prior for a given encoder is its aggregate posterior, the mixture of the encodings of all training rows;
    this is one of fewer rows, which are learned. They start from training rows, and what the encoder sees of them
    stays within the range of those. Draws are made of the trained mixture, q(z | u_k) with probability w_k.

    Parameters
    ----------
    n_pseudo_inputs : int, default=50
        Number of pseudo-inputs. All of them are encoded whenever the prior is asked for a density.
    learned_weights : bool, default=False
        Whether the w_k are learned; else they are all the same, as published.

    References
    ----------
    J. Tomczak, M. Welling, "VAE with a VampPrior", AISTATS 2018, https://arxiv.org/abs/1705.07120, eq. 9.

    Examples
    --------
    >>> from vaekit import VAE
    >>> VAE(prior="vamp").set_params(prior__n_pseudo_inputs=100)
    VAE(prior=VampPrior(n_pseudo_inputs=100))
    """

    n_pseudo_inputs: int = 50
    learned_weights: bool = False

    has_spaces = False

    _parameter_constraints: ClassVar[dict] = {
        "n_pseudo_inputs": [Interval(Integral, 1, None, closed="left")],
        "learned_weights": ["boolean"],
    }

    def build(self, setting):
        """Return the prior module."""
        noise = torch.empty(self.n_pseudo_inputs, *setting.event_shape).normal_(generator=setting.generator)
        rows = noise if setting.rows is None else setting.rows
        return PseudoInputPrior(started_from(rows, noise), rows, setting.n_components, self.learned_weights)


def started_from(rows, noise):
    """As many rows as there is noise, from all over `rows`; noise keeps those apart that start from the same."""
    turns = torch.linspace(0, len(rows) - 1, len(noise)).round().long()
    is_first = torch.cat([turns.new_ones(1), turns.diff()]) > 0
    return rows[turns] + JITTER * noise * ~is_first.reshape(-1, *[1] * (noise.ndim - 1))


class PseudoInputPrior(WithoutSpaces):
    """Stands in a model, whose encoder it is made of.

    Parameters
    ----------
    pseudo_inputs : Tensor of shape (n_pseudo_inputs, *event_shape)
        To begin with.
    rows : Tensor of shape (n_rows, *event_shape)
        Rows whose range the pseudo-inputs keep to.
    n_components : int
        Number of latents.
    learned_weights : bool
        Whether the weights are parameters.
    """

    def __init__(self, pseudo_inputs, rows, n_components, learned_weights):
        super().__init__()
        self.pseudo_inputs = nn.Parameter(pseudo_inputs)
        logits = pseudo_inputs.new_zeros(len(pseudo_inputs))
        if learned_weights:
            self.logits = nn.Parameter(logits)
        else:
            self.register_buffer("logits", logits)
        self.register_buffer("lowest", rows.amin(0))
        self.register_buffer("highest", rows.amax(0))
        self.n_components, self.encode = n_components, None

    def stand_in(self, model):
        """Keep the way from rows to q(z | x)."""
        self.encode = model.encode
        width = getattr(model.posterior, "noise_width", None)
        self.noise_width = 1 + (self.n_components if width is None else width)

    def inputs(self):
        """The u_k as the encoder sees them; the gradient passes as if they had not been clamped."""
        raw = self.pseudo_inputs
        return raw + (raw.clamp(self.lowest, self.highest) - raw).detach()

    def log_prob(self, z):
        """log sum_k w_k q(z | u_k), in nats per row."""
        posterior = self.encode(self.inputs())
        if posterior.is_deterministic:
            raise IncompatibleChoiceError(
                "A VampPrior is a mixture of posteriors, and a deterministic encoder's have no density; give it noise "
                "(posterior_family='normal', or FixedScale(scale=0.01))."
            )
        of_parts = posterior.log_prob(z[..., None, :].expand(*z.shape[:-1], len(self.logits), z.shape[-1]))
        return torch.logsumexp(self.logits.log_softmax(0) + of_parts, dim=-1)

    def sample(self, noise):
        """A draw of q(z | u_k); the first number of the noise chooses k."""
        k = chosen(self.logits, noise[..., 0])
        return self.encode(self.inputs()[k]).rsample(noise[..., 1:])

    def extra_repr(self):
        """Size."""
        return f"n_components={self.n_components}, n_pseudo_inputs={len(self.logits)}"
