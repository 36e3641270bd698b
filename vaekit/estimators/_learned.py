"""Attributes that a fit leaves behind."""

from typing import Any

import numpy as np

from vaekit.engine import Net
from vaekit.fitted import TrainedModel
from vaekit.utils._ambient import GuardedMethods

__all__ = ["LearnedMixin"]


class LearnedMixin(GuardedMethods):
    """Attributes of a fitted estimator: its net, its history, what training came to."""

    model_: TrainedModel
    n_features_in_: int
    feature_names_in_: np.ndarray
    image_shape_: tuple[int, ...] | None

    @property
    def net_(self) -> Net:
        """The trained net, to be read and not changed."""
        return self._learned("net_").net

    @property
    def n_steps_(self) -> int:
        """Optimiser steps done."""
        return self._learned("n_steps_").net.step_

    @property
    def history_(self) -> list[dict[str, Any]]:
        """A row per epoch: losses and their terms in nats per row."""
        hidden = ("batches", "train_batch_count", "train_loss_best", "valid_loss_best")
        history = self._learned("history_").net.history
        return [{name: value for name, value in row.items() if name not in hidden} for row in history]

    @property
    def kl_per_component_(self) -> np.ndarray:
        """KL of each latent's posterior in nats, mean over training rows."""
        return self._learned("kl_per_component_").summary.kl_per_component

    @property
    def active_components_(self) -> np.ndarray:
        """Whether each latent carries information."""
        return self._learned("active_components_").summary.active_components

    def _learned(self, name):
        """The trained model, if there is one to have an attribute."""
        if not self.__sklearn_is_fitted__():
            raise AttributeError(f"This {type(self).__name__} instance is not fitted yet, so it has no {name!r}.")
        return self.model_
