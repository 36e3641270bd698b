"""All it takes to build a fitted estimator's net again: resolved words, shapes, seeds and the training plan."""

from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import nn

from vaekit._setting import Setting
from vaekit.engine import Net, Plan
from vaekit.estimators._preprocessing import Preprocessing
from vaekit.model import LatentVariableModel
from vaekit.posteriors import Posterior
from vaekit.utils._threads import work_per_row
from vaekit.utils._torch import SeededRandomness, converted, make_generator, resolve_device, to_array

__all__ = ["Blueprint", "build_net", "pack_net", "unpack_net"]


class Blueprint(NamedTuple):
    """What was decided at the first fit, independent of any device."""

    network: Any
    posterior: Any
    prior: Any
    likelihood: Any
    objective: Any
    event_shape: tuple
    n_components: int
    preprocessing: Preprocessing
    deviation: float
    plan: Plan
    learning_rate: float
    batch_size: int
    init_seed: int
    train_seed: int

    def unit(self):
        """Units of X in one unit of the network's data: a float, or an array of the event's shape."""
        unit = self.preprocessing.unit
        return float(unit) if np.ndim(unit) == 0 else np.reshape(unit, self.event_shape)

    def setting(self, rows=None):
        """What the words are told, given a few rows as the network sees them; weights come from the seed."""
        return Setting(
            event_shape=self.event_shape,
            n_components=self.n_components,
            generator=make_generator(self.init_seed),
            unit=self.unit(),
            deviation=self.deviation,
            rows=rows,
            network=self.network,
        )


def build_model(plan, rows=None):
    """Return a newly initialised model; every weight is drawn from the blueprint's seed, part after part."""
    setting, network = plan.setting(rows), plan.network.for_one_model()
    with SeededRandomness(setting.generator):  # layers of foreign words too, which torch would draw globally
        encoder, n_features = network.encoder(setting)
        setting = replace(setting, n_features=n_features)
        model = LatentVariableModel(
            encoder=encoder,
            posterior=plan.posterior.build(setting),
            prior=plan.prior.build(setting),
            decoder=network.decoder(setting),
            likelihood=plan.likelihood.build(setting),
            discriminator=plan.objective.discriminator(setting),
        )
    converted(model, nn.Module.float)  # whatever torch's default is
    plan.objective.check(model.prior.given(None, model.encode), _some_posterior(model, n_features))
    return model


def _some_posterior(model, n_features):
    """What the family gives for some features; they may be any."""
    head = model.posterior.eval()
    with torch.no_grad():
        posterior = head(torch.zeros(2, n_features))
    head.train()
    if not isinstance(posterior, Posterior):
        raise TypeError(
            f"The 'posterior_family' parameter must build a module that gives a Posterior. Got {posterior!r} instead."
        )
    return posterior


def build_net(blueprint, *, device, rows=None, callbacks=()):
    """Return an initialised, untrained net; `rows` are a few rows to start from, as the network sees them."""
    device = resolve_device(device)
    net = Net(
        converted(build_model(blueprint, rows), lambda model: model.to(device)),
        objective=blueprint.objective,
        plan=blueprint.plan,
        generator=make_generator(blueprint.train_seed, device),
        is_foreign=blueprint.network.is_foreign,
        inference_rows=blueprint.network.inference_rows,
        lr=blueprint.learning_rate,
        batch_size=blueprint.batch_size,
        callbacks=list(callbacks),
        device=str(device),
        verbose=0,
    ).initialize()
    net.work_per_row_ = work_per_row(net.module_, blueprint.event_shape)
    return net


def _map_tensors(function, kind, value):
    """Apply a function to every leaf of a type inside nested dictionaries, lists and tuples."""
    if isinstance(value, kind):
        return function(value)
    if isinstance(value, dict):
        return {key: _map_tensors(function, kind, item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(_map_tensors(function, kind, item) for item in value)
    return value


def pack_net(net):
    """Everything a net has learned, as NumPy arrays and plain Python: fit for any pickle and any device."""
    state = {
        "weights": dict(net.module_.state_dict()),
        "optimizer": net.optimizer_.state_dict(),
        "generator": net.generator.get_state(),
        "stopping": net.stopping_,
    }
    packed = _map_tensors(to_array, torch.Tensor, state)
    return {**packed, "history": net.history.to_list(), "step": net.step_, "device": net.device}


def unpack_net(blueprint, packed):
    """Return the net that was packed, on its device if this machine has it, else on the CPU."""
    try:
        net = build_net(blueprint, device=packed["device"])
    except ValueError:
        net = build_net(blueprint, device="cpu")
    state = _map_tensors(lambda array: torch.from_numpy(np.array(array)), np.ndarray, packed)
    net.module_.load_state_dict(state["weights"])
    net.optimizer_.load_state_dict(state["optimizer"])
    if torch.device(packed["device"]).type == torch.device(net.device).type:
        net.generator.set_state(state["generator"])
    net.stopping_ = state["stopping"]
    net.history.extend(packed["history"])
    net.step_ = packed["step"]
    return net
