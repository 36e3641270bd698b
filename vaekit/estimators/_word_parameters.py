"""Parameters that an estimator shares with the words it is a name for."""

from dataclasses import fields

from vaekit.utils._docstrings import parameter_entries, restate_defaults

__all__ = ["entry_of", "parameters_of", "word_of"]


def word_of(estimator, word, **others):
    """Return a spec with the estimator's parameters, where it has some of the same names, and others as given."""
    shared = {name: getattr(estimator, name) for name in parameters_of(word) if name in parameters_of(estimator)}
    return word(**{**shared, **others})


def parameters_of(word):
    """Names of the parameters of a spec or an estimator."""
    return {field.name for field in fields(word)}


def entry_of(word, name, default):
    """What a spec says of one of its parameters, with the estimator's default for it; None if it says nothing."""
    changed = {} if default == getattr(word, name) else {name: default}
    return parameter_entries(restate_defaults(word.__doc__, changed)).get(name)
