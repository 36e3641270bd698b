"""The skorch net that keeps the books: callbacks, history, device, checkpoints and pickles around a loop of our own."""

import contextlib
import copy
import math
import time

import numpy as np
import torch
from skorch import NeuralNet
from torch import nn

from vaekit._outputs import TRAINED_PARTS
from vaekit.engine._books import Books, lowest_losses, record_loss, strike_out_open_row
from vaekit.engine._callbacks import Own
from vaekit.engine._captured import keep_graph_of_last
from vaekit.engine._company import taken_in_company
from vaekit.engine._data import batch_bounds
from vaekit.engine._interrupts import HeldInterrupt, came_by_signal
from vaekit.engine._looking import finish_prior, held_out_loss, settle_likelihood
from vaekit.engine._loop import run_epoch
from vaekit.engine._optimizer import FlatParameters, PhasedAdam
from vaekit.engine._ranks import SharedRows, ranks_here
from vaekit.engine._safety import Safety, broken_term
from vaekit.engine._stages import Plan, planned, stage_at
from vaekit.engine._taking import taker_of_steps
from vaekit.engine._user_callbacks import refuse_frozen_weights
from vaekit.engine._written import WritingNet, WrittenFiles

__all__ = ["Net", "Plan"]

# left out of pickles
REBUILT = (
    "module", "flat_", "phases_", "stages_", "stage_", "parameters_", "held_", "safety_", "graph_", "found_", "written_"
)  # fmt: skip


class Net(WritingNet):
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
    is_compiled : bool
        Whether steps that can be are compiled. (skorch's `compile` is another thing: it compiles modules.)
    lr, batch_size, callbacks, device, verbose
        As in skorch.

    Attributes
    ----------
    step_ : int
        Steps taken.
    stages_, stage_ : list of PlannedStage, PlannedStage
        What runs when, and what is running.
    phases_, parameters_ : list of Phase, list of list of Parameter
        Those of all stages.
    was_ended_, went_back_ : bool
        Whether a callback or a user, and whether numbers that were not finite, ended the last training.
    """

    def __init__(
        self, module, *, objective, plan, generator, is_foreign=False, inference_rows=1024, is_compiled=False, **kwargs
    ):
        self.objective, self.plan, self.generator = objective, plan, generator
        self.is_foreign, self.inference_rows, self.is_compiled = is_foreign, inference_rows, is_compiled
        super().__init__(module, criterion=nn.Identity, train_split=None, **kwargs)

    precision = "float32"  # what the networks compute in while they are trained
    found_ = None  # what is found once for a training, while there is one

    @property
    def _default_callbacks(self):
        return []

    @property
    def has_learned_scale(self):
        """Whether the likelihood's scale is found step by step."""
        names = (name for name, _ in self.module_.likelihood.named_parameters())
        return any(not name.endswith("log_dispersion") for name in names)

    @property
    def noise_widths(self):
        """How much noise the model's draws take."""
        return self.module_.noise_widths(self.plan.n_components)

    @property
    def went_back_(self):
        """Whether training ended with a return to earlier weights."""
        return self.safety_.went_back

    # ------------------------------------------------------------------ building

    def initialize(self):
        """Build optimizer, callbacks and history around the module."""
        self.step_, self.was_ended_, self.stopping_ = 0, False, None
        self.log_scales_, self.untrained_, self.safety_ = [], math.inf, Safety(self)
        self.written_ = WrittenFiles(self)
        return super().initialize()

    def initialize_history(self):
        """Open empty books."""
        self.history_, self.best_ = Books(), None

    def initialize_optimizer(self, triggered_directly=None):
        """One Adam per phase of every stage, fused where torch has it."""
        self.graph_ = None  # of a step that was captured
        stages = self.objective.stages_for(self.module_.prior)
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
        self.module, self.safety_, moments = self.module_, Safety(self), self.optimizer_
        self.written_ = WrittenFiles(self)
        self.initialize_optimizer()
        self.optimizer_.load_state_dict(moments)

    # ------------------------------------------------------------------ training

    @contextlib.contextmanager
    def training_with(self, callbacks, learning_rate, batch_size):
        """Take such steps, have callbacks called inside.

        Whatever ends training there passes on: before the first step is done, all is as it was; later, what was learned
        by the last whole step stays, and a warning says so.
        """
        before = {name: getattr(self, name) for name in ("lr", "batch_size", "best_", "stage_", "stopping_")}
        try:
            with self.safety_.around(before):
                self.callbacks = callbacks
                self._initialize_callbacks()
                self._set_learning_rate(learning_rate)
                self.batch_size = batch_size
                yield
        finally:
            self.callbacks, self.callbacks_, self.written_.copies = [], [], {}
            keep_graph_of_last(self)

    def _set_learning_rate(self, learning_rate):
        """Change the step size of phases that have none of their own, in proportion to what a scheduler made of it."""
        for phase, group in zip(self.phases_, self.optimizer_.param_groups):
            if "lr" not in phase.optimizer:
                group["lr"] *= learning_rate / self.lr
                group["initial_lr"] = learning_rate
        self.lr = learning_rate

    def partial_fit(self, X, y=None, classes=None, **how_long):
        """Train until the end, or until a callback or the user ends it; then judge what came out.

        A callback ends training by raising KeyboardInterrupt, as skorch has it. Ctrl-C is an interrupt of whatever
        calls this (a search, say), and passes on.
        """
        self.safety_.begin()
        self.was_ended_, self.log_scales_ = False, []
        with HeldInterrupt() as self.held_:
            try:
                came_to_a_stop = self._train(X, y, **how_long)
                self.notify("on_train_end", X=X, y=y)
                self.safety_.judge(X)
            finally:
                self.held_.release()
        if not came_to_a_stop:
            self.safety_.say_where_it_ended(KeyboardInterrupt())
        return self

    def _train(self, X, y, **how_long):
        """Train; False if it was ended amid an epoch."""
        self.notify("on_train_begin", X=X, y=y)
        self.found_ = {}
        try:
            self.fit_loop(X, y, **how_long)
        except KeyboardInterrupt as interrupt:
            self.held_.pressed |= came_by_signal(interrupt)
            self.was_ended_ = True
            n_epochs = len(self.history)
            self.safety_.keep_whole_steps()
            return len(self.history) == n_epochs
        finally:
            self.found_ = None
        return True

    def fit_loop(self, X, y=None, epochs=1, *, valid=None, max_steps=None, **fit_params):
        """Train for some epochs, or until `max_steps` more steps are done."""
        last_step = np.inf if max_steps is None else self.step_ + max_steps
        datasets = {"dataset_train": X, "dataset_valid": valid}
        for _ in range(epochs):
            if self.step_ >= last_step:
                break
            self.notify("on_epoch_begin", **datasets)
            refuse_frozen_weights(self)
            started = time.perf_counter()
            is_finite = self._train_epoch(X, last_step)
            if valid is not None:
                self._record_loss("valid_loss", self.held_out_loss(valid))
            self.history.record("duration", time.perf_counter() - started)
            self.notify("on_epoch_end", **datasets)
            self.held_.release()
            if not is_finite:
                break
        return self

    def _train_epoch(self, rows, last_step):
        """One pass over the rows; True if every term stayed finite."""
        self.set_training(True)
        self.safety_.begin_epoch()
        self._enter_stage()
        first_step = self.step_
        bounds = batch_bounds(len(rows), self.batch_size, int(min(last_step - self.step_, len(rows))))
        record = taken_in_company(self, rows, bounds, self._kind_of_step)
        if record is None:
            ranks = ranks_here()
            own = rows if ranks is None else SharedRows(rows, ranks)
            record = run_epoch(self, own, bounds, self._kind_of_step(rows, bounds), self.held_.release)
        self._write(record, is_first=first_step == 0)
        fault = broken_term(record, self.flat_.buffer, first_step)
        if fault is not None:
            self.safety_.go_back(fault, rows)
        elif record.observed is not None:
            self.module_.likelihood.settle(record.observed)
        self.history.record("train_batch_count", len(bounds))
        self.history[-1]["batches"][:-1] = []  # what batch callbacks wrote is over with the epoch
        return fault is None

    def _enter_stage(self):
        """Run what is due from this epoch on; losses of another stage are no measure for its own."""
        due = stage_at(self.stages_, self.step_)
        self.best_, self.stage_ = self.best_ if due is self.stage_ else None, due

    def _kind_of_step(self, rows, bounds):
        """What takes the steps of an epoch."""
        return taker_of_steps(self, rows, bounds)

    # ------------------------------------------------------------------ callbacks

    def end_own_callbacks(self):
        """Let our own callbacks end, after a failure."""
        for _, callback in self.callbacks_:
            if isinstance(callback, Own):
                callback.on_train_end(self)

    # ------------------------------------------------------------------ the books

    def on_epoch_begin(self, net, dataset_train=None, dataset_valid=None, **kwargs):
        """Open a row of the history; one empty batch record, because checkpoints look for it."""
        super().on_epoch_begin(net, dataset_train, dataset_valid, **kwargs)
        self.history.new_batch()

    def strike_out_open_row(self):
        """Strike out the row of an epoch that did not come to its end."""
        strike_out_open_row(self.history)

    def _write(self, record, is_first):
        """Write an epoch's row-weighted means."""
        if is_first:
            self.untrained_ = float(dict(zip(record.names, record.values[0])).get("reconstruction", np.inf))
        loss, *terms = record.means()
        self._record_loss("train_loss", float(loss))
        for name, mean in zip(record.names[1:], terms):
            self.history.record(name, float(mean))

    def _record_loss(self, name, value):
        if self.best_ is None:  # a history that was loaded, or a new stage
            self.best_ = lowest_losses(self.history, self.stage_.start)
        self.best_ = record_loss(self.history, name, value, self.best_)

    # ------------------------------------------------------------------ outside training

    def set_training(self, is_training):
        """Put the module, and every part of it, into training or inference."""
        if any(part.training != is_training for part in self.module_.modules()):
            self._set_training(is_training)

    def held_out_loss(self, rows):
        """Mean validation loss per row, with the same noise every time."""
        loss, ranks = held_out_loss(self, rows), ranks_here()
        return loss if ranks is None else ranks.mean(loss)

    def settle(self, rows):
        """Let the likelihood take what has a closed form from rows as the weights now reconstruct them."""
        settle_likelihood(self, rows)

    def finish(self, rows):
        """Let the prior take what it finds in codes of some rows; what goes wrong passes on, and leaves the weights."""
        with self.safety_.telling():
            finish_prior(self, rows)
