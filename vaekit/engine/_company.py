"""Whether a net trains in company: its epochs are then taken together with those of other nets."""

import contextlib
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from vaekit.engine import _kinds
from vaekit.engine._convolutions import convolves, has_convolutions
from vaekit.engine._data import ResidentRows
from vaekit.engine._kinds import is_a_function_of_tensors, kind_of_step, structure_in_training
from vaekit.engine._once import has_own_callbacks_only
from vaekit.engine._traced import running

__all__ = ["Company", "Epoch", "in_company", "stored_once", "taken_in_company"]


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
    key : tuple
        Epochs of equal keys may be taken together: as a "program" or as "branches", which stands first.
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
    store : Store
        Of the rows of all that train together.
    """

    def __init__(self, wait, store):
        self.wait, self.store, self.is_stopped, self._net = wait, store, False, None
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
        if key is None or key[0] == "branches":
            return key
        return *key, tuple((group["betas"], group["eps"]) for group, _, _ in running(net))

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


def stored_once(tensor):
    """The tensor in which rows that are equal are held by all that train together; this one alone."""
    return tensor if _here.company is None else _here.company.store.one_of(tensor)


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
    """What nets that train together have in common, first how they do it; None for one that trains alone."""
    if type(rows) is not ResidentRows or not has_own_callbacks_only(net):
        return None
    how = how_together(net)
    if how == "branches":
        return how, net.flat_.buffer.device, net.batch_size
    if how is None:
        return None
    facts = tuple(None if fact is None else (fact.shape[1:], fact.dtype) for fact in rows[:1]._replace(weight=None))
    return how, structure_in_training(net), facts, net.precision


def how_together(net):
    """Return "program", "branches" (on a CUDA device) or None, for a net that trains alone.

    Convolutions of several models are slower together than one after the other on a CPU. Elsewhere they are part of a
    program if all of them can be taken for many models at once, and branches of a graph if not.
    """
    device, is_small = net.flat_.buffer.device, not has_convolutions(net.module_)
    if device.type not in _kinds.CAPTURING:
        is_plain = device.type == "cpu" and is_small and not net.is_compiled and net.precision == "float32"
        return "program" if is_plain and is_a_function_of_tensors(net) else None
    if is_a_function_of_tensors(net) and (is_small or convolves(net.module_, device)):
        return "program"
    return "branches" if kind_of_step(net, has_batch_hooks=False) == "captured" else None
