"""The skorch net that keeps the books (callbacks, history, device, checkpoints) around an epoch loop of our own."""

import contextlib
import copy
import time
from typing import NamedTuple

import numpy as np
import torch
from sklearn.exceptions import ConvergenceWarning
from skorch import NeuralNet
from skorch.callbacks import Callback
from torch import nn

from vaekit._outputs import TRAINED_PARTS, StepInputs
from vaekit.engine._data import batch_bounds
from vaekit.engine._optimizer import FlatParameters, PhasedAdam
from vaekit.engine._step import run_step
from vaekit.exceptions import NonFiniteLossError
from vaekit.functional import linear_warmup
from vaekit.utils._torch import SeededRandomness, make_generator
from vaekit.utils._warnings import warn_user

__all__ = ["Net", "Plan"]

MOST_SETTLED_ROWS = 10_000  # rows whose errors decide what a likelihood has in closed form
BATCH_HOOKS = ("on_batch_begin", "on_batch_end", "on_grad_computed")


class Plan(NamedTuple):
    """How long training is meant to be, decided at the first fit: schedules are fractions of it."""

    n_steps: int
    warmup_steps: float
    n_components: int


class Net(NeuralNet):
    """Trains a latent variable model on resident rows.

    Parameters
    ----------
    module : LatentVariableModel
        Built and initialised.
    objective : Objective
        Gives the phases of a step and the noise it needs.
    plan : Plan
    generator : torch.Generator
        Decides permutations, noise, and whatever foreign modules draw.
    is_foreign : bool
        Whether the modules may draw random numbers of their own.
    inference_rows : int
        Rows per block of the validation pass.
    lr, batch_size, callbacks, device, verbose
        As in skorch.
    """

    def __init__(self, module, *, objective, plan, generator, is_foreign=False, inference_rows=1024, **kwargs):
        self.objective, self.plan, self.generator = objective, plan, generator
        self.is_foreign, self.inference_rows = is_foreign, inference_rows
        super().__init__(module, criterion=nn.Identity, train_split=None, **kwargs)

    @property
    def _default_callbacks(self):
        return []

    def initialize(self):
        """Build optimizer, callbacks and history around the module."""
        self.step_ = 0
        return super().initialize()

    def initialize_optimizer(self, triggered_directly=None):
        """One Adam per phase, fused where torch has it."""
        self.flat_ = FlatParameters(self.module_, TRAINED_PARTS)
        self.phases_ = [phase for phase in self.objective.phases() if self.flat_.holds(phase.parts)]
        slices = [self.flat_.of(phase.parts) for phase in self.phases_]
        self.parameters_ = [own for own, _ in slices]
        self.optimizer_ = PhasedAdam(
            [(weights, phase.optimizer) for (_, weights), phase in zip(slices, self.phases_)],
            lr=self.lr,
            fused=torch.device(self.device).type in ("cpu", "cuda"),
        )
        return self

    def __setstate__(self, state):
        """A pickle gives every tensor memory of its own: put the weights back under one buffer and its optimizer."""
        super().__setstate__(state)
        moments = self.optimizer_.state_dict()
        self.initialize_optimizer()
        self.optimizer_.load_state_dict(moments)

    # ------------------------------------------------------------------ what a failure must not change

    @contextlib.contextmanager
    def training_with(self, callbacks, learning_rate, batch_size):
        """Take such steps, have callbacks called inside; give back all that was before if anything goes wrong there."""
        self.callbacks = callbacks
        self._initialize_callbacks()
        state, optimizer = self._copied_state(), copy.deepcopy(self.optimizer_.state_dict())
        generator, n_epochs = self.generator.get_state(), len(self.history)
        before = {name: getattr(self, name) for name in ("step_", "lr", "batch_size")}
        try:
            self._set_learning_rate(learning_rate)
            self.batch_size = batch_size
            yield
        except BaseException:
            self._restore_state(state)
            self.optimizer_.load_state_dict(optimizer)
            self.generator.set_state(generator)
            vars(self).update(before)
            del self.history[n_epochs:]
            raise
        finally:
            self.callbacks, self.callbacks_ = [], []

    def _set_learning_rate(self, learning_rate):
        """Change the step size of phases that have none of their own, in proportion to what a scheduler made of it."""
        for phase, group in zip(self.phases_, self.optimizer_.param_groups):
            if "lr" not in phase.optimizer:
                group["lr"] *= learning_rate / self.lr
                group["initial_lr"] = learning_rate
        self.lr = learning_rate

    def _copied_state(self):
        """Copies of all weights and of the modules' buffers (a batch normalisation's statistics, say)."""
        return [tensor.clone() for tensor in (self.flat_.buffer, *self.module_.buffers())]

    def _restore_state(self, state):
        for tensor, kept in zip((self.flat_.buffer, *self.module_.buffers()), state):
            tensor.copy_(kept)

    # ------------------------------------------------------------------ the loop

    def fit_loop(self, X, y=None, epochs=1, *, valid=None, max_steps=None, **fit_params):
        """Train for some epochs, or until `max_steps` more steps are done."""
        last_step = np.inf if max_steps is None else self.step_ + max_steps
        datasets = {"dataset_train": X, "dataset_valid": valid}
        losses = {name: [row[name] for row in self.history if name in row] for name in ("train_loss", "valid_loss")}
        self.best_ = {name: np.nanmin(values) for name, values in losses.items() if values}
        for _ in range(epochs):
            if self.step_ >= last_step:
                break
            self.notify("on_epoch_begin", **datasets)
            started = time.perf_counter()
            try:
                is_finite = self._train_epoch(X, last_step)
                if valid is not None:
                    self._record_best("valid_loss", self._held_out_loss(valid))
            except KeyboardInterrupt:  # skorch ends training quietly, keeping what was learned
                del self.history[-1:]
                warn_user(f"Training was interrupted at step {self.step_}.", ConvergenceWarning)
                raise
            self.history.record("duration", time.perf_counter() - started)
            self.notify("on_epoch_end", **datasets)
            if not is_finite:
                break
        return self

    def _train_epoch(self, rows, last_step):
        """One pass over the rows; True if every term stayed finite."""
        self._set_training(True)
        first_step, safe = self.step_, self._copied_state()
        bounds = batch_bounds(len(rows), self.batch_size)[: int(min(last_step - self.step_, len(rows)))]
        records, observed, has_hooks = [], 0.0, self._has_batch_hooks()
        with SeededRandomness(self.generator) if self.is_foreign else contextlib.nullcontext():
            try:
                for inputs in self._inputs(rows, bounds):
                    terms = self._train_step(inputs, has_hooks)
                    records += [term.detach() for term in terms.values()]
                    observed = self._observed(observed, inputs.batches["first"].n_rows)
            except KeyboardInterrupt:
                if not torch.isfinite(self.flat_.buffer).all():
                    self._go_back(f"A weight was not finite at step {self.step_}", first_step, safe)
                raise
        names, records = list(terms), torch.stack(records).view(len(bounds), -1)
        weights = [stop - start for start, stop in bounds]
        is_finite = self._check(names, records.cpu().numpy(), weights, first_step, safe)
        if is_finite and observed is not None:
            self.module_.likelihood.settle(observed / sum(weights))
        self.history.record("train_batch_count", len(bounds))
        self.history[-1]["batches"][:-1] = []  # what batch callbacks wrote is over with the epoch
        return is_finite

    def _observed(self, total, n_rows):
        """Add what the likelihood saw in a step to the sum over an epoch's rows; None if it looks at nothing."""
        observed = self.module_.likelihood.observed
        return None if observed is None else total + n_rows * observed

    def _inputs(self, rows, bounds):
        """What each step of an epoch is handed: batches, noise, and the weights of its loss."""
        columns = self.objective.noise_columns(self.plan.n_components)
        orders = rows.orders(self.objective.draws, self.generator, is_one_batch=len(bounds) == 1)
        for start, stop in bounds:
            noise = {name: self._randn(stop - start, width, self.generator) for name, width in columns.items()}
            batches = {name: rows[order[start:stop]] for name, order in orders.items()}
            yield StepInputs(batches, noise, self._weights(), rows)

    def _weights(self):
        """The scalars of the loss at this step."""
        warmup = linear_warmup(self.step_, self.plan.warmup_steps)
        return {**self.objective.weights(self.step_, self.plan.n_steps), "warmup": warmup}

    def _randn(self, n_rows, n_columns, generator):
        """Noise of the weights' type, whatever torch's default is."""
        weights = self.flat_.buffer
        return torch.randn(n_rows, n_columns, generator=generator, device=generator.device, dtype=weights.dtype)

    def _train_step(self, inputs, has_hooks):
        """One step, with the callbacks' batch hooks around it only if some callback has them."""
        if not has_hooks:
            terms = run_step(self.module_, self.phases_, self.parameters_, self.optimizer_, inputs)
            self.step_ += 1
            return terms
        self.notify("on_batch_begin", batch=inputs.batches, training=True)
        terms = run_step(self.module_, self.phases_, self.parameters_, self.optimizer_, inputs, self._notify_gradients)
        self.step_ += 1
        self.history.record_batch("train_loss", terms["train"].item())
        self.notify("on_batch_end", batch=inputs.batches, training=True, loss=terms["train"], y_pred=None)
        return terms

    def _notify_gradients(self, parameters, gradients):
        """Let callbacks see, and clip, the gradients of one phase."""
        names = {parameter: name for name, parameter in self.module_.named_parameters()}
        for parameter, gradient in zip(parameters, gradients):
            parameter.grad = gradient
        self.notify("on_grad_computed", named_parameters=[(names[p], p) for p in parameters], training=True)
        for parameter in parameters:
            parameter.grad = None

    def _has_batch_hooks(self):
        return any(
            getattr(type(callback), hook) is not getattr(Callback, hook)
            for _, callback in self.callbacks_
            for hook in BATCH_HOOKS
        )

    def _held_out_loss(self, rows):
        """Mean validation loss per row, with the same noise every time."""
        self._set_training(False)
        generator, total = make_generator(0, rows.device), 0.0
        with torch.no_grad():
            for start, stop in batch_bounds(len(rows), self.inference_rows):
                noise = self._randn(stop - start, self.plan.n_components, generator)
                total += self.objective.held_out_loss(self.module_(rows[start:stop], noise)).sum()
        return float(total) / len(rows)

    def settle(self, rows):
        """Let the likelihood take what has a closed form from rows (evenly spaced, if many) under the weights now."""
        self._set_training(False)
        likelihood, generator = self.module_.likelihood, make_generator(0, rows.device)
        chosen = torch.from_numpy(np.linspace(0, len(rows) - 1, min(len(rows), MOST_SETTLED_ROWS)).astype(np.int64))
        total = 0.0
        with torch.no_grad():
            for start, stop in batch_bounds(len(chosen), self.inference_rows):
                x = rows[chosen[start:stop].to(rows.device)].x
                z = self.module_.encode(x).rsample(self._randn(len(x), self.plan.n_components, generator))
                statistics = likelihood.statistics(self.module_.decode(z), x)
                if statistics is None:
                    return
                total += len(x) * statistics
            likelihood.settle(total / len(chosen))

    # ------------------------------------------------------------------ the books

    def on_epoch_begin(self, net, dataset_train=None, dataset_valid=None, **kwargs):
        """Open a row of the history; one empty batch record, because checkpoints look for it."""
        super().on_epoch_begin(net, dataset_train, dataset_valid, **kwargs)
        self.history.new_batch()

    def _check(self, names, records, weights, first_step, safe):
        """Write an epoch's row-weighted means; on a term that is not finite go back to the last safe weights."""
        means = np.average(records, axis=0, weights=weights)
        self._record_best("train_loss", float(means[0]))
        for name, mean in zip(names[1:], means[1:]):
            self.history.record(name, float(mean))
        culprit = self._culprit(names, records, first_step)
        if culprit is None:
            return True
        self._go_back(culprit, first_step, safe)
        warn_user(
            f"{culprit}; training ended there and the weights of the epoch before were kept. "
            "Lower 'learning_rate' to train further.",
            ConvergenceWarning,
        )
        return False

    def _go_back(self, culprit, first_step, safe):
        """Return to the weights of the epoch before; without one, raise NonFiniteLossError."""
        self._restore_state(safe)
        self.optimizer_.forget()
        if first_step == 0:
            raise NonFiniteLossError(
                f"{culprit}; lower 'learning_rate', or check the scale of X ('standardize') and of the likelihood."
            )
        self.step_ = first_step

    def _culprit(self, names, records, first_step):
        """Name the first term that was not finite and its step, or None."""
        broken = ~np.isfinite(records)
        if broken.any():
            step = int(np.argmax(broken.any(axis=1)))
            # the loss stands first and is broken whenever a term is: name the term
            term = int(np.argmax(broken[step, 1:])) + 1 if broken[step, 1:].any() else 0
            name = names[term] if term else "loss"
            return f"The {name!r} term of the loss was {records[step, term]} at step {first_step + step}"
        if not torch.isfinite(self.flat_.buffer).all():
            return f"A gradient was not finite between steps {first_step} and {self.step_ - 1}"
        return None

    def _record_best(self, name, value):
        """Record a loss, and whether it is the lowest so far."""
        best = self.best_.get(name, np.inf)
        self.history.record(name, value)
        self.history.record(f"{name}_best", bool(value < best))
        self.best_[name] = min(best, value) if np.isfinite(value) else best
