"""What evaluation asks of a fitted object: its public methods, by name, and nothing else."""

import importlib

import numpy as np
from scipy.stats import norm

from vaekit.exceptions import IncompatibleChoiceError, MissingMethodError, NoDensityError
from vaekit.frames import as_frame
from vaekit.utils._containers import as_array
from vaekit.utils._look_through import look_through
from vaekit.utils._on_disk import opened_lazily
from vaekit.utils._rows import floats

# library of frames: function of its module and of names, to the one that makes a frame of an array
MAKERS = {
    "pandas": lambda pd, names: lambda rows: pd.DataFrame(rows, columns=names),
    "polars": lambda pl, names: lambda rows: pl.DataFrame(rows, schema=list(names)),
    "pyarrow": lambda pa, names: lambda rows: pa.table(list(rows.T), names=list(names)),
}
DENSITIES = {"log_prior", "log_posterior", "log_likelihood"}


def look_into(estimator, X):
    """Return the fitted model inside a pipeline or a search, and X as the model sees it; large rows stay on a disk."""
    before, model = look_through(estimator)
    rows = X if before is None else before.transform(X)
    return model, as_frame(rows) if reads_columns(model) else opened_lazily(rows)


def reads_columns(estimator):
    """Whether rows are those of a table with columns of several kinds, which the object reads itself."""
    return getattr(estimator, "columns_", None) is not None


def made_rows(estimator, rows):
    """Rows that a model has made: a frame of several kinds of columns, or an array."""
    return as_frame(rows) if reads_columns(estimator) else as_array(rows)


def encoding(estimator, X):
    """Return the function from arrays like X to codes; models that know the names of columns find those of X."""
    libraries = {kind.__module__.partition(".")[0] for kind in type(X).__mro__}
    library = next((name for name in MAKERS if name in libraries and hasattr(X, "columns")), None)
    if library is None or reads_columns(estimator):
        return lambda rows: floats(estimator.transform(rows))
    make = MAKERS[library](importlib.import_module(library), getattr(X, "column_names", X.columns))
    return lambda rows: floats(estimator.transform(make(rows)))


def require(estimator, purpose, *methods):
    """Raise an error that teaches unless the object has all these methods."""
    missing = [method for method in methods if not hasattr(estimator, method)]
    if not missing:
        return
    names = " and ".join(missing)
    if DENSITIES.intersection(missing):
        raise NoDensityError(
            f"{purpose} needs {names}, which {type(estimator).__name__} has not: judge a model without that density by "
            "its samples (precision and recall, Fréchet distance)."
        )
    raise MissingMethodError(
        f"{purpose} needs {names}, which {type(estimator).__name__} has not: choose a number that does without."
    )


def standard_normal_log_density(Z):
    """log N(z; 0, I) in nats per row."""
    return norm.logpdf(Z).sum(axis=-1)


def has_standard_normal_prior(estimator, Z):
    """Tell whether the prior's density is N(0, I), up to single precision, at some of these codes and around 0."""
    points = _probes(Z)
    return same_density(estimator.log_prior(points), standard_normal_log_density(points))


def _probes(Z):
    """Some codes, and points of no code's choosing: collapsed codes are one point, where two priors may well agree."""
    return np.concatenate([Z[:100], 2 * np.random.RandomState(0).standard_normal((100, Z.shape[1]))])


def draw_prior(estimator, n_samples, n_components, random_state):
    """Return draws z of the prior, from the object's own `sample_prior` or as z = g^-1(z0) with z0 ~ N(0, I)."""
    if hasattr(estimator, "sample_prior"):
        return floats(estimator.sample_prior(n_samples, random_state=random_state))
    require(estimator, "Drawing from the prior", "to_representation_space")
    Z0 = random_state.standard_normal((n_samples, n_components))
    Z = floats(estimator.to_representation_space(Z0))
    remedy = "give the object a method sample_prior(n_samples, random_state)"
    _check_is_generation_space(estimator, estimator.to_representation_space, Z, remedy)
    return Z


def generation_log_density(estimator, Z, remedy):
    """log N(g(z); 0, I): the density of the point that generation space has for z."""
    if not hasattr(estimator, "to_generation_space"):
        raise IncompatibleChoiceError(
            f"The prior of {type(estimator).__name__} is no image of N(0, I), for it has no to_generation_space: "
            f"{remedy}."
        )
    Z0 = floats(estimator.to_generation_space(Z))
    _check_is_generation_space(estimator, estimator.to_generation_space, Z, remedy)
    return standard_normal_log_density(Z0)


def _check_is_generation_space(estimator, to_other_space, Z, remedy):
    """Refuse a prior that is not the image of N(0, I): its two spaces are one, yet its density is another."""
    points = _probes(Z)
    if not hasattr(estimator, "log_prior") or not np.allclose(floats(to_other_space(points)), points):
        return
    if not has_standard_normal_prior(estimator, Z):
        raise IncompatibleChoiceError(
            f"The prior of {type(estimator).__name__} is no N(0, I), and to_generation_space does not make it one: "
            f"{remedy}."
        )


def same_density(log_density, expected):
    return np.allclose(floats(log_density), expected, rtol=1e-3, atol=1e-2)
