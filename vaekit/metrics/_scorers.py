"""Metrics as `scoring=`: the codes are what `transform` gives, the factors are `y`."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from sklearn.metrics import make_scorer

from vaekit.metrics._beta_vae import beta_vae_score
from vaekit.metrics._codes import active_units, gaussian_total_correlation
from vaekit.metrics._correlation import mean_correlation_coefficient
from vaekit.metrics._dci import dci_scores
from vaekit.metrics._dcimig import dcimig_score
from vaekit.metrics._downstream import sample_efficiency
from vaekit.metrics._factor_vae import factor_vae_score
from vaekit.metrics._infomec import infomec_scores
from vaekit.metrics._irs import interventional_robustness_score
from vaekit.metrics._jemmig import jemmig_score
from vaekit.metrics._mig import mig_score
from vaekit.metrics._mig_sup import mig_sup_score
from vaekit.metrics._modularity import explicitness_score, modularity_score
from vaekit.metrics._sap import sap_score
from vaekit.metrics._separability import linear_separability_loss
from vaekit.utils._ambient import guarded


class _FieldOf:
    """One field of a metric that returns several."""

    def __init__(self, metric, field):
        self.metric, self.field, self.__name__ = metric, field, f"{metric.__name__}.{field}"

    def __call__(self, factors, codes, **options):
        return getattr(self.metric(factors, codes, **options), self.field)


def _sample_efficiency(factors, codes, *, many=10000, n_test=5000, **options):
    """Of fewer rows than `many` and `n_test` the same shares: a fold has what rows it has."""
    asked, n = many + n_test, min(len(codes), many + n_test)
    return sample_efficiency(factors, codes, many=many * n // asked, n_test=n_test * n // asked, **options)


class _CodesScorer:
    """Score the codes alone; factors are neither needed nor used."""

    def __init__(self, metric, sign, options):
        self.metric, self.sign, self.options = metric, sign, options

    def __call__(self, estimator, X, y=None):
        return self.sign * self.metric(estimator.transform(X), **self.options)

    def __repr__(self):
        return f"{type(self).__name__}({self.metric.__name__})"


class _Scored(NamedTuple):
    """What a scorer says, the metric, whether greater is better, and its options."""

    says: str
    metric: Callable[..., Any]
    greater_is_better: bool = True
    options: dict[str, Any] = {}


# Metrics that draw do so from one seed: candidates of a search then meet the same draws.
_SEEDED = (True, {"random_state": 0})


def _each_field(prefix, metric, *fields):
    """Return a scorer's line for each field of a metric."""
    places = zip(fields, ("first", "second", "third"))
    return {
        f"{prefix}_{field}": _Scored(
            f"{field.capitalize()}, the {place} of `{metric.__name__}`", _FieldOf(metric, field), *_SEEDED
        )
        for field, place in places
    }


_OF_FACTORS_AND_CODES = {
    "beta_vae": _Scored("Accuracy of the beta-VAE metric, `beta_vae_score`", beta_vae_score, *_SEEDED),
    "factor_vae": _Scored("Accuracy of the FactorVAE metric, `factor_vae_score`", factor_vae_score, *_SEEDED),
    "mig": _Scored("Mutual information gap, `mig_score`", mig_score),
    "mig_sup": _Scored("Mutual information gap of the codes, `mig_sup_score`", mig_sup_score),
    "jemmig": _Scored("Joint entropy minus mutual information gap, from its better end, `jemmig_score`", jemmig_score),
    "dcimig": _Scored("What codes of their own know of all factors, `dcimig_score`", dcimig_score),
    **_each_field("dci", dci_scores, "disentanglement", "completeness", "informativeness"),
    **_each_field("infomec", infomec_scores, "modularity", "compactness", "explicitness"),
    "sap": _Scored("Separated attribute predictability, `sap_score`", sap_score, *_SEEDED),
    "modularity": _Scored("Modularity, `modularity_score`", modularity_score),
    "explicitness": _Scored("Explicitness, `explicitness_score`", explicitness_score, *_SEEDED),
    "interventional_robustness": _Scored(
        "Interventional robustness, `interventional_robustness_score`", interventional_robustness_score
    ),
    "linear_separability": _Scored(
        "Minus the linear separability loss, `linear_separability_loss`", linear_separability_loss, False
    ),
    "mean_correlation": _Scored(
        "Mean correlation with matched factors, `mean_correlation_coefficient`", mean_correlation_coefficient
    ),
    "sample_efficiency": _Scored(
        "Accuracy from few labels over accuracy from many, `sample_efficiency`", _sample_efficiency, *_SEEDED
    ),
}
_OF_CODES = {
    "gaussian_total_correlation": _Scored(
        "Minus the Gaussian total correlation, `gaussian_total_correlation`", gaussian_total_correlation, False
    ),
    "active_units": _Scored("Number of active codes, `active_units`", active_units),
}


@guarded
def get_scorer_names() -> list[str]:
    """Names that :func:`get_scorer` knows, in alphabetical order.

    Returns
    -------
    names : list of str
        Such as "mig".

    Examples
    --------
    >>> from vaekit.metrics import get_scorer_names
    >>> "mig" in get_scorer_names()
    True
    """
    return sorted(_OF_FACTORS_AND_CODES | _OF_CODES)


@guarded
def get_scorer(name: str, **options: Any) -> Callable[..., Any]:
    """Scorer of a metric, for the `scoring` parameter of scikit-learn's searches and cross-validations.

    The scorer applies the metric to ``estimator.transform(X)``, with `y` the factors; pipelines are welcome, and
    several scorers asked at once share the codes. Losses come out negative, so that higher is better throughout.

    Parameters
    ----------
    name : str
        One of :func:`get_scorer_names`. "gaussian_total_correlation" and "active_units" need no `y`.
    **options
        Passed to the metric, such as ``n_bins=30``. Metrics that draw do so with ``random_state=0`` unless told.
        "sample_efficiency" takes of folds of fewer than ``many + n_test`` rows the same shares to learn from and to
        score on, so that all training rows of the fold are its many labels; `few` stays.

    Returns
    -------
    scorer : callable
        Called as ``scorer(estimator, X, y)``.

    Raises
    ------
    ValueError
        If the name is unknown.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.decomposition import PCA
    >>> from sklearn.model_selection import GridSearchCV
    >>> from vaekit.metrics import get_scorer
    >>> rng = np.random.default_rng(0)
    >>> factors = rng.integers(3, size=(90, 2))
    >>> X = np.c_[factors * [3, 1], 0.01 * rng.normal(size=(90, 1))]
    >>> search = GridSearchCV(PCA(), {"n_components": [1, 2]}, scoring=get_scorer("mig", n_bins=10), cv=2)
    >>> search.fit(X, factors).best_params_
    {'n_components': 2}
    """
    scored = {**_OF_FACTORS_AND_CODES, **_OF_CODES}.get(name)
    if scored is None:
        raise ValueError(f"{name!r} is no scorer of vaekit.metrics; there are {get_scorer_names()}.")
    says, metric, greater_is_better, fixed = scored
    if name in _OF_CODES:
        scorer = _CodesScorer(metric, 1 if greater_is_better else -1, {**fixed, **options})
    else:
        scorer = make_scorer(
            metric, response_method=("transform",), greater_is_better=greater_is_better, **{**fixed, **options}
        )
    scorer.__doc__ = f"{says}, of the codes that `transform` gives; larger is better."
    return scorer


@guarded
def disentanglement_scorers(names: Sequence[str] = ("mig", "sap", "modularity")) -> dict[str, Callable[..., Any]]:
    """Dictionary of scorers, for searches by several metrics (they also need ``refit="name"``).

    Parameters
    ----------
    names : iterable of str, default=("mig", "sap", "modularity")
        Names that :func:`get_scorer` knows.

    Returns
    -------
    scorers : dict of str to callable
        In the order of `names`.

    Examples
    --------
    >>> from vaekit.metrics import disentanglement_scorers
    >>> list(disentanglement_scorers(["mig", "factor_vae"]))
    ['mig', 'factor_vae']
    """
    return {name: get_scorer(name) for name in names}


beta_vae_scorer = get_scorer("beta_vae")
factor_vae_scorer = get_scorer("factor_vae")
mig_scorer = get_scorer("mig")
mig_sup_scorer = get_scorer("mig_sup")
jemmig_scorer = get_scorer("jemmig")
dcimig_scorer = get_scorer("dcimig")
dci_disentanglement_scorer = get_scorer("dci_disentanglement")
dci_completeness_scorer = get_scorer("dci_completeness")
dci_informativeness_scorer = get_scorer("dci_informativeness")
infomec_modularity_scorer = get_scorer("infomec_modularity")
infomec_compactness_scorer = get_scorer("infomec_compactness")
infomec_explicitness_scorer = get_scorer("infomec_explicitness")
sap_scorer = get_scorer("sap")
modularity_scorer = get_scorer("modularity")
explicitness_scorer = get_scorer("explicitness")
interventional_robustness_scorer = get_scorer("interventional_robustness")
linear_separability_scorer = get_scorer("linear_separability")
mean_correlation_scorer = get_scorer("mean_correlation")
sample_efficiency_scorer = get_scorer("sample_efficiency")
gaussian_total_correlation_scorer = get_scorer("gaussian_total_correlation")
active_units_scorer = get_scorer("active_units")
