"""Windows of signals, (channels, time), by declaration."""

import pickle

import numpy as np
import pytest
import torch
from family import NAMES, same_bits, tiny

from vaekit.engine import _kinds
from vaekit.nn import ConvNet1d
from vaekit.persistence import load, save

pytestmark = pytest.mark.filterwarnings("ignore")
RNG = np.random.default_rng(0)
TIME = np.linspace(0, 2 * np.pi, 21)
WAVES = np.sin(TIME + RNG.uniform(0, 6, size=(40, 2, 1))) * [[1.0], [500.0]] + [[3.0], [-7.0]]
WAVES += 0.05 * RNG.normal(size=WAVES.shape) * [[1.0], [500.0]]
SMALL = ConvNet1d(channels=4, hidden_layer_sizes=(8,))


@pytest.fixture(scope="module")
def model():
    return tiny("VAE", network=SMALL).fit(WAVES)


@pytest.mark.parametrize("name", [name for name in NAMES if "DP" not in name])
def test_every_estimator_takes_windows_and_gives_them_back(name):
    few = WAVES[:12, :, :9]
    model = tiny(name, network=SMALL, max_epochs=1).fit(few)
    for found in (model.sample(3), model.inverse_transform(model.transform(few[:3]))):
        assert found.shape == (3, 2, 9)
        assert np.isfinite(found).all()


@pytest.mark.parametrize("n_steps", [1, 2, 5, 33])
def test_any_length_is_restored(n_steps):
    windows = RNG.normal(size=(20, 3, n_steps))
    model = tiny("VAE", network="conv1d", max_epochs=1).fit(windows)
    assert model.image_shape_ == (3, n_steps)
    assert model.inverse_transform(model.transform(windows)).shape == windows.shape
    assert model.score_samples(windows).shape == (20,)


@pytest.mark.parametrize("standardize", ["auto", "column", "common"])
def test_channels_are_standardised_one_by_one(standardize):
    model = tiny("VAE", network=SMALL, max_epochs=1, standardize=standardize).fit(WAVES)
    preprocessing = model.model_.blueprint.preprocessing
    offset, unit = (np.reshape(part, (2, 21)) for part in preprocessing)
    np.testing.assert_allclose(offset, np.tile(WAVES.mean(axis=(0, 2))[:, None], 21))
    deviation = WAVES.std(axis=(0, 2))
    expected = deviation if standardize != "common" else np.full(2, np.sqrt(np.mean(deviation**2)))
    np.testing.assert_allclose(unit, np.tile(expected[:, None], 21))


def test_densities_are_in_the_units_of_the_data(model):
    """Twice the signal, twice the units: a density less by log 2 for each value."""
    doubled = tiny("VAE", network=SMALL).fit(2 * WAVES)
    np.testing.assert_allclose(doubled.score_samples(2 * WAVES) + 42 * np.log(2), model.score_samples(WAVES), rtol=1e-5)
    np.testing.assert_allclose(doubled.sample(3), 2 * model.sample(3), rtol=1e-4, atol=1e-3)


def test_samples_spread_as_the_data_do():
    """They are drawn, as a table's are, and in double precision."""
    model = tiny("VAE", network=SMALL, max_epochs=30).fit(WAVES)
    drawn, means = model.sample(500), model.sample(500, noise=False)
    assert drawn.dtype == np.float64
    assert (drawn.std(axis=0) > means.std(axis=0)).all()
    np.testing.assert_allclose(drawn.std(axis=(0, 2)), WAVES.std(axis=(0, 2)), rtol=0.35)


def test_a_table_is_windows_of_one_channel():
    table = WAVES[:, 0]
    model, twin = (tiny("VAE", network=SMALL).fit(rows) for rows in (table, table[:, None]))
    assert same_bits(model.transform(table), twin.transform(table[:, None]))
    assert model.sample(3).shape == (3, 21)
    assert twin.sample(3).shape == (3, 1, 21)


def test_files_and_pickles_hold_them(model, tmp_path):
    save(model, tmp_path / "model.vaekit")
    for twin in (pickle.loads(pickle.dumps(model)), load(tmp_path / "model.vaekit")):
        assert same_bits(twin.transform(WAVES), model.transform(WAVES))
        assert same_bits(twin.sample(2), model.sample(2))


@pytest.mark.parametrize(("what", "n_axes"), [("transform", 2), ("inverse_transform", 2), ("score_samples", 3)])
def test_programs_give_the_same(what, n_axes, tmp_path):
    windows = WAVES[:, :, :9] if n_axes == 3 else WAVES[:, 0, :9]
    model = tiny("VAE", network=SMALL, max_epochs=1).fit(windows)
    given = windows if what != "inverse_transform" else model.transform(windows)
    model.export(tmp_path / "model.pt2", what)
    program = torch.export.load(tmp_path / "model.pt2").module()
    np.testing.assert_allclose(program(torch.from_numpy(given)), getattr(model, what)(given), rtol=1e-4, atol=1e-4)


def test_traced_steps_give_the_bits_of_eager_ones(monkeypatch):
    few = WAVES[:16, :, :7]
    monkeypatch.setattr(_kinds, "FEWEST_TRACED", 4)
    traced = tiny("VAE", network=SMALL, max_epochs=4).fit(few).transform(few)
    monkeypatch.setattr(_kinds, "FEWEST_TRACED", 10**9)
    assert same_bits(tiny("VAE", network=SMALL, max_epochs=4).fit(few).transform(few), traced)


def test_sixteen_bits_train_them():
    model = tiny("VAE", network=SMALL, precision="bf16").fit(WAVES)
    assert np.isfinite(model.score(WAVES))


def test_what_has_no_time_is_an_error_that_teaches(model):
    with pytest.raises(ValueError, match=r"ConvNet1d takes windows .*\(2, 7, 3\)"):
        tiny("VAE", network="conv1d").fit(WAVES.reshape(40, 2, 7, 3))
    with pytest.raises(ValueError, match=r"X has windows of shape \(2, 20\), but VAE was fitted on windows of shape"):
        model.transform(WAVES[:, :, 1:])
