"""With or without the noise of p(x | z): one choice, wherever samples are taken."""

import numpy as np
import pytest
from gaussian_worlds import Replay, Sampler, four_dimensional_world
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from vaekit import VAE
from vaekit.evaluation import (
    generation_report,
    low_posterior_frechet_distance,
    sample_frechet_distance,
    sample_precision_recall,
)
from vaekit.evaluation._sampling import decode_codes, draw_samples
from vaekit.exceptions import IncompatibleChoiceError, MissingMethodError
from vaekit.inspection import SamplesDisplay
from vaekit.metrics import frechet_distance

pytestmark = [
    pytest.mark.filterwarnings("ignore::vaekit.exceptions.VaekitWarning"),
    pytest.mark.filterwarnings("ignore:.*effective sample size"),
]
TABLE = four_dimensional_world().sample(300, random_state=1) + np.random.default_rng(1).normal(size=(300, 4))
IMAGES = np.random.default_rng(2).random((60, 5, 6))
ROWS = {"table": TABLE, "images": IMAGES}
FEW = {"n_samples": 100, "n_importance_samples": 20, "n_likelihood_rows": 20}


def report(model, X, **options):
    rows = generation_report(model, X, **FEW, **options).rows
    return [row.value for row in rows.values()]


TAKE_SAMPLES = {
    "Fréchet": sample_frechet_distance,
    "precision": lambda model, X, **options: sample_precision_recall(model, X, k=3, **options),
    "low posterior": low_posterior_frechet_distance,
    "report": report,
    "display": lambda model, X, **options: SamplesDisplay.from_estimator(model, X, n_samples=20, **options).samples,
}
over_takers = pytest.mark.parametrize("take", TAKE_SAMPLES.values(), ids=TAKE_SAMPLES)


@pytest.fixture(scope="module", params=ROWS)
def world(request):
    """Rows, a model of them, and whether it draws by itself."""
    X = ROWS[request.param]
    return X, VAE(n_components=2, hidden_layer_sizes=(8,), max_epochs=10, random_state=0).fit(X), X.ndim == 2


@over_takers
def test_the_choice_is_the_model_s_unless_it_is_made(take, world):
    X, model, draws = world

    def taken(**options):
        return np.nan_to_num(np.asarray(take(model, X, random_state=0, **options), dtype=float))

    np.testing.assert_array_equal(taken(), taken(noise=draws))
    np.testing.assert_array_equal(taken(noise="auto"), taken(noise=draws))
    assert np.abs(taken() - taken(noise=not draws)).max() > 1e-4


def test_what_is_drawn_is_the_model_s_own_sample(world):
    X, model, _ = world
    for noise in ("auto", True, False):
        drawn = draw_samples(model, 40, 3, noise)
        np.testing.assert_array_equal(drawn, model.sample(40, random_state=3, noise=noise))
        display = SamplesDisplay.from_estimator(model, X, n_samples=40, random_state=3, noise=noise)
        expected = model.sample(40, random_state=np.random.RandomState(3), noise=noise)
        np.testing.assert_array_equal(display.samples, expected)
        distance = sample_frechet_distance(model, X, "flatten", 40, random_state=3, noise=noise)
        assert distance == pytest.approx(frechet_distance(X.reshape(len(X), -1), drawn.reshape(40, -1)), rel=1e-6)


def test_codes_become_what_samples_are(world):
    X, model, draws = world
    Z = model.transform(X)
    np.testing.assert_array_equal(decode_codes(model, Z, 3, noise=False), model.inverse_transform(Z))
    np.testing.assert_array_equal(decode_codes(model, Z, 3, noise=True), model.sample_likelihood(Z, random_state=3))
    np.testing.assert_array_equal(decode_codes(model, Z, 3), decode_codes(model, Z, 3, noise=draws))


def test_noise_brings_samples_of_a_table_nearer_to_the_data():
    model = VAE(n_components=2, random_state=0).fit(TABLE)
    drawn, decoded = (sample_frechet_distance(model, TABLE, random_state=0, noise=noise) for noise in (True, False))
    assert drawn < 0.5 * decoded
    assert sample_precision_recall(model, TABLE, random_state=0).recall > 0.8


def test_pipelines_hand_the_choice_on():
    pipeline = make_pipeline(StandardScaler(), VAE(n_components=2, max_epochs=5, random_state=0)).fit(TABLE)
    for noise in ("auto", True, False):
        expected = pipeline[-1].sample(9, random_state=np.random.RandomState(3), noise=noise)
        display = SamplesDisplay.from_estimator(pipeline, TABLE, n_samples=9, random_state=3, noise=noise)
        np.testing.assert_allclose(display.samples, pipeline[0].inverse_transform(expected))


@over_takers
def test_objects_without_the_choice_decide_by_themselves(take):
    world = four_dimensional_world()
    np.testing.assert_array_equal(take(world, TABLE, random_state=0), take(world, TABLE, random_state=0, noise="auto"))


@pytest.mark.parametrize("noise", [True, False])
@pytest.mark.parametrize("model", [Sampler(four_dimensional_world()), Replay(TABLE)], ids=["sampler", "replay"])
def test_and_are_not_asked_for_what_they_do_not_have(model, noise):
    for name in ("Fréchet", "precision", "display"):
        with pytest.raises(IncompatibleChoiceError, match="which this object has not; leave noise='auto'"):
            TAKE_SAMPLES[name](model, TABLE, random_state=0, noise=noise)


def test_draws_given_codes_need_a_method_and_means_do_not():
    world = four_dimensional_world()
    with pytest.raises(MissingMethodError, match="needs sample_likelihood, which GaussianWorld has not"):
        low_posterior_frechet_distance(world, TABLE, random_state=0, noise=True)
    decoded = low_posterior_frechet_distance(world, TABLE, random_state=0, noise=False)
    assert decoded == low_posterior_frechet_distance(world, TABLE, random_state=0)


@over_takers
@pytest.mark.parametrize("noise", ["yes", None, 1])
def test_a_choice_is_one_of_three(take, noise):
    model = VAE(n_components=2, hidden_layer_sizes=(8,), max_epochs=1, random_state=0).fit(TABLE)
    with pytest.raises(ValueError, match="The 'noise' parameter must be True, False or 'auto'"):
        take(model, TABLE, random_state=0, noise=noise)
