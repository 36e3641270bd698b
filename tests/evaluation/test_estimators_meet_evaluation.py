"""The library's own estimators, measured through their public methods."""

import numpy as np
import pytest
from gaussian_worlds import Replay
from sklearn.datasets import load_digits, make_moons
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from vaekit import AAE, DPVAE, VAE
from vaekit.evaluation import (
    AggregatePosterior,
    ClassifierFeatures,
    aggregate_posterior_log_density,
    collapse_report,
    generation_report,
    get_unsupervised_scorer,
    importance_nll,
    leakage_curve,
    sample_frechet_distance,
)

MOONS = StandardScaler().fit_transform(make_moons(500, noise=0.05, random_state=0)[0])
DIGITS, LABELS = load_digits(return_X_y=True)
IMAGES = (DIGITS * 15).astype(np.uint8).reshape(-1, 8, 8)
FEW = {"n_samples": 300, "n_importance_samples": 50, "n_likelihood_rows": 50, "random_state": 0}
# Fifty importance samples are few: what is asked here is which numbers exist.
pytestmark = pytest.mark.filterwarnings("ignore:.*effective sample size")


@pytest.fixture(scope="module", params=[VAE, DPVAE], ids=["plain", "decoupled"])
def model(request):
    return request.param(n_components=2, max_epochs=40, warmup=0.1, random_state=0).fit(MOONS)


def test_the_bound_lies_below_the_likelihood(model):
    nll = importance_nll(model, MOONS[:100], 500, random_state=0)
    assert -nll.value > model.score(MOONS[:100])


def test_encodings_are_taken_as_the_normals_they_are(model):
    points = model.sample_posterior(MOONS[:50], random_state=0)[0]
    q = AggregatePosterior.from_estimator(model, MOONS)
    np.testing.assert_allclose(
        q.log_density(points), aggregate_posterior_log_density(points, *model.posterior(MOONS)), rtol=1e-12
    )


@pytest.mark.filterwarnings("ignore:No draw of q")
def test_leakage_rises_to_the_divergence(model):
    curve = leakage_curve(model, MOONS, [-np.inf, np.inf], n_samples=2000, random_state=0)
    q_to_p = generation_report(model, MOONS, **FEW)["kl_q_to_p"]
    assert curve.value[1] == pytest.approx(q_to_p.value, abs=4 * q_to_p.standard_error)


def test_every_number_exists(model):
    report = generation_report(make_pipeline(StandardScaler().fit(MOONS), model), MOONS, **FEW)
    assert {name for name, row in report.rows.items() if np.isnan(row.value)} <= {"leakage_1"}


def test_only_a_plain_prior_has_a_kl_by_component(model):
    kl = collapse_report(model, MOONS).kl
    if isinstance(model, DPVAE):
        assert np.isnan(kl).all()
    else:
        np.testing.assert_allclose(kl, model.kl_per_component_, rtol=1e-5)


@pytest.mark.filterwarnings("ignore:.*latents carry information")
def test_an_adversarial_prior_leaves_samples_and_reconstructions():
    report = generation_report(AAE(n_components=2, max_epochs=2, random_state=0).fit(MOONS), MOONS, **FEW)
    there = {name for name, row in report.rows.items() if np.isfinite(row.value)}
    samples = {
        "frechet_distance",
        "low_posterior_frechet_distance",
        "low_posterior_frechet_distance_plain",
        "precision",
        "recall",
        "density",
        "coverage",
    }
    assert there == samples | {"share_closer", "reconstruction_rms", "active_components"}


@pytest.mark.filterwarnings("ignore:.*latents carry information")
def test_images_come_and_go_in_their_own_shape():
    model = VAE(n_components=5, max_epochs=3, random_state=0).fit(IMAGES[:300])
    report = generation_report(model, IMAGES[:300], **FEW)
    assert {name for name, row in report.rows.items() if np.isnan(row.value)} <= {"leakage_1"}
    assert 10 < report["reconstruction_rms"].value < 255
    features = ClassifierFeatures((32,), max_iter=5).fit(IMAGES[:1000], LABELS[:1000])
    distance = sample_frechet_distance(model, IMAGES[:300], features, random_state=0)
    assert distance > sample_frechet_distance(Replay(IMAGES[300:600]), IMAGES[:300], features)
    assert np.isfinite(get_unsupervised_scorer("neg_nll")(model, IMAGES[:20]))
