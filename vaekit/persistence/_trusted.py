"""Which types and functions a file of skops may hold."""

import functools
import importlib
import inspect

from vaekit.persistence._table import ESTIMATORS, WORDS
from vaekit.utils._ambient import guarded

__all__ = ["DENSITIES", "trusted_types"]

# by their paths: rooms of this floor do not import one another
OURS = [
    "vaekit.estimators._conditions.Conditions",
    "vaekit.frames._columns.Column",
    "vaekit.frames._columns.Columns",
    "vaekit.impute._imputer.VAEImputer",
    "vaekit.metrics._scorers._CodesScorer",
    "vaekit.metrics._scorers._FieldOf",
    "vaekit.metrics._scorers._sample_efficiency",
    "vaekit.model_selection._udr.UDRSearch",
    "vaekit.outlier._contributions.ReferenceRows",
    "vaekit.outlier._detector.VAEOutlierDetector",
]
# what densities of scikit-learn hold, and the types themselves of those that a prior may be made of
DENSITIES = [
    "sklearn.metrics._dist_metrics.ChebyshevDistance64",
    "sklearn.metrics._dist_metrics.EuclideanDistance64",
    "sklearn.metrics._dist_metrics.ManhattanDistance64",
    "sklearn.metrics._dist_metrics.MinkowskiDistance64",
    "sklearn.mixture._bayesian_mixture.BayesianGaussianMixture",
    "sklearn.mixture._gaussian_mixture.GaussianMixture",
    "sklearn.neighbors._ball_tree.BallTree",
    "sklearn.neighbors._kd_tree.KDTree",
    "sklearn.neighbors._kde.KernelDensity",
]
# objects whose state is data, and plain functions, that fitted estimators of scikit-learn hold
HELD = [
    "numpy.dtype",
    "numpy.mean",
    "sklearn._loss.loss.HalfTweedieLossIdentity",
    "sklearn.calibration._CalibratedClassifier",
    "sklearn.calibration._SigmoidCalibration",
    "sklearn.cluster._bisect_k_means._BisectingTree",
    "sklearn.cluster._kmeans._kmeans_single_elkan",
    "sklearn.cluster._kmeans._kmeans_single_lloyd",
    "sklearn.compose._column_transformer.make_column_selector",
    "sklearn.gaussian_process._gpc._BinaryGaussianProcessClassifierLaplace",
    "sklearn.impute._iterative._ImputerTriplet",
    "sklearn.metrics._scorer._CurveScorer",
    "sklearn.metrics._scorer._MultimetricScorer",
    "sklearn.metrics._scorer._PassthroughScorer",
    "sklearn.metrics._scorer._Scorer",
    "sklearn.model_selection._split._CVIterableWrapper",
    "sklearn.neural_network._stochastic_optimizers.AdamOptimizer",
    "sklearn.neural_network._stochastic_optimizers.SGDOptimizer",
    "sklearn.utils._bunch.Bunch",
    "sklearn.utils._metadata_requests.MetadataRequest",
    "sklearn.utils._metadata_requests.MethodMetadataRequest",
]


def _has(name):
    return lambda member: inspect.isclass(member) and hasattr(member, name)


# modules of what is passed as `scoring=`, `score_func=`, `cv=` and `kernel=`, and which of their members are such
MODULES = {
    "sklearn.feature_selection": inspect.isfunction,
    "sklearn.gaussian_process.kernels": _has("is_stationary"),
    "sklearn.metrics": inspect.isfunction,
    "sklearn.metrics._scorer": inspect.isfunction,
    "sklearn.model_selection": _has("split"),
    "vaekit.evaluation._scorers": inspect.isfunction,
    "vaekit.metrics": inspect.isfunction,
}


@guarded
def trusted_types() -> list[str]:
    """Return the types and functions, besides those that skops trusts, of which pipelines and searches are made.

    Returns
    -------
    types : list of str
        For `skops.io.load(file, trusted=...)`; `load` uses them.

    Notes
    -----
    Setting the state of one of these types runs nothing that the file brings, and the functions are those that score.
    `vaekit.nn.Custom` is not among them: it holds modules of others, whose loading runs their code. Nor are decision
    trees, of forests and boosting too: scikit-learn follows the numbers of a tree without looking where they lead, so
    that a forged file could end the interpreter. For a file of your own say
    ``load(path, trusted=["sklearn.tree._tree.Tree"])``.

    Examples
    --------
    >>> from vaekit.persistence import trusted_types
    >>> "vaekit.estimators._vae.VAE" in trusted_types()
    True
    """
    ours = [*ESTIMATORS.values(), *WORDS.values()]
    return sorted({*map(_path, ours), *OURS, *DENSITIES, *HELD, *_members()})


@functools.cache
def _members():
    found = []
    for name, is_such in MODULES.items():
        module = importlib.import_module(name)
        listed = getattr(module, "__all__", None)
        members = [vars(module).get(member) for member in listed or vars(module)]
        found += [_path(member) for member in members if is_such(member) and (listed or member.__module__ == name)]
    return found


def _path(member):
    return f"{member.__module__}.{member.__qualname__}"
