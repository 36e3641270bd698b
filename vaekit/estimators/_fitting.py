"""fit and partial_fit."""

import contextlib
from typing import Any, Self

import torch
from numpy.typing import ArrayLike
from sklearn.exceptions import ConvergenceWarning

from vaekit.engine import has_stopped
from vaekit.estimators._blueprint import BlueprintMixin, sentence_of, training_of
from vaekit.estimators._callbacks import epoch_tasks, own_callbacks, users_callbacks
from vaekit.estimators._checkpoints import checkpoints_of
from vaekit.estimators._settings import refuse_changes, settings_of
from vaekit.estimators._validation import check_in_support, check_rows
from vaekit.fitted import NOTHING, begin, run, warn_of_training, weighed
from vaekit.likelihoods import LikelihoodSpec
from vaekit.utils._ambient import GuardedMethods
from vaekit.utils._on_disk import in_memory_unless_large
from vaekit.utils._random import make_random_state
from vaekit.utils._sklearn import fit_context
from vaekit.utils._typing import RowsLike
from vaekit.utils._warnings import warn_user
from vaekit.utils._weights import checked_weights

__all__ = ["FittingMixin"]


@contextlib.contextmanager
def unchanged_unless_trained(estimator):
    """Give an estimator its attributes back if anything goes wrong inside before something was learned.

    Gradients are on, whatever they were.
    """
    before, first_step = dict(vars(estimator)), _step_of(estimator)
    try:
        with torch.inference_mode(False), torch.enable_grad():
            yield
    except BaseException:
        is_same_model = vars(estimator).get("model_") is before.get("model_")
        if _step_of(estimator) <= (first_step if is_same_model else 0):
            vars(estimator).clear()
            vars(estimator).update(before)
        raise


def _step_of(estimator):
    return estimator.net_.step_ if estimator.__sklearn_is_fitted__() else 0


class FittingMixin(BlueprintMixin, GuardedMethods):
    """fit and partial_fit, one after the other or afresh."""

    likelihood_: LikelihoodSpec
    n_components_: int

    @fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: RowsLike, y: Any = None, sample_weight: ArrayLike | None = None) -> Self:
        """Train on X; an earlier fit survives if this one fails before its first step is done.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features), or images of shape (n_samples, height, width) or \
(n_samples, channels, height, width), or with `network="conv1d"` windows of shape (n_samples, channels, time)
            Data, in any units. Bytes stay bytes in memory; what lies on a disk (memory maps, HDF5 datasets, Parquet
            files, images, torch's map-style datasets) and is larger than 256 MiB is read as it is needed.
        y : Ignored
            Present by convention.
        sample_weight : array-like of shape (n_samples,), default=None
            How often each row counts; only proportions matter, and rows of weight 0 are left out. None, or weights that
            are all the same, count each row once. A pass draws as many rows as there are, each in proportion to its
            weight, so that every term of every objective sees what it would see of copies.

        Returns
        -------
        self : object
            Fitted estimator.

        Raises
        ------
        ValueError
            If X has fewer than two rows, or holds values that are not finite or outside the likelihood's support; if a
            parameter is invalid; if a term of the loss is not finite in the first epoch; if training goes on with
            parameters that make another model.

        Notes
        -----
        Whatever ends training early, an interrupt (Ctrl-C) or an error in a callback, the estimator is then fitted with
        what it had learned by the last whole step (with early stopping: at the best epoch), a warning says at which
        step that was, and the KeyboardInterrupt or error passes on. So a search stops, and a model that was not trained
        to its end is never taken for one that was; `try: model.fit(X)`, `except KeyboardInterrupt: pass` goes on with
        it. Callbacks that end training by raising KeyboardInterrupt themselves, as those of skorch do, end it quietly.
        """
        return self._fit(X, y, sample_weight)

    def _fit(self, X, y, sample_weight, **facts):
        """Train afresh, or go on where `warm_start` says so; `facts` are told about the rows."""
        task = self._init_callback_context(max_subtasks=self.max_epochs)
        with unchanged_unless_trained(self):
            task.call_on_fit_task_begin(estimator=self, X=X, y=y)
            rows, known, is_new = self._rows_to_train_on(X, y, sample_weight, facts, goes_on=self.warm_start)
            with checkpoints_of(self, rows, known, is_new) as checkpoints:
                if is_new:
                    self._begin(rows, known, checkpoints.random_state(self.random_state))
                callbacks = [*users_callbacks(self), *own_callbacks(self, self.max_epochs)]
                training, saving = checkpoints.plan(self.net_, training_of(self, self.max_epochs, self.max_steps))
                run(self.model_, rows, training, [*callbacks, *epoch_tasks(self, task, X, y), *saving], known)
                self.model_.settle()
                checkpoints.finish()
            warn_of_training(self.model_, was_watched=self.early_stopping)
            task.call_on_fit_task_end(estimator=self, X=X, y=y, reconstruction_attributes={})
        return self

    @fit_context(prefer_skip_nested_validation=True)
    def partial_fit(self, X: RowsLike, y: Any = None, sample_weight: ArrayLike | None = None) -> Self:
        """Train for one pass over X, going on from where training stands.

        Schedules run over `max_epochs` planned passes of all rows: of `total_samples`, or of the first X if that is
        None. `max_epochs` calls with the same X are the same as one `fit`, but for a scale in closed form, which is
        that of the last call's steps and not of all rows, and for learning-rate schedulers that multiply the rate in
        place (StepLR, MultiStepLR): they are built anew with every call, and step once more.

        With early stopping a share of each X is held out. When their loss has not improved for `n_iter_no_change`
        calls, the best weights are given back, and later calls train nothing and say so.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features), or images
            Data; units and likelihood are decided by the first call.
        y : Ignored
            Present by convention.
        sample_weight : array-like of shape (n_samples,), default=None
            How often each row counts beside the other rows of this X; rows of weight 0 are left out.

        Returns
        -------
        self : object
            Fitted estimator.
        """
        return self._partial_fit(X, y, sample_weight)

    def _partial_fit(self, X, y, sample_weight, **facts):
        """Train for one pass; `facts` are told about the rows."""
        with unchanged_unless_trained(self):
            rows, known, is_new = self._rows_to_train_on(X, y, sample_weight, facts, goes_on=True)
            if is_new:
                self._begin(rows, known, make_random_state(self.random_state), n_planned=self.total_samples)
            if has_stopped(self.net_, self.n_iter_no_change):
                warn_user(
                    f"Early stopping has ended training at step {self.n_steps_}, and nothing was trained; raise "
                    "'n_iter_no_change' to go on, or fit afresh.",
                    ConvergenceWarning,
                )
            else:
                callbacks = [*users_callbacks(self), *own_callbacks(self, n_epochs=1, is_part=True)]
                run(self.model_, rows, training_of(self, n_epochs=1, max_steps=None), callbacks, known)
        return self

    def _conditioned(self):
        """Which of "encoder" and "decoder" are told of what is known about a row."""
        return ()

    def _known(self, X, y, is_new, weight):
        """What is known about validated rows, beside their values; conditional and sequential models know something."""
        return NOTHING

    def _rows_to_train_on(self, X, y, sample_weight, facts, goes_on):
        """Return validated rows, what is known about them, and whether a new model is to be trained on them."""
        is_new = not (goes_on and self.__sklearn_is_fitted__())
        if is_new:
            X = check_rows(self, X, reset=True)
        else:
            refuse_changes(settings_of(self), self._first_settings)
            X = in_memory_unless_large(check_in_support(self, X))
        weight = checked_weights(sample_weight, len(X))
        known = self._known(X, y, is_new=is_new, weight=weight, **facts)
        return *weighed(X, known, weight), is_new

    def _begin(self, X, known, random_state, n_planned=None):
        """Take a new model, to be trained on validated rows."""
        self._first_settings = settings_of(self)
        self.model_ = begin(
            sentence_of(self),
            X,
            self.image_shape_,
            n_planned=n_planned or len(X),
            warmup=self.warmup,
            training=training_of(self, self.max_epochs, self.max_steps),
            device=self.device,
            random_state=random_state,
            known=known,
        )
        self.likelihood_, self.n_components_ = self.model_.blueprint.likelihood, self.n_components
