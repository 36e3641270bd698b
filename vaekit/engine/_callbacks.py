"""Callbacks of our own: the best weights kept in memory, a bar that moves once per epoch, a line per epoch."""

import copy
import logging
import sys

from skorch.callbacks import Callback
from tqdm import tqdm

__all__ = ["EarlyStop", "EpochBar", "EpochLog", "EpochTasks", "Own", "ScaleWatch", "has_stopped"]

LOSSES = ("train_loss", "valid_loss")


class Own(Callback):
    """A callback whose `on_train_end` is called even if training fails, and may be called twice."""


class EarlyStop(Own):
    """Stop when the validation loss has not improved, and give back the weights of the best epoch, from memory.

    What it remembers, it keeps in `net.stopping_`, so that training in parts stops where training at once would.

    Parameters
    ----------
    n_iter_no_change : int
        Epochs without an improvement of more than `tol` after which training stops.
    tol : float
        Nats per row.
    first_step : int
        Epochs that end before this step do not count: while weights are still rising, the loss compares models that
        nobody asked for.
    is_part : bool
        Whether more calls may follow: then what is remembered outlives this one, and the best weights are given back
        only when training stops.
    """

    def __init__(self, n_iter_no_change, tol, first_step=0, is_part=False):
        self.n_iter_no_change, self.tol, self.first_step, self.is_part = n_iter_no_change, tol, first_step, is_part

    def on_train_begin(self, net, X=None, y=None, **kwargs):
        """Forget earlier runs, but not earlier parts of this one."""
        if not self.is_part or net.stopping_ is None:
            net.stopping_ = {"best": float("inf"), "misses": 0, "weights": None}

    def on_epoch_end(self, net, dataset_train=None, dataset_valid=None, **kwargs):
        """Compare with the best epoch so far."""
        if net.step_ < self.first_step:
            return
        loss, so_far = net.history[-1]["valid_loss"], dict(net.stopping_)
        so_far["misses"] = 0 if loss < so_far["best"] - self.tol else so_far["misses"] + 1
        if loss < so_far["best"]:
            so_far |= {"best": loss, "weights": copy.deepcopy(dict(net.module_.state_dict()))}
        net.stopping_ = so_far
        if has_stopped(net, self.n_iter_no_change):
            raise KeyboardInterrupt  # how a skorch callback ends training

    def on_train_end(self, net, X=None, y=None, **kwargs):
        """Restore the best epoch, unless more parts may follow."""
        so_far = net.stopping_
        if so_far is None or (self.is_part and not has_stopped(net, self.n_iter_no_change)):
            return
        if so_far["weights"] is not None:
            net.module_.load_state_dict(so_far["weights"])
        net.stopping_ = {**so_far, "weights": None} if self.is_part else None


def has_stopped(net, n_iter_no_change):
    """Whether early stopping has ended training in parts."""
    return net.stopping_ is not None and net.stopping_["misses"] >= n_iter_no_change


class EpochBar(Own):
    """A progress bar over the epochs on standard error, if somebody is there to see it move."""

    def __init__(self, n_epochs, label):
        self.n_epochs, self.label = n_epochs, label

    def on_train_begin(self, net, X=None, y=None, **kwargs):
        """Open the bar."""
        self.bar_ = tqdm(
            total=self.n_epochs, desc=self.label, unit="epoch", file=sys.stderr, disable=not _is_watched(sys.stderr)
        )

    def on_epoch_end(self, net, dataset_train=None, dataset_valid=None, **kwargs):
        """Move it."""
        losses = {name: net.history[-1].get(name) for name in LOSSES}
        self.bar_.set_postfix({name: f"{loss:.4g}" for name, loss in losses.items() if loss is not None})
        self.bar_.update()

    def on_train_end(self, net, X=None, y=None, **kwargs):
        """Close it."""
        if "bar_" in vars(self):
            self.bar_.close()


def _is_watched(stream):
    """Whether a stream is a terminal, or the output of a notebook's cell (which says it is none)."""
    return stream.isatty() or type(stream).__module__.partition(".")[0] == "ipykernel"


class EpochLog(Callback):
    """A plain line per epoch to the logger `vaekit`, at level INFO."""

    def __init__(self, label):
        self.label = label

    def on_epoch_end(self, net, dataset_train=None, dataset_valid=None, **kwargs):
        """Write it: losses, terms and seconds."""
        skipped = ("epoch", "batches", "train_batch_count")
        row = net.history[-1]
        terms = {name: value for name, value in row.items() if name not in skipped and not isinstance(value, bool)}
        words = " ".join(f"{name}={value:.6g}" for name, value in terms.items() if isinstance(value, (int, float)))
        logging.getLogger("vaekit").info("%s epoch %d step %d %s", self.label, row["epoch"], net.step_, words)


class EpochTasks(Callback):
    """Every epoch as a task of scikit-learn's callbacks, which may end training.

    Parameters
    ----------
    begin, end : callable
        `begin()` returns a task; `end(task, rows)`, with the training rows, returns whether training shall stop.
    """

    def __init__(self, begin, end):
        self.begin, self.end = begin, end

    def on_epoch_begin(self, net, dataset_train=None, dataset_valid=None, **kwargs):
        """Open a task."""
        self.task_ = self.begin()

    def on_epoch_end(self, net, dataset_train=None, dataset_valid=None, **kwargs):
        """Close it, and stop if it says so."""
        if self.end(self.task_, dataset_train):
            raise KeyboardInterrupt


class ScaleWatch(Callback):
    """Keeps the mean of the likelihood's learned log-scale after every epoch, in `net.log_scales_`."""

    def on_epoch_end(self, net, dataset_train=None, dataset_valid=None, **kwargs):
        """Write it down."""
        scales = [p.detach().mean() for p in net.module_.likelihood.parameters()]
        net.log_scales_ = [*net.log_scales_, float(sum(scales))]
