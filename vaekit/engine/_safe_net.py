"""What a net must not lose: pickles of all of it, the way back from failures and from numbers that are not finite."""

import contextlib
import copy
import math

import torch
from sklearn.exceptions import ConvergenceWarning
from skorch import NeuralNet
from skorch.history import History

from vaekit._outputs import TRAINED_PARTS
from vaekit.engine._callbacks import Own
from vaekit.engine._data import batch_bounds
from vaekit.engine._optimizer import FlatParameters, PhasedAdam
from vaekit.engine._snapshot import Snapshot
from vaekit.engine._stages import planned
from vaekit.exceptions import NonFiniteLossError
from vaekit.utils._torch import make_generator
from vaekit.utils._warnings import warn_user

__all__ = ["SafeNet"]

REBUILT = ("module", "flat_", "phases_", "stages_", "stage_", "parameters_", "held_", "starts_")  # left out of pickles


class Books(History):
    """A history whose last row is found at the same cost however many there are."""

    def __getitem__(self, i):
        return list.__getitem__(self, i) if isinstance(i, int) else super().__getitem__(i)


class SafeNet(NeuralNet):
    """A net whose weights are whole, finite and told from the callbacks that look at them, whatever happens.

    `starts_` are the starts of the last two epochs while it trains: states to go back to.
    """

    @property
    def _default_callbacks(self):
        return []

    def initialize(self):
        """Build optimizer, callbacks and history around the module."""
        self.step_, self.starts_, self.went_back_, self.was_ended_, self.stopping_ = 0, [], False, False, None
        self.log_scales_, self.untrained_ = [], math.inf
        return super().initialize()

    def initialize_history(self):
        """Open empty books."""
        self.history_, self.best_ = Books(), None

    def initialize_optimizer(self, triggered_directly=None):
        """One Adam per phase of every stage, fused where torch has it."""
        stages = self.objective.stages()
        together = [phase.parts for stage in stages for phase in stage.phases]
        self.flat_ = FlatParameters(self.module_, TRAINED_PARTS, together)
        self.stages_ = planned(stages, self.flat_.holds, self.plan.n_steps)
        self.stage_, self.phases_ = self.stages_[0], [phase for stage in self.stages_ for phase in stage.phases]
        slices = [self.flat_.of(phase.parts) for phase in self.phases_]
        self.parameters_ = [own for own, _ in slices]
        self.optimizer_ = PhasedAdam(
            [(weights, phase.optimizer) for (_, weights), phase in zip(slices, self.phases_)],
            lr=self.lr,
            fused=torch.device(self.device).type in ("cpu", "cuda"),
        )
        return self

    def __getstate__(self):
        """A pickle holds each weight once, and no callbacks: those may hold files, and belong to a single fit."""
        twin = object.__new__(type(self))
        vars(twin).update({name: value for name, value in vars(self).items() if name not in REBUILT})
        # deep copies of parameters have memory of their own; views would be written with the whole buffer, each
        vars(twin).update(module_=copy.deepcopy(self.module_), optimizer_=self.optimizer_.state_dict())
        vars(twin).update(callbacks=[], callbacks_=[])
        return NeuralNet.__getstate__(twin)

    def __setstate__(self, state):
        """Put the weights back under one buffer and its optimizer."""
        super().__setstate__(state)
        self.module, self.starts_, moments = self.module_, [], self.optimizer_
        self.initialize_optimizer()
        self.optimizer_.load_state_dict(moments)

    def load_params(self, *args, **kwargs):
        """As skorch does; a history that is loaded says how many steps were done."""
        before = self.history
        super().load_params(*args, **kwargs)
        if self.history is not before:
            self.step_, self.best_ = sum(row.get("train_batch_count", 0) for row in self.history), None

    # ------------------------------------------------------------------ what a failure must not change

    @contextlib.contextmanager
    def training_with(self, callbacks, learning_rate, batch_size):
        """Take such steps, have callbacks called inside.

        Whatever ends training there passes on: before the first step is done, all is as it was; later, what was learned
        by the last whole step stays, and a warning says so.
        """
        self.starts_, first_step, n_epochs = [Snapshot(self)], self.step_, len(self.history)
        before = {name: getattr(self, name) for name in ("lr", "batch_size", "best_", "stage_", "stopping_")}
        try:
            self.callbacks = callbacks
            self._initialize_callbacks()
            self._set_learning_rate(learning_rate)
            self.batch_size = batch_size
            yield
        except BaseException as failure:
            self._keep_what_was_learned()
            try:
                if self.step_ > first_step:
                    self._say_where_it_ended(failure)
            finally:  # a filter that makes the warning an error must not hide what happened
                if self.step_ <= first_step:
                    self.starts_[0].restore(self)
                    vars(self).update(before)
                    del self.history[n_epochs:]
                raise failure
        finally:
            self.callbacks, self.callbacks_, self.starts_ = [], [], []

    def _keep_what_was_learned(self):
        """Whole steps with finite weights; those of the best epoch, where there is one."""
        self._keep_whole_steps()
        if self._flaw_of_weights():
            self.starts_[-1].restore(self)
        for _, callback in self.callbacks_:
            if isinstance(callback, Own):
                callback.on_train_end(self)

    def _keep_whole_steps(self):
        """After an end amid an epoch strike out its row; amid a step, go back to the start of the epoch."""
        self._close_books()
        start = self.starts_[-1]
        steps_of_phases = {self.step_ - start.step} if self.went_back_ else set(start.steps_since(self))
        if len(steps_of_phases) == 1:
            self.step_ = start.step + steps_of_phases.pop()
        else:
            start.restore(self)

    def _say_where_it_ended(self, failure):
        is_interrupt = isinstance(failure, KeyboardInterrupt)
        how = "was interrupted at" if is_interrupt else f"was ended by {type(failure).__name__} after"
        warn_user(f"Training {how} step {self.step_}; what was learned by then is kept.", ConvergenceWarning)

    def _set_learning_rate(self, learning_rate):
        """Change the step size of phases that have none of their own, in proportion to what a scheduler made of it."""
        for phase, group in zip(self.phases_, self.optimizer_.param_groups):
            if "lr" not in phase.optimizer:
                group["lr"] *= learning_rate / self.lr
                group["initial_lr"] = learning_rate
        self.lr = learning_rate

    def _close_books(self):
        """Strike out the row of an epoch that did not come to its end."""
        if len(self.history) and "duration" not in self.history[-1]:
            del self.history[-1:]

    # ------------------------------------------------------------------ what is not finite

    def _judge(self, rows):
        """Go back if training ended with weights, or with a loss under them, that are not finite."""
        flaw = None if self.went_back_ else self._flaw(rows)
        if flaw:
            self._go_back(f"{flaw} was not finite at step {self.step_}", rows)

    def _flaw(self, rows):
        """Name what is not finite of weights, buffers, and the held-out loss of a batch, or None."""
        return self._flaw_of_weights() or self._flaw_of_loss(rows[: self.batch_size])

    def _flaw_of_loss(self, batch):
        """The loss of the last step was that of the weights before it."""
        self._set_training(False)
        losses = self._held_out_losses(batch, make_generator(0, batch.x.device))
        return None if bool(torch.isfinite(losses).all()) else "The loss under the weights"

    def _flaw_of_weights(self):
        numbers = [self.flat_.buffer, *(buffer for buffer in self.module_.buffers() if buffer.is_floating_point())]
        return None if all(bool(torch.isfinite(tensor).all()) for tensor in numbers) else "A weight"

    def _go_back(self, fault, rows):
        """Return to weights that are sound, at the start of this epoch or the one before; without any, raise an error.

        Raises
        ------
        NonFiniteLossError
            If no epoch has succeeded yet.
        """
        for start in reversed(self.starts_):
            start.restore_weights(self)
            if not self._flaw(rows):
                break
        self.optimizer_.forget()
        self.went_back_ = True
        if self.step_ == 0:
            raise NonFiniteLossError(
                f"{fault}; lower 'learning_rate', or check the scale of X ('standardize') and of the likelihood."
            )
        warn_user(
            f"{fault}; training ended there and the weights of the epoch before were kept. "
            "Lower 'learning_rate' to train further.",
            ConvergenceWarning,
        )

    def _held_out_loss(self, rows):
        """Mean validation loss per row, with the same noise every time."""
        self._set_training(False)
        generator, total = make_generator(0, rows.device), 0.0
        for start, stop in batch_bounds(len(rows), self.inference_rows):
            total += self._held_out_losses(rows[start:stop], generator).sum()
        return float(total) / len(rows)

    def _held_out_losses(self, batch, generator):
        noise = self._randn(batch.n_rows, self.objective.held_out_noise(self.noise_widths), generator)
        with torch.no_grad():
            return self.objective.held_out_losses(self.module_, batch, noise)

    def _randn(self, n_rows, n_columns, generator):
        """Noise of the weights' type, whatever torch's default is."""
        weights = self.flat_.buffer
        return torch.randn(n_rows, n_columns, generator=generator, device=generator.device, dtype=weights.dtype)
