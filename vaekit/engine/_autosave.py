"""All that decides how a training goes on, taken at the end of an epoch and given back before the next one."""

from skorch.callbacks import Callback

from vaekit.engine._snapshot import Snapshot
from vaekit.files import tensor_writer

__all__ = ["Autosave"]

BOOKS = ("stopping_", "log_scales_", "untrained_", "best_", "lr")


class Autosave(Callback):
    """Hands out the state of a training, and begins from one; the last of all callbacks, which act before it.

    Parameters
    ----------
    write : callable (dict) -> None
        Given the state at the end of each epoch that is due; all of it is plain values, arrays and tensors.
    is_due : callable (net) -> bool
        Whether the state of this epoch is wanted.
    state : dict or None
        Where to go on from.
    """

    def __init__(self, write, is_due, state=None):
        self.write, self.is_due, self.state, self.at_first = write, is_due, state, []

    def on_train_begin(self, net, X=None, y=None, **kwargs):
        """Give the state back; callbacks have begun by now, and forgotten what they knew."""
        self.at_first = [_plain(callback) for callback in _others(net)]
        if self.state is not None:
            _restore(net, self.state)
            self.state = None

    def on_epoch_end(self, net, dataset_train=None, dataset_valid=None, **kwargs):
        """Take the state, unless it is one that training would not go on from."""
        if self.is_due(net) and not net.went_back_ and net.safety_.is_sound(dataset_train):
            known = [_knowledge(callback, first) for callback, first in zip(_others(net), self.at_first)]
            self.write(_state_of(net) | {"callbacks": known})


def _state_of(net):
    return {
        "snapshot": Snapshot(net).packed(),
        "history": net.history.to_list(),
        "stage": net.stages_.index(net.stage_),
        "books": {name: getattr(net, name) for name in BOOKS},
    }


def _restore(net, state):
    Snapshot.unpacked(state["snapshot"]).restore(net)
    net.history[:] = state["history"]
    net.stage_ = net.stages_[state["stage"]]
    vars(net).update(state["books"])
    net.safety_.begin_epoch()  # numbers that are not finite lead back to here, and not to the first weights
    for callback, known in zip(_others(net), state["callbacks"]):
        _remind(callback, known)


def _others(net):
    """Callbacks that are not our own: ours keep what they know in the net."""
    callbacks = [callback for _, callback in net.callbacks_]
    return [callback for callback in callbacks if type(callback).__module__.partition(".")[0] != "vaekit"]


# ---------------------------------------------------------------------- what callbacks of others know


def _knowledge(callback, first):
    """What of a callback's plain attributes is new since training began, and the states of those that have one."""
    if _has_state(callback):
        return {"own": callback.state_dict()}
    states = {name: dict(value.state_dict()) for name, value in vars(callback).items() if _has_state(value)}
    plain = [name for name, said in _plain(callback).items() if first.get(name) != said]
    return {"plain": {name: getattr(callback, name) for name in plain}, "states": states}


def _remind(callback, known):
    """Give a callback back what it knew."""
    if "own" in known:
        callback.load_state_dict(known["own"])
        return
    vars(callback).update(known["plain"])
    for name, state in known["states"].items():
        getattr(callback, name).load_state_dict(state)


def _has_state(value):
    return not isinstance(value, type) and hasattr(value, "state_dict") and hasattr(value, "load_state_dict")


def _plain(callback):
    """Attributes that a checkpoint has a place for, as what it would hold of them."""
    said = {name: _said(value) for name, value in vars(callback).items() if not _has_state(value)}
    return {name: value for name, value in said.items() if value is not None}


def _said(value):
    write = tensor_writer()
    try:
        return write(value), [array.tobytes() for array in write.arrays.values()]
    except TypeError:
        return None
