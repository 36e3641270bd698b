"""The skorch net that keeps the books (callbacks, history, device, checkpoints) around an epoch loop of our own."""

import contextlib
import itertools
import time
from typing import NamedTuple

import numpy as np
import torch
from skorch.callbacks import Callback
from torch import nn

from vaekit._outputs import StepInputs
from vaekit.engine._data import batch_bounds
from vaekit.engine._interrupts import HeldInterrupt, came_by_signal
from vaekit.engine._safe_net import SafeNet
from vaekit.engine._snapshot import Snapshot
from vaekit.engine._stages import stage_at
from vaekit.engine._step import run_step
from vaekit.functional import linear_warmup
from vaekit.priors import Prior
from vaekit.utils._torch import SeededRandomness, make_generator

__all__ = ["Net", "Plan"]

BATCH_HOOKS = ("on_batch_begin", "on_batch_end", "on_grad_computed")


class Plan(NamedTuple):
    """How long training is meant to be, decided at the first fit: schedules are fractions of it."""

    n_steps: int
    warmup_steps: float
    n_components: int


class Net(SafeNet):
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
    def has_learned_scale(self):
        """Whether the likelihood's scale is found step by step."""
        return any(True for _ in self.module_.likelihood.parameters())

    @property
    def noise_widths(self):
        """How much noise the model's draws take."""
        return self.module_.noise_widths(self.plan.n_components)

    # ------------------------------------------------------------------ the loop

    def partial_fit(self, X, y=None, classes=None, **how_long):
        """Train until the end, or until a callback or the user ends it; then judge what came out.

        A callback ends training by raising KeyboardInterrupt, as skorch has it. Ctrl-C is an interrupt of whatever
        calls this (a search, say), and passes on.
        """
        self.starts_, self.went_back_, self.was_ended_ = self.starts_ or [Snapshot(self)], False, False
        self.log_scales_ = []
        with HeldInterrupt() as self.held_:
            try:
                came_to_a_stop = self._train(X, y, **how_long)
                self.notify("on_train_end", X=X, y=y)
                self._judge(X)
            finally:
                self.held_.release()
        if not came_to_a_stop:
            self._say_where_it_ended(KeyboardInterrupt())
        return self

    def _train(self, X, y, **how_long):
        """Train; False if it was ended amid an epoch."""
        self.notify("on_train_begin", X=X, y=y)
        try:
            self.fit_loop(X, y, **how_long)
        except KeyboardInterrupt as interrupt:
            self.held_.pressed |= came_by_signal(interrupt)
            self.was_ended_ = True
            n_epochs = len(self.history)
            self._keep_whole_steps()
            return len(self.history) == n_epochs
        return True

    def fit_loop(self, X, y=None, epochs=1, *, valid=None, max_steps=None, **fit_params):
        """Train for some epochs, or until `max_steps` more steps are done."""
        last_step = np.inf if max_steps is None else self.step_ + max_steps
        datasets = {"dataset_train": X, "dataset_valid": valid}
        for _ in range(epochs):
            if self.step_ >= last_step:
                break
            self.notify("on_epoch_begin", **datasets)
            self._refuse_frozen_weights()
            started = time.perf_counter()
            is_finite = self._train_epoch(X, last_step)
            if valid is not None:
                self._record_best("valid_loss", self._held_out_loss(valid))
            self.history.record("duration", time.perf_counter() - started)
            self.notify("on_epoch_end", **datasets)
            self.held_.release()
            if not is_finite:
                break
        return self

    def _train_epoch(self, rows, last_step):
        """One pass over the rows; True if every term stayed finite."""
        self._set_training(True)
        self.starts_ = [*self.starts_[-1:], Snapshot(self)]
        self._enter_stage()
        first_step = self.step_
        bounds = batch_bounds(len(rows), self.batch_size)[: int(min(last_step - self.step_, len(rows)))]
        records, observed, has_hooks = [], 0.0, self._has_batch_hooks()
        with SeededRandomness(self.generator) if self.is_foreign else contextlib.nullcontext():
            for inputs in self._inputs(rows, bounds):
                terms, seen = self._train_step(inputs, has_hooks)
                records += [term.detach() for term in terms.values()]
                observed = None if seen is None else observed + inputs.batches["first"].n_rows * seen
                self.held_.release()
        names, records = list(terms), torch.stack(records).view(len(bounds), -1)
        weights = [stop - start for start, stop in bounds]
        fault = self._record_means(names, records.cpu().numpy(), weights, first_step)
        if fault is not None:
            self._go_back(fault, rows)
        elif observed is not None:
            self.module_.likelihood.settle(observed / sum(weights))
        self.history.record("train_batch_count", len(bounds))
        self.history[-1]["batches"][:-1] = []  # what batch callbacks wrote is over with the epoch
        return fault is None

    def _enter_stage(self):
        """Run what is due from this epoch on; losses of another stage are no measure for its own."""
        due = stage_at(self.stages_, self.step_)
        self.best_, self.stage_ = self.best_ if due is self.stage_ else None, due

    def _inputs(self, rows, bounds):
        """What each step of an epoch is handed: batches, noise, and the weights of its loss."""
        columns = self.objective.noise_columns(self.noise_widths)
        orders = rows.orders(self.objective.draws, self.generator, is_one_batch=len(bounds) == 1)
        for start, stop in bounds:
            noise = {name: self._randn(stop - start, width, self.generator) for name, width in columns.items()}
            batches = {name: rows[order[start:stop]] for name, order in orders.items()}
            yield StepInputs(batches, noise, self._weights(), rows)

    def _weights(self):
        """The scalars of the loss at this step."""
        warmup = linear_warmup(self.step_, self.plan.warmup_steps)
        return {**self.objective.weights(self.step_, self.plan.n_steps), "warmup": warmup}

    def _train_step(self, inputs, has_hooks):
        """One step, with the callbacks' batch hooks around it only if some callback has them."""
        if not has_hooks:
            result = self._run_step(inputs)
            self.step_ += 1
            return result
        batch = tuple(some.x for some in inputs.batches.values())
        self.notify("on_batch_begin", batch=batch, training=True)
        result = self._run_step(inputs, self._notify_gradients)
        self.step_ += 1
        loss = result.terms["train"]
        self.history.record_batch("train_loss", loss.item())
        self.notify("on_batch_end", batch=batch, training=True, loss=loss, y_pred=None)
        return result

    def _run_step(self, inputs, on_gradients=None):
        """One step of the stage that is running."""
        _, own, phases = self.stage_
        parameters = self.parameters_[own]
        return run_step(self.module_, phases, parameters, self.optimizer_, inputs, on_gradients, first=own.start)

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

    def _refuse_frozen_weights(self):
        frozen = {id(p): p.requires_grad_(True) for own in self.parameters_ for p in own if not p.requires_grad}
        for name, parameter in self.module_.named_parameters() if frozen else ():
            if id(parameter) in frozen:
                raise ValueError(
                    f"The 'callbacks' parameter holds one that froze {name!r}, and weights cannot be frozen while they "
                    "are trained; freeze them before, in a module of your own (Custom, requires_grad=False)."
                )

    def settle(self, rows):
        """Let the likelihood take what has a closed form from rows as the weights now reconstruct them."""
        self._set_training(False)
        likelihood, generator = self.module_.likelihood, make_generator(0, rows.device)
        width, total = self.objective.held_out_noise(self.noise_widths), 0.0
        with torch.no_grad():
            for start, stop in batch_bounds(len(rows), self.inference_rows):
                batch = rows[start:stop]
                noise = self._randn(batch.n_rows, width, generator)
                codes = self.objective.explaining_codes(self.module_, batch, noise)
                statistics = likelihood.statistics(self.module_.decode(codes), batch.x)
                if statistics is None:
                    return
                total += batch.n_rows * statistics
            likelihood.settle(total / len(rows))

    def finish(self, rows):
        """Let the prior take what it finds in codes of some rows, if it looks for anything."""
        prior, generator = self.module_.prior, make_generator(0, rows.device)
        if type(prior).finish is Prior.finish:
            return
        self._set_training(False)
        with torch.no_grad():
            bounds = batch_bounds(len(rows), self.inference_rows)
            codes = [self._codes(rows[start:stop].x, generator) for start, stop in bounds]
        prior.finish(torch.cat(codes))

    def _codes(self, x, generator):
        """A draw of q(z | x) for each row."""
        return self.module_.encode(x).rsample(self._randn(len(x), self.noise_widths.posterior, generator))

    # ------------------------------------------------------------------ the books

    def on_epoch_begin(self, net, dataset_train=None, dataset_valid=None, **kwargs):
        """Open a row of the history; one empty batch record, because checkpoints look for it."""
        super().on_epoch_begin(net, dataset_train, dataset_valid, **kwargs)
        self.history.new_batch()

    def _record_means(self, names, records, weights, first_step):
        """Write an epoch's row-weighted means; return what was not finite in it, or None."""
        if first_step == 0:
            self.untrained_ = float(dict(zip(names, records[0])).get("reconstruction", np.inf))
        means = np.average(records, axis=0, weights=weights)
        self._record_best("train_loss", float(means[0]))
        for name, mean in zip(names[1:], means[1:]):
            self.history.record(name, float(mean))
        return self._first_non_finite(names, records, first_step)

    def _first_non_finite(self, names, records, first_step):
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
        if self.best_ is None:  # a history that was loaded, or a new stage
            rows = self._rows_of_stage()
            losses = {loss: [row[loss] for row in rows if loss in row] for loss in ("train_loss", "valid_loss")}
            self.best_ = {loss: np.nanmin(values) for loss, values in losses.items() if values}
        best = self.best_.get(name, np.inf)
        self.history.record(name, value)
        self.history.record(f"{name}_best", bool(value < best))
        self.best_ = {**self.best_, name: min(best, value) if np.isfinite(value) else best}

    def _rows_of_stage(self):
        """Rows of the history that the stage that is running wrote."""
        counts = [row.get("train_batch_count", 0) for row in self.history]
        starts = itertools.accumulate(counts, initial=0)
        return [row for row, start in zip(self.history, starts) if start >= self.stage_.start]
