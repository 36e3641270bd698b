"""Whatever fit takes, all other public functions take, and give the same numbers: containers x functions."""

import functools

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import torch
from PIL import Image

import vaekit.metrics
from vaekit import VAE
from vaekit.datasets._lazy import LazyImages
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
    low_posterior_samples,
    reconstruction_error,
    sample_frechet_distance,
    sample_precision_recall,
    symmetric_kl,
)
from vaekit.inspection import (
    LatentSpaceDisplay,
    OutlierDisplay,
    ReconstructionDisplay,
    SamplesDisplay,
    TraversalDisplay,
)
from vaekit.model_selection import UDRSearch, udr_ranking
from vaekit.outlier import VAEOutlierDetector

pytestmark = [
    pytest.mark.filterwarnings("ignore::vaekit.exceptions.VaekitWarning"),
    pytest.mark.filterwarnings("ignore:.*(effective sample size|feature names|Interchange|interchange)"),
]

NAMES = ["width", "height", "depth", "mass"]
WORLD = np.random.default_rng(0).normal(size=(40, 4)) @ np.random.default_rng(1).normal(size=(4, 4))
X = (3 * WORLD).round().astype(np.float32)  # exact in every type
IMAGES = np.random.default_rng(2).integers(0, 256, size=(30, 9, 8), dtype=np.uint8)


class Speaks:
    """Rows that are known through one protocol alone."""

    def __init__(self, rows, *methods):
        self.rows, self.methods = rows, methods

    def __getattr__(self, name):
        if name.startswith("__") and name in object.__getattribute__(self, "methods"):
            return getattr(self.rows, name)
        raise AttributeError(name)


class ReadsAsArray:
    def __init__(self, rows):
        self.rows = rows

    def __array__(self, dtype=None, copy=None):
        return np.array(self.rows, dtype)


def arrow(A):
    return pa.table(dict(zip(NAMES, A.T)))


CONTAINERS = {
    "pandas": lambda A: pd.DataFrame(A, columns=NAMES),
    "nullable pandas": lambda A: pd.DataFrame(A, columns=NAMES).convert_dtypes(),
    "pandas over Arrow": lambda A: pd.DataFrame(A, columns=NAMES).convert_dtypes(dtype_backend="pyarrow"),
    "polars": lambda A: pl.DataFrame(A, schema=NAMES),
    "Arrow": arrow,
    "tensor with a gradient": lambda A: torch.tensor(A, requires_grad=True),
    "bfloat16": lambda A: torch.tensor(A).bfloat16(),
    "float16": lambda A: A.astype(np.float16),
    "big-endian": lambda A: A.astype(">f4"),
    "objects": lambda A: A.astype(object),
    "lists": lambda A: A.tolist(),
    "list of tensors": lambda A: list(torch.tensor(A, requires_grad=True)),
    "__array__": ReadsAsArray,
    "__array_interface__": lambda A: Speaks(A, "__array_interface__"),
    "__dlpack__": lambda A: Speaks(torch.tensor(A), "__dlpack__", "__dlpack_device__"),
    "__dataframe__": lambda A: Speaks(arrow(A), "__dataframe__"),
    "__arrow_c_stream__": lambda A: Speaks(arrow(A), "__arrow_c_stream__"),
}
IMAGE_CONTAINERS = {
    "images on disk": lambda A: LazyImages(lambda rows: A[rows], A.shape),
    "pictures": lambda A: [Image.fromarray(picture) for picture in A],
    "tensor of images": torch.tensor,
    "list of images": list,
    "images that read as an array": ReadsAsArray,
}
SCORERS = [get_unsupervised_scorer(name) for name in get_unsupervised_scorer_names()]
FUNCTIONS = {
    "transform": lambda model, X: model.transform(X),
    "posterior": lambda model, X: model.posterior(X).scale,
    "score": lambda model, X: model.score(X),
    "log_likelihood": lambda model, X: model.log_likelihood(X, model.transform(X)),
    "symmetric_kl": lambda model, X: symmetric_kl(model, X, 50, random_state=0),
    "kl_decomposition": lambda model, X: kl_decomposition(model, X, random_state=0),
    "leakage_curve": lambda model, X: leakage_curve(model, X, [-3.0], random_state=0),
    "importance_nll": lambda model, X: importance_nll(model, X, 20, random_state=0),
    "reconstruction_error": lambda model, X: reconstruction_error(model, X, random_state=0),
    "collapse_report": lambda model, X: collapse_report(model, X).n_active,
    "low_posterior_samples": lambda model, X: low_posterior_samples(model, X, 5, random_state=0),
    "high_posterior_samples": lambda model, X: high_posterior_samples(model, X, 5, random_state=0),
    "AggregatePosterior": lambda model, X: AggregatePosterior.from_estimator(model, X).log_density(np.zeros((1, 2))),
    "sample_frechet_distance": lambda model, X: sample_frechet_distance(model, X, random_state=0),
    "sample_precision_recall": lambda model, X: sample_precision_recall(model, X, random_state=0),
    "generation_report": lambda model, X: bool(str(generation_report(model, X, random_state=0))),
    "scorers": lambda model, X: [scorer(model, X) for scorer in SCORERS],
    "ReconstructionDisplay": lambda model, X: ReconstructionDisplay.from_estimator(model, X).X,
    "SamplesDisplay": lambda model, X: SamplesDisplay.from_estimator(model, X, n_samples=9, random_state=0).X,
    "TraversalDisplay": lambda model, X: TraversalDisplay.from_estimator(model, X).decoded,
    "TraversalDisplay.from_pairs": lambda model, X: TraversalDisplay.from_pairs(model, X, X).decoded,
    "LatentSpaceDisplay": lambda model, X: LatentSpaceDisplay.from_estimator(model, X, random_state=0).generation,
    "udr_ranking": lambda model, X: udr_ranking([model, model], X).scores,
}


def fitted(A):
    return VAE(
        n_components=2, hidden_layer_sizes=(8,), network="mlp", max_epochs=2, learning_rate=1e-2, random_state=0
    ).fit(A)


def answers(A):
    """What each function makes of rows, and of a model of them."""
    model = fitted(A)
    return {name: flat(function(model, A)) for name, function in FUNCTIONS.items()}


@functools.cache
def of_arrays(name):
    return answers({"table": X, "images": IMAGES}[name])


def check(name, wrapped):
    for function, there in answers(wrapped).items():
        np.testing.assert_allclose(there, of_arrays(name)[function], rtol=1e-4, atol=1e-5, err_msg=function)


def flat(result):
    """Numbers of a result, of all its fields if it has some."""
    if isinstance(result, (tuple, list)):
        return np.concatenate([flat(part) for part in result]) if result else np.empty(0)
    return np.ravel(np.asarray(result, dtype=np.float64))


@pytest.mark.parametrize("container", CONTAINERS)
def test_every_function_takes_what_fit_takes(container):
    check("table", CONTAINERS[container](X))


@pytest.mark.parametrize("container", IMAGE_CONTAINERS)
def test_every_function_takes_the_images_that_fit_takes(container):
    check("images", IMAGE_CONTAINERS[container](IMAGES))


@pytest.mark.parametrize("container", ["Arrow", "tensor with a gradient", "list of tensors", "__dlpack__"])
def test_searches_take_what_fit_takes(container):
    search = UDRSearch(VAE(max_epochs=1, n_components=2), {"hidden_layer_sizes": [(8,)]}, n_models=2, random_state=0)
    wrapped = CONTAINERS[container](X)
    assert search.fit(wrapped).transform(wrapped).shape == (40, 2)


@pytest.mark.parametrize("container", CONTAINERS)
def test_outliers_are_found_and_explained_in_them(container):
    model = VAE(n_components=2, hidden_layer_sizes=(8,), max_epochs=2, learning_rate=1e-2, random_state=0)
    plain, wrapped = X.copy(), CONTAINERS[container](X)
    there = VAEOutlierDetector(model, contamination=0.1).fit(wrapped)
    here = VAEOutlierDetector(model, contamination=0.1).fit(plain)
    np.testing.assert_array_equal(there.predict(wrapped), here.predict(plain))
    np.testing.assert_allclose(flat(there.explain(wrapped)), flat(here.explain(plain)), rtol=1e-4, atol=1e-5)
    rows = OutlierDisplay.from_estimator(there, wrapped, n_rows=3).rows
    np.testing.assert_array_equal(rows, OutlierDisplay.from_estimator(here, plain, n_rows=3).rows)


@pytest.mark.parametrize("container", CONTAINERS)
def test_metrics_take_codes_and_factors_in_them(container):
    factors, wrap = np.abs(X) % 3, CONTAINERS[container]
    metrics = vaekit.metrics
    assert metrics.mig_score(wrap(factors), wrap(X)) == metrics.mig_score(factors, X)
    assert metrics.gaussian_total_correlation(wrap(X)) == metrics.gaussian_total_correlation(X)
    assert metrics.frechet_distance(wrap(X), wrap(X + 1)) == metrics.frechet_distance(X, X + 1)
    there, here = (metrics.precision_recall_scores(f(X), f(X + 1), k=3) for f in (wrap, np.array))
    assert there == here
