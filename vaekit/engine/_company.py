"""Whether a net trains in company: its epochs are then taken together with those of other nets."""

import contextlib
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from vaekit.engine._callbacks import EarlyStop, EpochBar, EpochLog, EpochTasks, ScaleWatch
from vaekit.engine._data import ResidentRows
from vaekit.engine._kinds import is_a_function_of_tensors
from vaekit.engine._structure import structure_of
from vaekit.engine._traced import running

__all__ = ["Company", "Epoch", "in_company", "taken_in_company"]

OURS = {
    EarlyStop,
    EpochBar,
    EpochLog,
    EpochTasks,
    ScaleWatch,
}  # they look at a net, and change nothing of its structure


@dataclass(eq=False)
class Epoch:
    """An epoch that a net waits for.

    Attributes
    ----------
    net : Net
    rows : Rows
    bounds : list of (int, int)
        Of the batches.
    kind_of_step : callable
        `kind_of_step(rows, bounds)` returns what takes the net's steps alone.
    key : hashable
        Epochs of equal keys may be taken together.
    record : EpochRecord or None
        What came of it; None if the net is to take it alone.
    error : BaseException or None
        What went wrong, to be raised where the net is trained.
    """

    net: Any
    rows: Any
    bounds: list
    kind_of_step: Callable
    key: Any
    record: Any = None
    error: BaseException | None = None

    @property
    def n_steps_left(self):
        """Planned steps that are left, those of this epoch at least."""
        return max(self.net.plan.n_steps - self.net.step_, len(self.bounds))

    @property
    def n_steps_planned(self):
        """All planned steps."""
        return max(self.net.plan.n_steps, len(self.bounds))


class Company:
    """What stands between the nets of a thread and those that they train with.

    Parameters
    ----------
    wait : callable
        `wait(epoch)` returns once somebody has looked after it.
    """

    def __init__(self, wait):
        self.wait, self.is_stopped, self._net = wait, False, None
        self._known = None, None, None, None

    def stop(self):
        """Have what the thread trains now, and whatever it trains later, end as Ctrl-C ends it."""
        self.is_stopped = True
        if self._net is not None:
            self._net.held_.pressed = True

    def key_of(self, net, rows):
        """What the net has in common with those that it may train with; found once for a stage of a training."""
        *known, key = self._known
        if any(old is not new for old, new in zip(known, _training_of(net))):
            key = _key(net, rows)
            self._known = *_training_of(net), key
        return key and (key, tuple((group["betas"], group["eps"]) for group, _, _ in running(net)))

    def greet(self, net):
        """Know the net that is trained now."""
        self._net = net
        if self.is_stopped:
            self.stop()
        net.held_.release()


class _Here(threading.local):
    company = None


_here = _Here()


@contextlib.contextmanager
def in_company(company):
    """Have this thread's nets trained in company."""
    before, _here.company = _here.company, company
    try:
        yield
    finally:
        _here.company = before


def taken_in_company(net, rows, bounds, kind_of_step):
    """Return the record of an epoch that was taken together with others; None if the net is to take it alone."""
    if _here.company is None:
        return None
    _here.company.greet(net)
    key = _here.company.key_of(net, rows)
    if key is None:
        return None
    epoch = Epoch(net, rows, bounds, kind_of_step, key)
    _here.company.wait(epoch)
    net.held_.release()
    if epoch.error is not None:
        raise epoch.error
    return epoch.record


def _training_of(net):
    """What is another object in another training, or stage of it."""
    return net, net.callbacks_, net.stage_


def _key(net, rows):
    """What nets that train together have in common; None for one that trains alone.

    Convolutions of several models are slower together than one after the other on a CPU.
    """
    is_plain = net.flat_.buffer.device.type == "cpu" and not net.is_compiled and type(rows) is ResidentRows
    if not is_plain or not all(type(callback) in OURS for _, callback in net.callbacks_):
        return None
    if any(weights.ndim > 2 for weights in net.module_.parameters()) or not is_a_function_of_tensors(net):
        return None
    facts = tuple(None if fact is None else (fact.shape[1:], fact.dtype) for fact in rows[:1]._replace(weight=None))
    phases = [(phase.name, phase.parts, phase.loss) for phase in net.stage_.phases]
    return structure_of(net.module_, phases), facts
