"""The way back: whole steps after an end amid an epoch, and sound weights where numbers were not finite."""

import contextlib
import math

import numpy as np
import torch
from sklearn.exceptions import ConvergenceWarning

from vaekit.engine._looking import drawn_means, held_out_losses
from vaekit.engine._snapshot import Snapshot
from vaekit.exceptions import NonFiniteLossError
from vaekit.utils._torch import make_generator
from vaekit.utils._warnings import warn_user

__all__ = ["Safety", "broken_term"]

DRAWS = "What the prior draws"


class Safety:
    """Keeps the weights of a net whole and finite, whatever ends its training.

    Parameters
    ----------
    net : Net
        Initialised; told to strike out, in its books, what did not come about.

    Attributes
    ----------
    went_back : bool
        Whether this training ended with a return to earlier weights.
    """

    def __init__(self, net):
        self.net, self.went_back = net, False
        self._starts = []  # of the last two epochs while it trains: states to go back to

    def begin(self):
        """Remember where this training starts."""
        self._starts, self.went_back = self._starts or [Snapshot(self.net)], False

    def begin_epoch(self):
        """Remember where this epoch starts, and the one before."""
        self._starts = [*self._starts[-1:], Snapshot(self.net)]

    @contextlib.contextmanager
    def around(self, before):
        """Whatever ends training inside passes on, with the net left whole.

        Before the first step is done, all is as it was; later, what was learned by the last whole step stays, and a
        warning says so.

        Parameters
        ----------
        before : dict
            Attributes of the net that are given back if no step was taken.
        """
        net = self.net
        self._starts, first_step, n_epochs = [Snapshot(net)], net.step_, len(net.history)
        try:
            yield
        except BaseException as failure:
            self._keep_what_was_learned()
            try:
                if net.step_ > first_step:
                    self.say_where_it_ended(failure)
            finally:  # a filter that makes the warning an error must not hide what happened
                if net.step_ <= first_step:
                    self._starts[0].restore(net)
                    vars(net).update(before)
                    del net.history[n_epochs:]
                raise failure
        finally:
            self._starts = []

    @contextlib.contextmanager
    def telling(self):
        """Whatever goes wrong inside, once training is over, passes on; a warning says that what was learned stays."""
        try:
            yield
        except BaseException as failure:
            try:
                self.say_where_it_ended(failure)
            finally:  # as above
                raise failure

    def keep_whole_steps(self):
        """After an end amid an epoch strike out its row; amid a step, go back to the start of the epoch."""
        self.net.strike_out_open_row()
        start = self._starts[-1]
        steps_of_phases = {self.net.step_ - start.step} if self.went_back else set(start.steps_since(self.net))
        if len(steps_of_phases) == 1:
            self.net.step_ = start.step + steps_of_phases.pop()
        else:
            start.restore(self.net)

    def _keep_what_was_learned(self):
        """Whole steps with finite weights; those of the best epoch, where there is one."""
        self.keep_whole_steps()
        if _flaw_of_weights(self.net):
            self._starts[-1].restore(self.net)
        self.net.end_own_callbacks()

    def say_where_it_ended(self, failure):
        """Warn at which step training was cut short."""
        is_interrupt = isinstance(failure, KeyboardInterrupt)
        how = "was interrupted at" if is_interrupt else f"was ended by {type(failure).__name__} after"
        warn_user(f"Training {how} step {self.net.step_}; what was learned by then is kept.", ConvergenceWarning)

    def judge(self, rows):
        """Go back if training ended with weights, or with a loss or draws under them, that are not finite."""
        flaw = None if self.went_back else self._flaw(rows)
        if flaw:
            self.go_back(f"{flaw} was not finite at step {self.net.step_}", rows)

    def is_sound(self, rows):
        """Whether training could come back to the net as it is."""
        return self._flaw(rows) is None

    def _flaw(self, rows):
        """Name what is not finite of weights, buffers, the held-out loss of a batch and as many draws, or None."""
        net = self.net
        batch = rows[: net.batch_size]
        return _flaw_of_weights(net) or _flaw_of_loss(net, batch) or _flaw_of_draws(net, batch)

    def go_back(self, fault, rows):
        """Return to weights that are sound, at the start of this epoch or the one before; without any, raise an error.

        Raises
        ------
        NonFiniteLossError
            If no epoch has succeeded yet, or the model of none of the two draws finite samples.
        """
        for start in reversed(self._starts):
            start.restore_weights(self.net)
            flaw = self._flaw(rows)
            if not flaw:
                break
        self.net.optimizer_.forget()
        self.went_back = True
        if self.net.step_ == 0 or flaw == DRAWS:
            raise NonFiniteLossError(
                f"{fault}; lower 'learning_rate', or check the scale of X ('standardize') and of the likelihood."
            )
        warn_user(
            f"{fault}; training ended there and the weights of the epoch before were kept. "
            "Lower 'learning_rate' to train further.",
            ConvergenceWarning,
        )


def _flaw_of_weights(net):
    numbers = [net.flat_.buffer, *(buffer for buffer in net.module_.buffers() if buffer.is_floating_point())]
    return None if all(bool(torch.isfinite(tensor).all()) for tensor in numbers) else "A weight"


def _flaw_of_loss(net, batch):
    """The loss of the last step was that of the weights before it."""
    losses = held_out_losses(net, batch, make_generator(0, batch.x.device))
    return None if bool(torch.isfinite(losses).all()) else "The loss under the weights"


def _flaw_of_draws(net, batch):
    """A density that is finite does not tell of them: it divides by a scale that they are multiplied by."""
    means = drawn_means(net, batch, make_generator(0, batch.x.device))
    return None if bool(torch.isfinite(means).all()) else DRAWS


def broken_term(record, weights, first_step):
    """Name the first term of an epoch's record that was not finite, with its step; or None.

    Parameters
    ----------
    record : EpochRecord
    weights : Tensor
        As they are after the epoch: a gradient that was not finite is found in them.
    first_step : int
        Number of the epoch's first step.
    """
    broken = ~np.isfinite(record.values)
    if broken.any():
        step = int(np.argmax(broken.any(axis=1)))
        # the loss stands first and is broken whenever a term is: name the term
        term = int(np.argmax(broken[step, 1:])) + 1 if broken[step, 1:].any() else 0
        name = record.names[term] if term else "loss"
        return f"The {name!r} term of the loss was {record.values[step, term]} at step {first_step + step}"
    if not (math.isfinite(weights.sum()) or torch.isfinite(weights).all()):  # a finite sum is one of finite numbers
        return f"A gradient was not finite between steps {first_step} and {first_step + len(broken) - 1}"
    return None
