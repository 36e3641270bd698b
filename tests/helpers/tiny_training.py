"""A small table, a small estimator to train on it, and the callbacks that look inside."""

import numpy as np
import torch
from family import small
from skorch.callbacks import Callback
from torch import nn

from vaekit import VAE
from vaekit._outputs import GENERATIVE_PARTS, LossTerms, Phase
from vaekit.objectives import ELBO
from vaekit.utils._spec import spec

X = np.random.default_rng(0).normal(size=(35, 4)) @ np.random.default_rng(1).normal(size=(4, 4))
BATCHES = [8, 8, 8, 8, 3]
N_BATCHES = len(BATCHES)


def tiny(cls=VAE, **params):
    """Return an estimator that trains in milliseconds, on a CPU: three epochs of the batches above."""
    defaults = {"n_components": 2, "hidden_layer_sizes": (8,), "batch_size": 8, "max_epochs": 3, "random_state": 0}
    return small(cls(**{**defaults, "device": "cpu", **params}), params)


def weights(model):
    """Weights and buffers, after what training came to has been measured."""
    assert model.active_components_ is not None
    return {name: value.clone() for name, value in model.net_.module_.state_dict().items()}


def same_weights(one, other):
    one, other = weights(one), weights(other)
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


@spec
class Rivalry(ELBO):
    """The ELBO, and a discriminator that learns to tell codes from noise: two phases."""

    def discriminator(self, setting):
        discriminator = nn.utils.skip_init(nn.Linear, setting.n_components, 1)
        nn.init.normal_(discriminator.weight, generator=setting.generator)
        nn.init.zeros_(discriminator.bias)
        return discriminator

    def noise_columns(self, widths):
        return {"posterior": widths.posterior, "rival": widths.codes}

    def phases(self):
        return [
            Phase("model", GENERATIVE_PARTS, self.loss),
            Phase("discriminator", ("discriminator",), self.discriminator_loss, {"betas": (0.5, 0.9), "lr": 0.1}),
        ]

    def discriminator_loss(self, model, inputs, carried):
        gap = model.discriminator(carried.z.detach()).mean() - model.discriminator(inputs.noise["rival"]).mean()
        return LossTerms(gap, {"gap": gap}, carried)


@spec
class Trap(ELBO):
    """The ELBO with one more term, which is 0 except at one step, where it spoils every gradient too."""

    at: int = 0
    value: float = np.nan

    def weights(self, step, n_steps):
        return {**super().weights(step, n_steps), "trap": self.value if step == self.at else 0.0}

    def penalty(self, output, inputs):
        penalty, terms = super().penalty(output, inputs)
        trap = terms["kl"] * inputs.weights["trap"]
        return penalty + trap, {**terms, "trap": trap}


def batch_normalised(event_shape):
    return nn.Sequential(nn.Linear(*event_shape, 8), nn.BatchNorm1d(8), nn.ReLU())


def linear_decoder(n_components, event_shape):
    return nn.Linear(n_components, *event_shape)


def same_parameters(one, other):
    """As above, whatever a scale in closed form was settled on: `fit` takes all rows, a part the last epoch's steps."""
    one, other = (dict(model.net_.module_.named_parameters()) for model in (one, other))
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


class Look(Callback):
    """Calls a function with the net, and with what the hook is given."""

    def __init__(self, function):
        self.function = function


class AtTrainBegin(Look):
    def on_train_begin(self, net, **kwargs):
        self.function(net)


class AtEpochBegin(Look):
    def on_epoch_begin(self, net, dataset_train=None, dataset_valid=None, **kwargs):
        self.function(net, dataset_valid)


class AtBatchBegin(Look):
    def on_batch_begin(self, net, batch=None, training=None, **kwargs):
        self.function(net, batch)


class AtGradients(Look):
    def on_grad_computed(self, net, named_parameters, **kwargs):
        self.function(net, {name: parameter.grad for name, parameter in named_parameters})
