"""What an estimator's parameters decide: the words they mean, how those are trained, and the blueprint of both."""

from sklearn.base import clone

from vaekit.estimators._columns import is_masking, likelihood_of_columns
from vaekit.estimators._words import VOCABULARIES
from vaekit.fitted import Blueprint, Sentence, Training
from vaekit.nn import MLP, ConvNet

__all__ = ["BlueprintMixin", "sentence_of", "training_of"]


class BlueprintMixin:
    """What was decided at the first fit, as functions that are handed an estimator ask for it."""

    @property
    def _blueprint(self) -> Blueprint:
        return self.model_.blueprint


def sentence_of(estimator):
    """The words an estimator's parameters mean: copies, so that later changes of a parameter change no fit."""
    is_image, objective = estimator.image_shape_ is not None, estimator._make_objective().validated()
    built_in = MLP(hidden_layer_sizes=tuple(estimator.hidden_layer_sizes), activation=estimator.activation).validated()
    return Sentence(
        network=_word(estimator, "network") or (ConvNet() if is_image else built_in),
        posterior=estimator._make_posterior(),
        prior=_word(estimator, "prior"),
        likelihood=likelihood_of_columns(estimator, objective)
        if estimator.columns_
        else _word(estimator, "likelihood"),
        objective=objective,
        n_components=estimator.n_components,
        standardize=estimator.standardize,
        conditioned=estimator._conditioned(),
        columns=estimator.columns_,
        has_gaps=is_masking(estimator),
    )


def _word(estimator, name):
    """A copy of the spec that a parameter means, None for "auto"."""
    value = getattr(estimator, name)
    return None if isinstance(value, str) and value == "auto" else clone(VOCABULARIES[name].resolve(value))


def training_of(estimator, n_epochs, max_steps):
    """What a call of fit asks for."""
    fraction = estimator.validation_fraction if estimator.early_stopping else None
    how = (estimator.learning_rate, estimator.batch_size, fraction, estimator.compile, estimator.precision)
    return Training(n_epochs, max_steps, *how)
