"""A training that had not come to its end is noticed, once; one that had is not."""

import re
import warnings

import numpy as np
import pytest
from family import NAMES
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits, load_iris, load_wine, make_moons
from sklearn.preprocessing import StandardScaler
from skorch.callbacks import EarlyStopping

import vaekit
from vaekit import DPVAE, VAE, BetaVAE, FactorVAE
from vaekit.exceptions import UnfinishedTrainingWarning
from vaekit.fitted._convergence import diverged, scale_was_moving, was_hardly_trained, was_still_falling
from vaekit.likelihoods import Normal

IRIS = load_iris().data
FEW = {"n_components": 2, "random_state": 0}
NOISE = np.random.default_rng(0).normal(size=200)


def warnings_of(model, X):
    """Fit, and return the sentences about the end of training."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        model.fit(X)
    return [str(warning.message) for warning in caught if warning.category is UnfinishedTrainingWarning]


# ------------------------------------------------------------------ curves with a known answer


@pytest.mark.parametrize(
    ("losses", "falls"),
    [
        (10 - 0.1 * np.arange(100), True),
        (10 - 0.1 * np.arange(100) + 0.3 * NOISE[:100], True),
        (3 + 7 * np.exp(-np.arange(100) / 1000), True),
        (3 + 7 * np.exp(-np.arange(100) / 5), False),
        (3 + 7 * np.exp(-np.arange(100) / 5) + 0.1 * NOISE[:100], False),
        (np.full(100, 3.0), False),
        (3 + NOISE[:100], False),
        (3 + 0.1 * np.arange(100), False),
        (10 - 1e-4 * np.arange(100), False),  # steep beside what there is, and nothing in nats
        (np.r_[np.linspace(8, 10, 30), np.linspace(10, 4, 70)], True),  # rising while the KL's weight rises
    ],
)
@pytest.mark.parametrize("scale", [1, 1000])
def test_a_falling_loss_is_told_from_one_that_has_settled(losses, falls, scale):
    said = was_still_falling(scale * losses, 30, 4 * scale)
    assert (said is not None) == falls
    assert not falls or "max_epochs" in said


@pytest.mark.parametrize("n_epochs", [0, 1, 2, 3, 4])
def test_few_epochs_are_judged_by_how_far_a_weight_can_have_moved(n_epochs):
    assert was_still_falling([1.0] * n_epochs, 0, 4) is None
    assert was_hardly_trained(0.1) is None
    assert "0.02" in was_hardly_trained(0.02)


FALLING = 3 + 7 * np.exp(-np.arange(100) / 5)


@pytest.mark.parametrize(
    ("losses", "end", "diverges"),
    [
        (FALLING, 3, False),
        (FALLING + 0.3 * NOISE[:100], 3, False),
        (np.r_[FALLING[:60], np.linspace(3, 9, 40)], 8, True),
        (np.r_[FALLING[:60], np.linspace(3, 3.3, 40)], 3.3, False),
        (FALLING, 1e12, True),  # worse than before the first step
        (FALLING, 10.3, False),  # and a collapse is not
        (20 + 8 * NOISE[:100], 3, False),
    ],
)
def test_a_divergence_is_told_from_noise_and_collapse(losses, end, diverges):
    said = diverged(losses, 0, 4, end, 10.0)
    assert (said is not None) == diverges
    assert not diverges or "'learning_rate'" in said


def test_a_first_batch_may_have_been_an_easy_one():
    """Means of 128 squared errors, of which one in a hundred is three standard errors off at most."""
    means = np.square(np.random.default_rng(0).normal(size=(4000, 128))).mean(axis=1)
    said = [diverged([], 0, 1, 100.0, 100 * mean, 100 * mean * np.sqrt(2 / 128)) for mean in means]
    assert sum(sentence is not None for sentence in said) < 40
    assert diverged([], 0, 1, 100.0, 61.0) is not None  # of all rows it is no chance


@pytest.mark.parametrize(
    ("log_scales", "word"),
    [
        (np.linspace(-2.3, -2.1, 100), "growing by 2"),
        (np.linspace(-1, -1.3, 100), "shrinking by 3"),
        (-0.7 - np.exp(-np.arange(100) / 10), None),
        (-0.7 + 0.001 * NOISE[:100], None),
        ([-2.3], None),
        ([], None),
    ],
)
def test_a_moving_scale_is_told_from_one_that_has_arrived(log_scales, word):
    said = scale_was_moving(log_scales, 0.002)
    assert (said is None) == (word is None)
    if word is not None:
        direction, _, percent = word.partition(" by ")
        assert direction in said
        assert f"by {percent}" in said


# ------------------------------------------------------------------ fits


@pytest.mark.parametrize(
    ("model", "words"),
    [
        (VAE(**FEW, max_epochs=10), "before any weight could move by more than 0.02"),
        (VAE(**FEW, max_steps=5), "before any weight could move by more than 0.005"),
        (BetaVAE(**FEW, max_epochs=3, beta=100, likelihood=Normal(scale=0.1)), "before any weight could move by"),
        (VAE(**FEW, learning_rate=1e-5), "before any weight could move by more than 0.002"),
        (VAE(**FEW, learning_rate=10.0), "training has diverged: lower 'learning_rate'"),
        (VAE(**FEW, learning_rate=10.0, likelihood=Normal(scale=0.5)), "above the .* of the untrained model"),
    ],
)
def test_training_that_was_not_over_is_said_once(model, words):
    (said,) = warnings_of(model, IRIS)
    assert re.search(words, said)


@pytest.mark.filterwarnings("ignore::vaekit.exceptions.CollapseWarning")
@pytest.mark.parametrize("max_epochs", [5, 20])
def test_few_epochs_of_few_rows_are_not_enough(max_epochs):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(150, 3)) @ rng.normal(size=(3, 8)) + 0.5 * rng.normal(size=(150, 8)) + 5
    (said,) = warnings_of(VAE(n_components=3, max_epochs=max_epochs, random_state=0), X)
    assert "before any weight could move" in said
    assert "raise 'max_epochs'" in said


def test_a_learned_scale_that_is_on_its_way_is_said_once():
    model = VAE(**FEW, likelihood=Normal(scale="learned"))
    (said,) = warnings_of(model, DATA["diabetes"])
    assert re.search(
        r"scale .* still growing when training ended, by .*% in the last 10 epochs; raise 'max_epochs'", said
    )


DATA = {
    "iris": IRIS,
    "wine": StandardScaler().fit_transform(load_wine().data),
    "diabetes": StandardScaler().fit_transform(load_diabetes().data),
    "breast cancer": StandardScaler().fit_transform(load_breast_cancer().data),
    "moons": make_moons(500, noise=0.05, random_state=0)[0],
}


@pytest.mark.parametrize("name", DATA)
def test_defaults_are_no_false_alarm(name):
    assert warnings_of(VAE(**FEW), DATA[name]) == []


@pytest.mark.parametrize("model", [VAE(random_state=0), DPVAE(random_state=0)])
def test_nor_are_they_with_ten_latents(model):
    X = DATA["breast cancer"] if isinstance(model, DPVAE) else load_digits().data / 16
    assert warnings_of(model, X) == []


OF_FAMILY = [name for name in NAMES if name.replace("DPVAE", "VAE") not in NAMES or name == "FactorDPVAE"]


@pytest.mark.parametrize("name", OF_FAMILY)
def test_nor_are_those_of_the_family(name):
    assert warnings_of(getattr(vaekit, name)(**FEW), IRIS) == []


@pytest.mark.parametrize(
    "model",
    [
        VAE(**FEW, max_epochs=500, likelihood=Normal(scale=0.5)),
        BetaVAE(**FEW, beta=50),  # everything collapses, and stays there
        BetaVAE(n_components=2, random_state=1, beta=1000, max_epochs=60, likelihood=Normal(scale=0.1)),  # the same
        FactorVAE(**FEW, gamma=50),  # the discriminator moves the loss
        VAE(**FEW, learning_rate=10.0, early_stopping=True),  # whose best epoch is kept
        VAE(**FEW, callbacks=[EarlyStopping(monitor="train_loss", patience=1, threshold=9, threshold_mode="abs")]),
        VAE(**FEW, max_epochs=10, warmup=1.0, learning_rate=1e-3, max_steps=5),  # the schedule is what is said
    ],
)
def test_nor_is_training_that_somebody_watched_or_that_something_else_is_said_of(model):
    said = warnings_of(model, IRIS)
    assert said == [] or model.max_steps == 5
    assert model.partial_fit(IRIS) is model


def test_a_part_is_never_unfinished():
    with warnings.catch_warnings():
        warnings.simplefilter("error", UnfinishedTrainingWarning)
        VAE(**FEW).partial_fit(IRIS)
