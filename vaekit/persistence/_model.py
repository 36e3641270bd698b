"""An estimator as plain values and arrays, and back."""

import platform
from importlib import metadata

import numpy as np

from vaekit.estimators._settings import settings_of
from vaekit.estimators._words import VOCABULARIES
from vaekit.exceptions import UnreadableFileError
from vaekit.fitted import TrainedModel
from vaekit.persistence._bounds import Bounded, check_widths
from vaekit.persistence._kinds import reader, writer
from vaekit.persistence._table import ESTIMATORS
from vaekit.persistence._told import TOLD, tell_scikit_learn, told_to_scikit_learn

__all__ = ["content_of", "model_of"]

# words of a blueprint, and the parameters that they come from: where they are of others, they are handed in
SLOTS = {name: name for name in VOCABULARIES} | {"posterior": "posterior_family"}
MADE_WITH = ("torch", "scikit-learn", "skorch", "numpy")
LEARNED = {"columns_", "conditions_", "n_features_in_", "feature_names_in_", "image_shape_", "n_components_"}


def content_of(estimator):
    """Return what a file holds of an estimator, and its arrays.

    Raises
    ------
    TypeError
        If the estimator, or one of its parameters, is of a type that has no place in a file.
    """
    if type(estimator) is not ESTIMATORS.get(type(estimator).__name__):
        raise TypeError(f"save takes estimators of vaekit and of scikit-learn. Got {estimator!r:.100} instead.")
    bare = object.__new__(type(estimator))  # callbacks have no place in a file, and may hold the estimator itself
    vars(bare).update({**vars(estimator), "callbacks": None})
    state, write = bare.__getstate__(), writer()
    names = list(estimator.get_params(deep=False))
    content = {
        "estimator": type(estimator).__name__,
        "versions": _versions(),
        "parameters": {name: _written(write, name, state[name]) for name in names if name != "callbacks"},
        "learned": {name: _written(write, name, state[name]) for name in sorted(LEARNED & state.keys())},
        **{name: write(told) for name, told in told_to_scikit_learn(estimator).items()},
    }
    if "model_" in state:
        content["model"] = _content_of_model(write, state["model_"])
        content["settings"] = _content_of_settings(write, state["_first_settings"], content["parameters"])
    return content, write.arrays


def _versions():
    return {"python": platform.python_version(), **{name: metadata.version(name) for name in MADE_WITH}}


def _written(write, name, value):
    try:
        return write(value)
    except TypeError as error:
        if name in SLOTS:
            return {"handed": SLOTS[name]}
        raise TypeError(
            f"{name!r} holds {error}, which has no place in a file that runs no code; leave it out, or pickle the "
            "model."
        ) from error


def _content_of_model(write, packed):
    words = {name: _written(write, name, word) for name, word in packed["blueprint"].items() if name in SLOTS}
    numbers = {name: write(value) for name, value in packed["blueprint"].items() if name not in SLOTS}
    net = {name: _written(write, name, value) for name, value in packed["net"].items()}
    return {"words": words, "numbers": numbers, "net": net, "summary": write(packed["summary"])}


def _content_of_settings(write, settings, parameters):
    """Settings of the first fit, but for those of words that are handed in."""
    handed = {name for name, content in parameters.items() if _is_handed(content)}
    return {name: write(value) for name, value in settings.items() if name.partition("__")[0] not in handed}


def _is_handed(content):
    return isinstance(content, dict) and "handed" in content


def model_of(content, arrays, given):
    """Return the estimator of a file.

    Parameters
    ----------
    content : object
    arrays : dict of str to ndarray
    given : dict of str to spec
        Words of others, by the parameters that they are.

    Raises
    ------
    UnreadableFileError
        If the file names what this version has not, or lacks a word that is not given, or is of a model larger than
        what it holds.
    """
    if content["estimator"] not in ESTIMATORS:
        raise UnreadableFileError(f"it names {content['estimator']!r}, which is no estimator of this version")
    read = reader(arrays)
    words = _Words(read, given)
    kind = ESTIMATORS[content["estimator"]]
    estimator = kind(**{name: words.read(value) for name, value in content["parameters"].items()})
    estimator._validate_params()
    tell_scikit_learn(estimator, {name: words.read(content[name]) for name in TOLD if name in content})
    if "model" in content:
        _learn(estimator, content, words)
    words.refuse_idle()
    return estimator


class _Words:
    """Reads values; those of others are taken from what was handed in."""

    def __init__(self, values, given):
        self.values, self.given, self.used = values, given, set()

    def read(self, content):
        """Return a value."""
        return self._handed(content["handed"]) if _is_handed(content) else self.values(content)

    def _handed(self, name):
        if self.given.get(name) is None:
            raise UnreadableFileError(
                f"its {name!r} is none of vaekit's own, and the file holds its weights alone; hand it in, as "
                f"load(path, {name}=...)"
            )
        self.used.add(name)
        return VOCABULARIES[name].resolve(self.given[name])

    def refuse_idle(self):
        """Raise an error for words that were handed in to no use."""
        idle = [name for name, word in self.given.items() if word is not None and name not in self.used]
        if idle:
            raise UnreadableFileError(f"it holds its own {idle[0]!r}, and none is to be handed in")


def _learn(estimator, content, words):
    """Give an estimator what it had learned."""
    unknown = set(content["learned"]) - LEARNED
    if unknown:
        raise UnreadableFileError(f"it names the attributes {sorted(unknown)}, which no model of this version has")
    model = _model(content["model"], words)
    if content["learned"]["n_features_in_"] != model.blueprint.n_columns:
        raise UnreadableFileError("its number of features is not that of its model")
    settings = settings_of(estimator)
    read = reader(words.values.arrays, [value for value in settings.values() if isinstance(value, type)])
    own = {name: value for name, value in settings.items() if name.partition("__")[0] in words.used}
    vars(estimator).update({name: words.read(value) for name, value in content["learned"].items()})
    estimator._first_settings = own | {name: read(value) for name, value in content["settings"].items()}
    estimator.model_, estimator.likelihood_ = model, model.blueprint.likelihood


def _model(content, words):
    given = {name: words.read(value) for name, value in content["words"].items()}
    numbers = {name: words.read(value) for name, value in content["numbers"].items()}
    net = {name: words.read(value) for name, value in content["net"].items()}
    packed = {"blueprint": given | numbers, "net": net, "summary": words.read(content["summary"])}
    if words.used:
        return _fitting(packed, sorted(words.used))
    weights = [value for value in net["weights"].values() if isinstance(value, np.ndarray)]
    n_numbers = sum(weight.size for weight in weights)
    check_widths(packed["blueprint"], n_numbers, len(weights))
    with Bounded(n_numbers, len(weights)):
        return TrainedModel.unpacked(packed)


def _fitting(packed, handed):
    """The model, of words of others that may be the wrong ones."""
    try:
        return TrainedModel.unpacked(packed)
    except (RuntimeError, KeyError) as error:
        raise UnreadableFileError(f"its weights are not those of the {', '.join(handed)} handed in: {error}") from error
