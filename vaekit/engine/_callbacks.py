"""Callbacks of our own: the best weights kept in memory, a bar that moves once per epoch."""

import copy
import sys

from skorch.callbacks import Callback
from tqdm import tqdm

__all__ = ["EarlyStop", "EpochBar"]


class EarlyStop(Callback):
    """Stop when the validation loss has not improved, and give back the weights of the best epoch, from memory.

    Parameters
    ----------
    n_iter_no_change : int
        Epochs without an improvement of more than `tol` after which training stops.
    tol : float
        Nats per row.
    first_step : int
        Epochs that end before this step do not count: while weights are still rising, the loss compares models that
        nobody asked for.
    """

    def __init__(self, n_iter_no_change, tol, first_step=0):
        self.n_iter_no_change, self.tol, self.first_step = n_iter_no_change, tol, first_step

    def on_train_begin(self, net, X=None, y=None, **kwargs):
        """Forget earlier runs."""
        self.best_, self.misses_, self.weights_ = float("inf"), 0, None

    def on_epoch_end(self, net, dataset_train=None, dataset_valid=None, **kwargs):
        """Compare with the best epoch so far."""
        if net.step_ < self.first_step:
            return
        loss = net.history[-1, "valid_loss"]
        self.misses_ = 0 if loss < self.best_ - self.tol else self.misses_ + 1
        if loss < self.best_:
            self.best_, self.weights_ = loss, copy.deepcopy(net.module_.state_dict())
        if self.misses_ >= self.n_iter_no_change:
            raise KeyboardInterrupt  # how a skorch callback ends training

    def on_train_end(self, net, X=None, y=None, **kwargs):
        """Restore the best epoch."""
        if self.weights_ is not None:
            net.module_.load_state_dict(self.weights_)
            self.weights_ = None


class EpochBar(Callback):
    """A progress bar over the epochs, on standard error."""

    def __init__(self, n_epochs, label):
        self.n_epochs, self.label = n_epochs, label

    def on_train_begin(self, net, X=None, y=None, **kwargs):
        """Open the bar."""
        self.bar_ = tqdm(total=self.n_epochs, desc=self.label, unit="epoch", file=sys.stderr)

    def on_epoch_end(self, net, dataset_train=None, dataset_valid=None, **kwargs):
        """Move it."""
        losses = {name: net.history[-1].get(name) for name in ("train_loss", "valid_loss")}
        self.bar_.set_postfix({name: f"{loss:.4g}" for name, loss in losses.items() if loss is not None})
        self.bar_.update()

    def on_train_end(self, net, X=None, y=None, **kwargs):
        """Close it."""
        self.bar_.close()

    def __getstate__(self):
        return {name: value for name, value in self.__dict__.items() if name != "bar_"}
