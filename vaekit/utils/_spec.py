"""Spec objects: the small, clonable words an estimator is told in, and the strings that stand for them."""

import functools
from dataclasses import dataclass
from numbers import Rational
from typing import ClassVar, Self, TypeVar, dataclass_transform

import numpy as np
from sklearn.base import BaseEstimator

from vaekit.utils._docstrings import inherit_sections, own_defaults, restate_defaults
from vaekit.utils._site import Linked
from vaekit.utils._sklearn import InvalidParameterError, Options, StrOptions, validate_parameter_constraints

__all__ = ["InstanceOf", "PlainParameters", "Spec", "Vocabulary", "merge_constraints", "spec", "with_fresh_specs"]

Word = TypeVar("Word")


@dataclass_transform(kw_only_default=True, eq_default=False)  # so that editors and type checkers know the parameters
def spec(cls: type[Word]) -> type[Word]:
    """Make a class a keyword-only dataclass; BaseEstimator gives it get_params, set_params, repr and clone."""
    return dataclass(eq=False, repr=False, kw_only=True)(cls)


def merge_constraints(cls):
    """Let the parameter table of a class hold its own rows only; the rows of the classes it builds on are added."""
    inherited = [vars(base).get("_parameter_constraints", {}) for base in reversed(cls.__mro__)]
    cls._parameter_constraints = {name: row for table in inherited for name, row in table.items()}


def _plain(value):
    """Return a number or a word of NumPy as Python's own, in lists and tuples too; anything else as it is.

    Fractions become floats, which scikit-learn's checks of parameters know. Arrays of integers, which stand for a list
    of sizes, become tuples.
    """
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, Rational) and not isinstance(value, int):
        return float(value)
    if isinstance(value, np.ndarray) and value.ndim == 0:
        return value.item()
    if isinstance(value, np.ndarray) and value.ndim == 1 and value.dtype.kind in "iu":
        return tuple(value.tolist())
    if type(value) in (list, tuple):
        plain = [_plain(item) for item in value]
        return value if all(new is old for new, old in zip(plain, value)) else type(value)(plain)
    return value


class PlainParameters(Linked):
    """Parameters that are kept as plain Python numbers.

    A size that a search drew from `np.arange` would overflow in sums (`np.uint8`), or be refused by torch (`np.int64`).
    """

    def __setattr__(self, name, value):
        super().__setattr__(name, _plain(value) if name in self.__dataclass_fields__ else value)

    @classmethod
    def _get_param_names(cls):
        return list(_names_of_parameters(cls, cls.__init__))


@functools.cache
def _names_of_parameters(cls, constructor):
    """As scikit-learn reads them off a signature, which a fit asks for twenty times and which takes long to make."""
    return tuple(super(PlainParameters, cls)._get_param_names())


class InstanceOf(Options):  # scikit-learn takes its own kinds of constraints and their children
    """The constraint "an instance of this class", which names the class by its public path.

    Parameters
    ----------
    cls : type
    room : str, optional
        Where it is public, if that is not where it is defined.
    """

    def __init__(self, cls, room=None):
        super().__init__(cls, options=set())
        self.room = room or cls.__module__.rsplit("._", 1)[0]

    def is_satisfied_by(self, value):
        """Whether a value is what was asked for."""
        return isinstance(value, self.type)

    def __str__(self):
        return f"an instance of '{self.room}.{self.type.__name__}'"


class Spec(PlainParameters, BaseEstimator):
    """One word of the model: parameters now, a built piece when the estimator is fitted."""

    _parameter_constraints: ClassVar[dict] = {}

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        merge_constraints(cls)
        if cls.__doc__:
            for base in (base for base in cls.__mro__[1:] if issubclass(base, Spec)):
                inherited = restate_defaults(base.__doc__ or "", own_defaults(cls))
                cls.__doc__ = inherit_sections(cls.__doc__, inherited, ["Parameters"])

    def validated(self) -> Self:
        """Return this spec, or raise the InvalidParameterError that names the parameter and what it must be."""
        parameters = self.get_params(deep=False)
        validate_parameter_constraints(self._parameter_constraints, parameters, caller_name=type(self).__name__)
        for value in parameters.values():
            if isinstance(value, Spec):
                value.validated()
        return self

    def settings(self):
        """Parameters, as values that can be compared with those of another fit."""
        return self.get_params(deep=False)


class Vocabulary:
    """The words one parameter of an estimator understands: strings, and spec objects of one family.

    Parameters
    ----------
    parameter : str
        Name of the estimator's parameter, for messages.
    family : type
        Class that every spec of this parameter is an instance of.
    words : dict of str to callable
        What each string stands for; called without arguments it gives a fresh spec.
    """

    def __init__(self, parameter, family, words):
        self.parameter, self.family, self.words = parameter, family, words

    def _refusal(self, value):
        return InvalidParameterError(
            f"The {self.parameter!r} parameter must be one of {sorted(self.words)} or "
            f"{InstanceOf(self.family)}. Got {value!r} instead."
        )

    def constraint(self, *further_words):
        """Return the row of a `_parameter_constraints` table that admits these words and specs."""
        return [StrOptions({*self.words, *further_words}), InstanceOf(self.family)]

    def fresh(self, word):
        """Return a fresh spec for a string word."""
        if word not in self.words:
            raise self._refusal(word)
        return self.words[word]()

    def resolve(self, value):
        """Return the validated spec that a string or a spec object means."""
        if isinstance(value, str):
            return self.fresh(value).validated()
        if not isinstance(value, self.family):
            raise self._refusal(value)
        return value.validated()

    def respell(self, value, nested):
        """Return the fresh spec of a string word on which nested parameters are about to be set.

        Raises
        ------
        ValueError
            If the word has no parameter of such a name.
        """
        if value not in self.words:
            raise ValueError(
                f"Invalid parameter {nested[0]!r} for {self.parameter}={value!r}: set {self.parameter!r} to one of "
                f"{sorted(self.words)} or a spec object first."
            )
        spec, valid = self.fresh(value), sorted(self.fresh(value).get_params())
        unknown = [name for name in nested if name.split("__")[0] not in valid]
        if unknown:
            raise ValueError(
                f"Invalid parameter {unknown[0]!r} for {self.parameter}={value!r}. Valid parameters are: {valid}."
            )
        return spec


def with_fresh_specs(owner, vocabularies, params):
    """Return parameters about to be set, with a fresh spec for each string word of which a parameter is set.

    Parameters
    ----------
    owner : object
        Has the words as attributes.
    vocabularies : iterable of Vocabulary
        Those of its words.
    params : dict
        What `set_params` was given; `word__name` is a parameter of a word.
    """
    fresh = {}
    for vocabulary in vocabularies:
        word = vocabulary.parameter
        nested = [key.split("__", 1)[1] for key in params if key.startswith(f"{word}__")]
        value = params.get(word, getattr(owner, word, None))
        if nested and isinstance(value, str):
            fresh[word] = vocabulary.respell(value, nested)
    return {**params, **fresh}
