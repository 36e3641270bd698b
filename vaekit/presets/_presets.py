"""Estimators by the name of the publication that used them."""

import re
from difflib import get_close_matches
from types import MappingProxyType
from typing import Any, NamedTuple

from sklearn.base import clone

import vaekit.estimators
from vaekit.presets._costs import PresetCost, cost_of
from vaekit.presets._sources import SOURCES

__all__ = ["PRESETS", "Preset", "preset", "preset_grid", "preset_names"]


class Preset(NamedTuple):
    """What a source states about one of its models.

    Attributes
    ----------
    estimator : str
        Name of the class.
    parameters : dict
        Its parameters, where they are not the class's defaults.
    grid : dict
        Strengths that the source searched, or empty.
    reference : str
        The source.
    cost : PresetCost
        Weights, steps, and about how many hours they take.
    """

    estimator: str
    parameters: dict
    grid: dict
    reference: str
    cost: PresetCost


def grid_of(source, variant):
    """Strengths that a source searched for a method; a decoupled twin's are those of its plain method."""
    return source.grids.get(variant.replace("DPVAE", "VAE"), {})


def _expand(sources):
    """Yield (name, preset) for every method and data set of every source."""
    for name, source in sources.items():
        for variants, own in source.methods.items():
            for variant in variants.split():
                estimator = re.match(r"\w+", variant)[0]
                is_decoupled = getattr(vaekit.estimators, estimator).prior == "decoupled"
                prior = source.decoupled if is_decoupled else {}
                for data, of_data in source.data.items():
                    parameters = {**source.shared, **of_data, **prior, **own}
                    grid = grid_of(source, variant)
                    full_name = "/".join(part for part in (name, variant, data) if part)
                    cost = cost_of(full_name, estimator, parameters)
                    yield full_name, Preset(estimator, parameters, grid, source.reference, cost)


PRESETS = MappingProxyType(dict(_expand(SOURCES)))
# source/method is the preset of the method's first data set
SHORT_NAMES = {"/".join(name.split("/")[:2]): name for name in reversed(PRESETS)}


def preset_names(source: str | None = None) -> list[str]:
    """List the names of all presets, or of those of one source.

    Parameters
    ----------
    source : str or None, default=None
        First part of a name.

    Returns
    -------
    names : list of str
        As `source/method`, or `source/method/data` where a source has several data sets.

    Raises
    ------
    ValueError
        If there is no such source.

    Examples
    --------
    >>> from vaekit.presets import preset_names
    >>> preset_names("thesis")
    ['thesis/BetaVAE', 'thesis/BetaDPVAE', ..., 'thesis/DIPVAE', 'thesis/DIPDPVAE']
    """
    sources = list(dict.fromkeys(name.split("/")[0] for name in PRESETS))
    if source is not None and source not in sources:
        raise ValueError(f"The 'source' parameter must be one of {sources} or None. Got {source!r} instead.")
    return [name for name in PRESETS if source in (None, name.split("/")[0])]


def preset(name: str, **changes: Any) -> Any:
    """Return a fresh, unfitted estimator with the hyperparameters and networks of a publication.

    Parameters
    ----------
    name : str
        One of `preset_names()`. Without its last part, `"dpvae/FactorDPVAE"` say, the preset of the source's first data
        set.
    **changes : dict
        Parameters to set otherwise, nested ones as `prior__n_couplings`.

    Returns
    -------
    estimator : estimator
        What was lost of a source, and where a preset departs from it and why, is in `docs/presets.md`.

    Raises
    ------
    ValueError
        If there is no such preset (the message lists names near it), or no such parameter.

    See Also
    --------
    preset_grid : The strengths that the source searched.

    Notes
    -----
    Published experiments are long: `PRESETS[name].cost` says how long, and `max_steps=` shortens one.

    With `prior="decoupled"` a preset keeps its numbers. A discriminator whose source shows it codes as they are, under
    a normal prior, is then shown standardized codes, because a learned prior holds codes to no scale; weights that are
    unsound under such a prior are refused when fitted.

    `dpvae/*/svhn`, `dpvae/*/celeba`, `dpvae_code/*` and `learned_priors/*/cifar10` expect numbers in [0, 1]: their
    sources have squared errors of such pixels, and the presets do not standardise. Divide bytes by 255 before; as they
    are, squared errors are 65025 times as large. The other presets for images take bytes as well.

    Examples
    --------
    >>> from vaekit.presets import PRESETS, preset
    >>> model = preset("dpvae/FactorDPVAE/svhn", random_state=0)
    >>> model.gamma, model.max_steps, model.batch_size, model.prior
    (1000, 100000, 50, Decoupled(n_couplings=6))
    >>> PRESETS["kim_mnih/FactorVAE/dsprites"].cost
    PresetCost(n_weights=5516007, n_steps=300000, cpu_hours=19.17, gpu_hours=0.7583)
    """
    found = _find(name)
    estimator = getattr(vaekit.estimators, found.estimator)(**found.parameters)
    return clone(estimator).set_params(**changes)


def preset_grid(name: str) -> dict[str, list[Any]]:
    """Return the strengths that a source searched, as the `param_grid` of a `GridSearchCV` over its preset.

    Parameters
    ----------
    name : str
        As in `preset`.

    Returns
    -------
    param_grid : dict of str to list

    Raises
    ------
    ValueError
        If there is no such preset, or its source searched no grid.

    Examples
    --------
    >>> from vaekit.presets import preset_grid
    >>> preset_grid("thesis/FactorVAE")
    {'gamma': [5, 10, 25, 50, 100]}
    """
    grid = _find(name).grid
    if not grid:
        searched = [other for other, row in PRESETS.items() if row.grid]
        raise ValueError(f"The source of {name!r} states no grid; presets with one are {searched}.")
    return {parameter: list(values) for parameter, values in grid.items()}


def _find(name):
    """Return the row of a full or short name, or raise ValueError with the names that are near."""
    name = SHORT_NAMES.get(name, name)
    if name in PRESETS:
        return PRESETS[name]
    by_lower = {known.lower(): known for known in (*PRESETS, *SHORT_NAMES)}
    near = [by_lower[match] for match in get_close_matches(str(name).lower(), by_lower, n=5, cutoff=0.4)]
    hint = f"near it are {near}" if near else "preset_names() lists them"
    raise ValueError(f"There is no preset {name!r}: {hint}.")
