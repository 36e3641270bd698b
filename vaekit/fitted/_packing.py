"""Nets as NumPy arrays and plain Python, fit for any pickle and any device, and back."""

import numpy as np
import torch

from vaekit.fitted._blueprint import build_net
from vaekit.utils._torch import to_array

__all__ = ["pack_net", "unpack_net"]


def pack_net(net):
    """Everything a net has learned, as NumPy arrays and plain Python."""
    state = {
        "weights": dict(net.module_.state_dict()),
        "optimizer": net.optimizer_.state_dict(),
        "generator": net.generator.get_state(),
        "stopping": net.stopping_,
    }
    plain = {"history": net.history.to_list(), "step": net.step_, "device": net.device}
    return {
        **_map_leaves(to_array, torch.Tensor, state), **plain, "learning_rate": net.lr, "batch_size": net.batch_size
    }  # fmt: skip


def unpack_net(blueprint, packed):
    """Return the net that was packed, on its device if this machine has it, else on the CPU."""
    how = {"learning_rate": packed["learning_rate"], "batch_size": packed["batch_size"]}
    try:
        net = build_net(blueprint, device=packed["device"], **how)
    except ValueError:
        net = build_net(blueprint, device="cpu", **how)
    state = _map_leaves(lambda array: torch.from_numpy(np.array(array)), np.ndarray, packed)
    net.module_.load_state_dict(state["weights"])
    net.optimizer_.load_state_dict(state["optimizer"])
    if torch.device(packed["device"]).type == torch.device(net.device).type:
        net.generator.set_state(state["generator"])
    net.stopping_ = state["stopping"]
    net.history.extend(packed["history"])
    net.step_ = packed["step"]
    return net


def _map_leaves(function, kind, value):
    """Apply a function to every leaf of a type inside nested dictionaries, lists and tuples."""
    if isinstance(value, kind):
        return function(value)
    if isinstance(value, dict):
        return {key: _map_leaves(function, kind, item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(_map_leaves(function, kind, item) for item in value)
    return value
