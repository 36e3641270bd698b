"""Everything that takes rows takes frames of several kinds of columns, with gaps, of every library."""

import functools

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest

from vaekit import VAE, BetaVAE
from vaekit.batching import fit_many
from vaekit.datasets import make_mixed_table
from vaekit.evaluation import (
    AggregatePosterior,
    collapse_report,
    generation_report,
    get_unsupervised_scorer,
    get_unsupervised_scorer_names,
    high_posterior_samples,
    importance_nll,
    kl_decomposition,
    leakage_curve,
    low_posterior_frechet_distance,
    low_posterior_samples,
    nearest_neighbours,
    over_pruned,
    rate_distortion,
    rate_distortion_curve,
    reconstruction_error,
    robustness,
    sample_diversity,
    sample_frechet_distance,
    sample_kernel_distance,
    sample_precision_recall,
    symmetric_kl,
)
from vaekit.inspection import (
    ActiveLatentsDisplay,
    AggregatePosteriorDisplay,
    AttributeDisplay,
    FactorCodeDisplay,
    InterpolationDisplay,
    LatentMap,
    LatentSpaceDisplay,
    LeakageDisplay,
    OutlierDisplay,
    OutlierScoresDisplay,
    RateDistortionDisplay,
    ReconstructionDisplay,
    SamplesDisplay,
    TableSamplesDisplay,
    TraversalDisplay,
    attribute_vector,
    latent_walk,
)
from vaekit.model_selection import UDRSearch, compare, udr_ranking
from vaekit.outlier import VAEOutlierDetector

pytestmark = [
    pytest.mark.filterwarnings("ignore::vaekit.exceptions.VaekitWarning"),
    pytest.mark.filterwarnings("ignore:.*(effective sample size|feature names|No draw|Leakage)"),
]
mpl.use("Agg")

LIBRARIES = ["pandas", "polars", "pyarrow"]
TABLES = {library: make_mixed_table(24, missing=0.1, library=library, random_state=0) for library in LIBRARIES}
Z = TABLES["pandas"].latents
IS_HIGH = Z[:, 0] > 0
HOW = {"n_components": 2, "hidden_layer_sizes": (4,), "max_epochs": 1, "random_state": 0, "missing_values": "mask"}
DRAWN = {"random_state": 0}


def part(X, start, stop):
    return X.slice(start, stop - start) if hasattr(X, "itercolumns") else X[start:stop]


@functools.cache
def world(library):
    X = TABLES[library].data
    return VAE(**HOW).fit(X), X


def each(table):
    """Names of functions, each with one of the libraries: that all of them give the same is a law of its own."""
    return [pytest.param(name, LIBRARIES[i % 3], id=f"{name}-{LIBRARIES[i % 3]}") for i, name in enumerate(table)]


@pytest.fixture(scope="module")
def detector():
    return VAEOutlierDetector(VAE(**HOW), contamination=0.1).fit(TABLES["pandas"].data)


NUMBERS = {
    "AggregatePosterior": lambda m, X: AggregatePosterior.from_estimator(m, X).log_density(np.zeros((1, 2))),
    "attribute_vector": lambda m, X: attribute_vector(m, X, IS_HIGH),
    "collapse_report": lambda m, X: collapse_report(m, X).variance_share,
    "generation_report": lambda m, X: _values(generation_report(m, X, n_samples=24, n_importance_samples=3, **DRAWN)),
    "high_posterior_samples": lambda m, X: high_posterior_samples(m, X, 5, **DRAWN).log_q,
    "importance_nll": lambda m, X: importance_nll(m, X, 5, **DRAWN).value,
    "kl_decomposition": lambda m, X: kl_decomposition(m, X, **DRAWN)[0],
    "latent_walk": lambda m, X: len(latent_walk(m, part(X, 0, 2), part(X, 2, 4))),
    "leakage_curve": lambda m, X: leakage_curve(m, X, [-1.0], **DRAWN).value,
    "low_posterior_frechet": lambda m, X: low_posterior_frechet_distance(m, X, **DRAWN).value,
    "low_posterior_samples": lambda m, X: low_posterior_samples(m, X, 5, **DRAWN).log_q,
    "nearest_neighbours": lambda m, X: nearest_neighbours(m.sample(9, **DRAWN), X).distance,
    "over_pruned": lambda m, X: over_pruned([m, m], X, 1),
    "rate_distortion": lambda m, X: rate_distortion(m, X, **DRAWN)[0],
    "reconstruction_error": lambda m, X: reconstruction_error(m, X, **DRAWN).value,
    "robustness": lambda m, X: [own.code_change for own in robustness(m, X, **DRAWN).values()],
    "sample_diversity": lambda m, X: sample_diversity(m, n_pairs=9, **DRAWN).value,
    "sample_frechet_distance": lambda m, X: sample_frechet_distance(m, X, **DRAWN),
    "sample_kernel_distance": lambda m, X: sample_kernel_distance(m, X, n_subsets=3, **DRAWN).value,
    "sample_precision_recall": lambda m, X: sample_precision_recall(m, X, **DRAWN),
    "symmetric_kl": lambda m, X: symmetric_kl(m, X, 20, **DRAWN).value,
    "udr_ranking": lambda m, X: udr_ranking([m, m], X).scores,
    "transform": lambda m, X: m.transform(X),
    "score_samples": lambda m, X: m.score_samples(X, n_importance_samples=3),
    "log_likelihood": lambda m, X: m.log_likelihood(X, np.zeros((24, 2))),
    **{f"scorer {name}": lambda m, X, name=name: get_unsupervised_scorer(name)(m, X)
       for name in get_unsupervised_scorer_names()},
}  # fmt: skip


def _values(report):
    values = [row.value for name, row in report.rows.items() if name != "reconstruction_rms"]
    assert np.isfinite(values).mean() > 0.8
    return values


@pytest.mark.parametrize(("name", "library"), each(NUMBERS))
def test_numbers(name, library):
    numbers = np.asarray(NUMBERS[name](*world(library)), dtype=np.float64)
    assert numbers.size
    assert np.isfinite(numbers).any()


def test_a_model_may_be_asked_in_another_library():
    model = world("pandas")[0]
    for name in ("sample_frechet_distance", "nearest_neighbours", "robustness", "score_samples"):
        first, *others = (NUMBERS[name](model, TABLES[library].data) for library in LIBRARIES)
        for other in others:
            np.testing.assert_allclose(other, first, rtol=1e-5, atol=1e-6, err_msg=name)


DISPLAYS = {
    "ActiveLatents": lambda m, X: ActiveLatentsDisplay.from_estimator(m, X),
    "AggregatePosterior": lambda m, X: AggregatePosteriorDisplay.from_estimator(m, X, n_prior_samples=20, **DRAWN),
    "Attribute": lambda m, X: AttributeDisplay.from_estimator(m, X, IS_HIGH),
    "FactorCodes": lambda m, X: FactorCodeDisplay.from_estimator(m, X, Z > 0, importance=False),
    "Interpolation": lambda m, X: InterpolationDisplay.from_estimator(m, part(X, 0, 2), part(X, 2, 4), n_steps=3),
    "Interpolation, units": lambda m, X: InterpolationDisplay.from_estimator(m, part(X, 0, 2), part(X, 2, 4), X=X),
    "LatentSpace": lambda m, X: LatentSpaceDisplay.from_estimator(m, X, IS_HIGH, n_prior_samples=20, **DRAWN),
    "Leakage": lambda m, X: LeakageDisplay.from_estimator(m, X, n_samples=20, **DRAWN),
    "Reconstruction": lambda m, X: ReconstructionDisplay.from_estimator(m, X),
    "Samples": lambda m, X: SamplesDisplay.from_estimator(m, X, **DRAWN),
    "TableSamples": lambda m, X: TableSamplesDisplay.from_estimator(m, X, n_samples=20, **DRAWN),
    "Traversal": lambda m, X: TraversalDisplay.from_estimator(m, X, n_steps=3),
    "Traversal of pairs": lambda m, X: TraversalDisplay.from_pairs(m, part(X, 0, 2), part(X, 2, 4), n_steps=3),
    "RateDistortion": lambda m, X: RateDistortionDisplay.from_estimators({"one": m}, X),
}


@pytest.mark.parametrize(("name", "library"), each(DISPLAYS))
def test_displays_hold_arrays(name, library):
    display = DISPLAYS[name](*world(library))
    arrays = [np.asarray(value) for value in vars(display).values() if isinstance(value, np.ndarray)]
    assert all(array.dtype.kind in "fiub" for array in arrays)


@pytest.mark.parametrize("name", ["Attribute", "Interpolation", "Reconstruction", "Samples", "Traversal"])
def test_displays_draw_every_category_by_its_name(name):
    display = DISPLAYS[name](*world("pandas")).plot()
    names = list(display.feature_names)
    assert len(names) == np.shape(display.X if hasattr(display, "X") else display.decoded)[-1]
    assert name == "Samples" or "region = north" in names
    plt.close(display.figure_)


def test_maps_say_what_stands_in_the_cells():
    model, X = world("polars")
    words = [word for row in LatentMap.from_estimator(model, X, n_points=24).words for word in row]
    assert any(word.startswith(("region = north (decoded", "region = south (decoded")) for word in words)
    assert any(word.startswith("age = ?") for word in words)


def test_outliers_are_shown(detector):
    X = TABLES["pandas"].data
    assert OutlierDisplay.from_estimator(detector, X, n_rows=3).contributions.shape == (3, 8)
    for table in TABLES.values():
        reasons = OutlierScoresDisplay.from_estimator(detector, table.data, IS_HIGH, n_rows=2).reasons
        assert all(" = " in reason for reason in reasons)


def test_searches_and_comparisons():
    X = TABLES["pyarrow"].data
    search = UDRSearch(BetaVAE(**HOW), {"beta": [2.0]}, n_models=2, random_state=0).fit(X)
    assert search.transform(X).shape == (24, 2)
    assert len(compare({"one": VAE(**HOW)}, X, seeds=2).to_frame())
    first, second = fit_many([VAE(**HOW), VAE(**HOW)], X)
    np.testing.assert_array_equal(first.transform(X), second.transform(X))
    assert len(rate_distortion_curve(BetaVAE(**HOW), X, [1.0], random_state=0).estimators) == 1
