"""Results, displays and modules print as one short line that says what they hold."""

import functools

import numpy as np
import pytest
import torch
from settings_of_words import setting
from sklearn.datasets import load_iris

import vaekit.inspection as inspection
from vaekit import DPVAE
from vaekit.evaluation import (
    AggregatePosterior,
    collapse_report,
    high_posterior_samples,
    importance_nll,
    kl_decomposition,
    leakage_curve,
    low_posterior_frechet_distance,
    low_posterior_samples,
    nearest_neighbours,
    reconstruction_error,
    sample_precision_recall,
    symmetric_kl,
)
from vaekit.likelihoods import Bernoulli, Laplace, Normal, SquaredError
from vaekit.metrics import bootstrap_interval, dci_scores, downstream_study, mig_score
from vaekit.model_selection import udr_ranking
from vaekit.outlier import VAEOutlierDetector
from vaekit.posteriors import DiagonalNormal, FixedScale
from vaekit.priors import Decoupled, ElementwiseFlow, Generator, StandardNormal
from vaekit.utils._repr import short, short_repr

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")
X = load_iris().data
FACTORS = np.random.default_rng(0).integers(0, 3, (150, 2))


@functools.cache
def model():
    return DPVAE(n_components=2, hidden_layer_sizes=(8,), max_epochs=2, random_state=0).fit(X)


DRAWS = {"random_state": 0}
RUNS = {"model": ["a", "a", "b"], "mig": [0.1, 0.2, 0.3], "sap": [0.3, 0.1, 0.2]}
RESULTS = {
    "posterior": lambda: model().posterior(X),
    "aggregate": lambda: AggregatePosterior.from_estimator(model(), X),
    "collapse": lambda: collapse_report(model(), X),
    "high_posterior": lambda: high_posterior_samples(model(), X, 5, **DRAWS),
    "low_posterior": lambda: low_posterior_samples(model(), X, 5, **DRAWS),
    "low_posterior_frechet": lambda: low_posterior_frechet_distance(model(), X, "flatten", 50, **DRAWS),
    "importance_nll": lambda: importance_nll(model(), X, 20, **DRAWS),
    "kl_decomposition": lambda: kl_decomposition(model(), X, **DRAWS),
    "leakage": lambda: leakage_curve(model(), X, np.linspace(-4, -1, 20), **DRAWS),
    "neighbours": lambda: nearest_neighbours(X[:50], X),
    "reconstruction_error": lambda: reconstruction_error(model(), X, **DRAWS),
    "precision_recall": lambda: sample_precision_recall(model(), X, "flatten", 50, **DRAWS),
    "symmetric_kl": lambda: symmetric_kl(model(), X, 100, **DRAWS),
    "bootstrap": lambda: bootstrap_interval(mig_score, FACTORS, X, n_resamples=10, **DRAWS),
    "dci": lambda: dci_scores(FACTORS, X),
    "downstream": lambda: downstream_study(FACTORS, X, FACTORS, X, train_sizes=(50, 100), **DRAWS),
    "udr": lambda: udr_ranking([model()] * 6, X),
    "LatentSpaceDisplay": lambda: inspection.LatentSpaceDisplay.from_estimator(model(), X, FACTORS[:, 0], **DRAWS),
    "LossCurveDisplay": lambda: inspection.LossCurveDisplay.from_estimator(model()),
    "OutlierDisplay": lambda: inspection.OutlierDisplay.from_estimator(VAEOutlierDetector(model()).fit(X), X),
    "ReconstructionDisplay": lambda: inspection.ReconstructionDisplay.from_estimator(model(), X),
    "SamplesDisplay": lambda: inspection.SamplesDisplay.from_estimator(model(), X, **DRAWS),
    "TraversalDisplay": lambda: inspection.TraversalDisplay.from_estimator(model(), X),
    "ActiveLatentsDisplay": lambda: inspection.ActiveLatentsDisplay.from_estimator(model(), X),
    "AggregatePosteriorDisplay": lambda: inspection.AggregatePosteriorDisplay.from_estimator(model(), X, **DRAWS),
    "AttributeDisplay": lambda: inspection.AttributeDisplay.from_estimator(model(), X, FACTORS[:, 0] == 0),
    "ComparisonDisplay": lambda: inspection.ComparisonDisplay.from_frame(RUNS),
    "FactorCodeDisplay": lambda: inspection.FactorCodeDisplay.from_estimator(model(), X, FACTORS, importance=False),
    "InterpolationDisplay": lambda: inspection.InterpolationDisplay.from_estimator(model(), X[:3], X[3:6]),
    "LatentMap": lambda: inspection.LatentMap.from_estimator(model(), X, **DRAWS),
    "LeakageDisplay": lambda: inspection.LeakageDisplay.from_estimators({"a": model()}, X, n_samples=50, **DRAWS),
    "MetricDistributionDisplay": lambda: inspection.MetricDistributionDisplay.from_frame(RUNS),
    "OutlierScoresDisplay": lambda: inspection.OutlierScoresDisplay.from_estimator(model(), X),
    "RankCorrelationDisplay": lambda: inspection.RankCorrelationDisplay.from_frame(RUNS),
    "RateDistortionDisplay": lambda: inspection.RateDistortionDisplay.from_estimators({"a": model()}, X, **DRAWS),
    "TableSamplesDisplay": lambda: inspection.TableSamplesDisplay.from_estimator(model(), X, **DRAWS),
    **{
        type(spec).__name__: lambda spec=spec: spec.build(setting())
        for spec in (StandardNormal(), Decoupled(), ElementwiseFlow(), Generator())
    },
    **{
        type(spec).__name__: lambda spec=spec: spec.build(setting(n_features=8))
        for spec in (DiagonalNormal(), FixedScale())
    },
    **{
        type(spec).__name__: lambda spec=spec: spec.build(setting((5, 5)))
        for spec in (Bernoulli(), Normal(), Normal(scale="per_feature"), Laplace(), SquaredError())
    },
    "NormalParameters": lambda: model().net_.module_.encode(torch.zeros(9, 4)),
}


@pytest.mark.parametrize("name", RESULTS)
def test_prints_one_short_line(name):
    text = repr(RESULTS[name]())
    assert "\n" not in text
    assert len(text) < 400
    assert "object at 0x" not in text
    assert "tensor" not in text
    assert "array([" not in text
    assert "float64" not in text


def test_every_display_is_in_the_table():
    assert {name for name in inspection.__all__ if name.endswith("Display")} <= set(RESULTS)


PRINTED = {
    "ReconstructionDisplay": "ReconstructionDisplay(X=array(150, 4), reconstructions=array(150, 4))",
    "Decoupled": "DecoupledPrior(n_components=3, n_couplings=4)",
    "ElementwiseFlow": "ElementwiseFlowPrior(n_components=3, n_bins=8)",
    "Generator": f"GeneratorPrior({3 * 64 + 64 + 64 * 64 + 64 + 64 * 3 + 3} weights)",
    "StandardNormal": "StandardNormalPrior()",
    "DiagonalNormal": "DiagonalNormalHead(n_features=8, n_components=3)",
    "FixedScale": "FixedScaleHead(n_features=8, n_components=3, scale=0.01)",
    "Bernoulli": "BernoulliLikelihood(n_features=25)",
    "aggregate": "AggregatePosterior(n_encodings=150, n_components=2)",
    "posterior": "Posterior(loc=array(150, 2), scale=array(150, 2))",
}


@pytest.mark.parametrize("name", PRINTED)
def test_says_what_it_holds(name):
    assert repr(RESULTS[name]()) == PRINTED[name]


def test_a_drawn_display_prints_the_same():
    display = inspection.ReconstructionDisplay.from_estimator(model(), X)
    assert repr(display.plot()) == PRINTED["ReconstructionDisplay"]


VALUES = [
    (1234567.8, "1235000.0"),
    (1.0, "1.0"),
    (np.float64(0.1), "0.1"),
    (np.float32(1) / 3, "0.3333"),
    (7, "7"),
    (np.int64(123456), "123456"),
    (True, "True"),
    (np.bool_(False), "False"),
    (None, "None"),
    ("mss", "'mss'"),
    (float("nan"), "nan"),
    (np.array(2.0), "2.0"),
    (np.array([True, False]), "[True, False]"),
    (np.array([0.25, np.nan]), "[0.25, nan]"),
    (np.array([]), "[]"),
    (np.zeros(100), "array(100)"),
    (np.zeros((2, 1)), "array(2, 1)"),
    (torch.zeros(3, 4, requires_grad=True), "array(3, 4)"),
    (torch.tensor(0.5), "0.5"),
    ([1, 2.5], "[1, 2.5]"),
    ((1,), "(1,)"),
    ((), "()"),
    (list(range(9)), "list of 9"),
    ({"kl": np.zeros(5)}, "{kl: array(5)}"),
    (dict.fromkeys(range(9)), "dict of 9"),
    (torch.nn.Sequential(torch.nn.Linear(2, 2)), "Sequential"),
]


@pytest.mark.parametrize(("value", "text"), VALUES, ids=[text for _, text in VALUES])
def test_short(value, text):
    assert short(value) == text


def test_private_and_drawn_attributes_are_left_out():
    class Holder:
        __repr__ = short_repr

    holder = Holder()
    holder.rows, holder._cache, holder.figure_ = np.zeros((9, 2)), 1, 2
    assert repr(holder) == "Holder(rows=array(9, 2))"
