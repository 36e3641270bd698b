"""Tables of runs, as the displays of several models read them."""

import numpy as np

__all__ = ["columns_of", "number_columns", "tidy"]


def columns_of(frame):
    """Columns of a data frame, an Arrow table or a mapping as arrays, by name."""
    names = getattr(frame, "column_names", getattr(frame, "columns", None))
    names = list(frame.keys()) if names is None else list(names)
    return {str(name): np.asarray(frame[name]) for name in names}


def tidy(columns, model, seed, scorer, score):
    """Return (model, seed, scorer, score) of a long or a wide table of runs."""
    _require(columns, model)
    models = columns[model].tolist()
    seeds = columns[seed].tolist() if seed in columns else _numbered(models)
    if scorer in columns and score in columns:
        names = list(map(str, columns[scorer].tolist()))
        seeds = seeds if seed in columns else _numbered(list(zip(models, names)))
        return list(zip(models, seeds, names, columns[score].astype(float).tolist()))
    numbers = number_columns(columns, without=(model, seed))
    if not numbers:
        raise ValueError(
            f"A table of runs has columns {scorer!r} and {score!r}, or a column of numbers for each score; got "
            f"{list(columns)}."
        )
    return [(m, s, name, float(x)) for name, column in numbers.items() for m, s, x in zip(models, seeds, column)]


def number_columns(columns, without=()):
    """Columns of numbers, but for those that say which run it is."""
    return {name: column.astype(float) for name, column in columns.items()
            if name not in without and column.dtype.kind in "iufb"}  # fmt: skip


def _require(columns, name):
    if name not in columns:
        raise ValueError(f"A table of runs needs a column {name!r}, got {list(columns)}; say which one it is.")


def _numbered(names):
    """Number runs that have no seeds, those of each model from 0."""
    seen, numbers = {}, []
    for name in names:
        numbers.append(seen.setdefault(name, 0))
        seen[name] += 1
    return numbers
