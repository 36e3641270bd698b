"""What is found once for a training: a net's structure stays as it is, unless somebody else looks in between."""

from vaekit.engine._callbacks import EarlyStop, EpochBar, EpochLog, EpochTasks, ScaleWatch
from vaekit.engine._live_loss import LiveLoss

__all__ = ["has_own_callbacks_only", "once_in_training"]

OURS = {
    EarlyStop,
    EpochBar,
    EpochLog,
    EpochTasks,
    LiveLoss,
    ScaleWatch,
}  # they look at a net, and change nothing of its structure


def has_own_callbacks_only(net):
    """Whether nobody else is called while a net trains."""
    return all(type(callback) in OURS for _, callback in net.callbacks_)


def once_in_training(net, name, find):
    """What `find()` finds, for which a stage of a training is searched once; each time if others are called between.

    Parameters
    ----------
    net : Net
        Its `found_` is a dict while it trains.
    name : hashable
    find : callable
    """
    if net.found_ is None or not has_own_callbacks_only(net):
        return find()
    key = net.stage_.start, name
    if key not in net.found_:
        net.found_[key] = find()
    return net.found_[key]
