"""A small model for priors to stand in, and priors that have moved away from where they start."""

import dataclasses

import numpy as np
import torch
from settings_of_words import setting
from sklearn.mixture import GaussianMixture
from sklearn.neighbors import KernelDensity
from torch import nn

from vaekit.likelihoods import Normal
from vaekit.model import LatentVariableModel
from vaekit.posteriors import DiagonalNormal
from vaekit.priors import (
    ConditionalFlow,
    ConditionalNormal,
    Decoupled,
    ElementwiseFlow,
    FlowMatching,
    MaskedAutoregressive,
    MixtureOfNormals,
    NeuralSpline,
    PostHoc,
    StandardNormal,
    VampPrior,
)
from vaekit.priors._flow import FlowPrior
from vaekit.utils._torch import make_generator

__all__ = ["DENSITIES", "HARD", "ROWS", "SOFT", "model_with", "rows", "trained"]

N_COLUMNS = 4
HARD = {  # known through another library's functions: no gradients
    "gaussian mixture, post hoc": PostHoc(estimator=GaussianMixture(n_components=3)),
    "kernel density, post hoc": PostHoc(estimator=KernelDensity(bandwidth=0.3)),
}
SOFT = {  # not the image of a normal
    "mixture": MixtureOfNormals(n_modes=4),
    "mixture of one": MixtureOfNormals(n_modes=1),
    "pseudo-inputs": VampPrior(n_pseudo_inputs=5),
    "pseudo-inputs, weights learned": VampPrior(n_pseudo_inputs=5, learned_weights=True),
}


class OfOneCondition(FlowPrior):
    """A conditional prior of rows that all have one condition."""

    def __init__(self, prior):
        super().__init__()
        self.prior = prior
        self.register_buffer("condition", torch.tensor([[1.0, 0.0]]))

    def forward(self, z):
        return self.prior.forward(z, self.condition)

    def inverse(self, z0):
        return self.prior.inverse(z0, self.condition)


class GivenOne:
    """Its word."""

    def __init__(self, word):
        self.word = word

    def validated(self):
        return self

    def build(self, told):
        return OfOneCondition(self.word.build(dataclasses.replace(told, condition_shape=(2,))))


DENSITIES = {
    "standard normal": StandardNormal(),
    "elementwise flow": ElementwiseFlow(),
    "decoupled": Decoupled(hidden_width=8),
    "flow matching": FlowMatching(hidden_width=4, n_steps=16),
    "masked autoregressive": MaskedAutoregressive(hidden_width=8),
    "neural spline": NeuralSpline(hidden_width=8),
    "conditional flow": GivenOne(ConditionalFlow(n_couplings=2, hidden_width=8)),
    "conditional normal": GivenOne(ConditionalNormal(hidden_width=8)),
    **SOFT,
    **HARD,
}


def rows(*shape, seed=1):
    return torch.randn(shape, generator=make_generator(seed), dtype=torch.float64)


ROWS = rows(60, N_COLUMNS, seed=5)


def model_with(word, n_components=2, seed=0, posterior=None):
    """Return a model of linear layers in double precision, with this prior."""
    generator = make_generator(seed)
    told = setting((N_COLUMNS,), n_components=n_components, generator=generator, n_features=6, rows=ROWS.float())

    def layer(n_in, n_out):
        made = nn.utils.skip_init(nn.Linear, n_in, n_out)
        nn.init.normal_(made.weight, std=0.5, generator=generator)
        nn.init.normal_(made.bias, std=0.5, generator=generator)
        return made

    return LatentVariableModel(
        encoder=layer(N_COLUMNS, 6),
        posterior=(posterior or DiagonalNormal()).validated().build(told),
        prior=word.validated().build(told),
        decoder=layer(n_components, N_COLUMNS),
        likelihood=Normal(scale=1.0).build(told),
    ).double()


def trained(word, n_components=2, seed=0, distance=0.3, posterior=None):
    """Return the prior of such a model, its parameters moved and the codes of some rows shown to it."""
    model = model_with(word, n_components, seed, posterior)
    with torch.no_grad():
        for i, parameter in enumerate(model.prior.parameters()):
            parameter.add_(distance * rows(*parameter.shape, seed=1000 * seed + i))
        blobs = torch.from_numpy(np.repeat([-1.0, 0.5, 2.0], 20))[:, None]
        model.prior.finish(blobs + 0.5 * rows(60, n_components, seed=7))
    return model.prior
