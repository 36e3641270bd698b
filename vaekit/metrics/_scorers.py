"""Metrics as `scoring=`: the codes are what `transform` gives, the factors are `y`."""

from sklearn.metrics import make_scorer

from vaekit.metrics._beta_vae import beta_vae_score
from vaekit.metrics._codes import active_units, gaussian_total_correlation
from vaekit.metrics._correlation import mean_correlation_coefficient
from vaekit.metrics._dci import dci_scores
from vaekit.metrics._downstream import sample_efficiency
from vaekit.metrics._factor_vae import factor_vae_score
from vaekit.metrics._mig import mig_score
from vaekit.metrics._modularity import explicitness_score, modularity_score
from vaekit.metrics._sap import sap_score
from vaekit.metrics._separability import linear_separability_loss
from vaekit.utils._ambient import guarded


def _dci_disentanglement(factors, codes, **options):
    return dci_scores(factors, codes, **options).disentanglement


def _dci_completeness(factors, codes, **options):
    return dci_scores(factors, codes, **options).completeness


def _dci_informativeness(factors, codes, **options):
    return dci_scores(factors, codes, **options).informativeness


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


# Metrics that draw do so from one seed: candidates of a search then meet the same draws.
_OF_FACTORS_AND_CODES = {
    "beta_vae": (beta_vae_score, True, {"random_state": 0}),
    "factor_vae": (factor_vae_score, True, {"random_state": 0}),
    "mig": (mig_score, True, {}),
    "dci_disentanglement": (_dci_disentanglement, True, {"random_state": 0}),
    "dci_completeness": (_dci_completeness, True, {"random_state": 0}),
    "dci_informativeness": (_dci_informativeness, True, {"random_state": 0}),
    "sap": (sap_score, True, {"random_state": 0}),
    "modularity": (modularity_score, True, {}),
    "explicitness": (explicitness_score, True, {"random_state": 0}),
    "linear_separability": (linear_separability_loss, False, {}),
    "mean_correlation": (mean_correlation_coefficient, True, {}),
    "sample_efficiency": (_sample_efficiency, True, {"random_state": 0}),
}
_OF_CODES = {
    "gaussian_total_correlation": (gaussian_total_correlation, -1, {}),
    "active_units": (active_units, 1, {}),
}
_SUMMARIES = {
    "beta_vae": "Accuracy of the beta-VAE metric, `beta_vae_score`",
    "factor_vae": "Accuracy of the FactorVAE metric, `factor_vae_score`",
    "mig": "Mutual information gap, `mig_score`",
    "dci_disentanglement": "Disentanglement, the first of `dci_scores`",
    "dci_completeness": "Completeness, the second of `dci_scores`",
    "dci_informativeness": "Informativeness, the third of `dci_scores`",
    "sap": "Separated attribute predictability, `sap_score`",
    "modularity": "Modularity, `modularity_score`",
    "explicitness": "Explicitness, `explicitness_score`",
    "linear_separability": "Minus the linear separability loss, `linear_separability_loss`",
    "mean_correlation": "Mean correlation with matched factors, `mean_correlation_coefficient`",
    "sample_efficiency": "Accuracy from few labels over accuracy from many, `sample_efficiency`",
    "gaussian_total_correlation": "Minus the Gaussian total correlation, `gaussian_total_correlation`",
    "active_units": "Number of active codes, `active_units`",
}


@guarded
def get_scorer_names():
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
def get_scorer(name, **options):
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
    if name in _OF_FACTORS_AND_CODES:
        metric, greater_is_better, defaults = _OF_FACTORS_AND_CODES[name]
        scorer = make_scorer(
            metric, response_method=("transform",), greater_is_better=greater_is_better, **{**defaults, **options}
        )
    elif name in _OF_CODES:
        metric, sign, defaults = _OF_CODES[name]
        scorer = _CodesScorer(metric, sign, {**defaults, **options})
    else:
        raise ValueError(f"{name!r} is no scorer of vaekit.metrics; there are {get_scorer_names()}.")
    scorer.__doc__ = f"{_SUMMARIES[name]}, of the codes that `transform` gives; larger is better."
    return scorer


@guarded
def disentanglement_scorers(names=("mig", "sap", "modularity")):
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
dci_disentanglement_scorer = get_scorer("dci_disentanglement")
dci_completeness_scorer = get_scorer("dci_completeness")
dci_informativeness_scorer = get_scorer("dci_informativeness")
sap_scorer = get_scorer("sap")
modularity_scorer = get_scorer("modularity")
explicitness_scorer = get_scorer("explicitness")
linear_separability_scorer = get_scorer("linear_separability")
mean_correlation_scorer = get_scorer("mean_correlation")
sample_efficiency_scorer = get_scorer("sample_efficiency")
gaussian_total_correlation_scorer = get_scorer("gaussian_total_correlation")
active_units_scorer = get_scorer("active_units")
