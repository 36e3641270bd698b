"""Rows on disk, in memory and shared between parts train, encode and score alike."""

import numpy as np
import pytest

from vaekit import VAE, BetaTCVAE, ConditionalVAE, FactorVAE, SlowVAE
from vaekit.engine import ResidentRows, StreamedRows
from vaekit.fitted import _rows
from vaekit.fitted._known import NOTHING
from vaekit.fitted._rows import resident_rows, training_rows
from vaekit.nn import ConvNet
from vaekit.utils import _on_disk

RNG = np.random.default_rng(0)
TABLE = (RNG.normal(size=(90, 2)) @ RNG.normal(size=(2, 5)) + 3).astype(np.float32)
IMAGES = np.uint8(255 * (RNG.random((90, 8, 8)) > 0.6))
NETWORK = ConvNet(channels=4, hidden_layer_sizes=(8,))
HOW = {
    "n_components": 2,
    "hidden_layer_sizes": (8,),
    "batch_size": 16,
    "max_epochs": 2,
    "random_state": 0,
    "device": "cpu",
}
DATA = {
    "float32": (TABLE, {}),
    "float64": (TABLE.astype(np.float64), {}),
    "integers": (np.int16(100 * TABLE), {}),
    "bool": (TABLE > 3, {}),
    "bytes": (IMAGES, {"network": NETWORK}),
    "float images": (IMAGES / np.float32(255), {"network": NETWORK}),
}


@pytest.fixture
def on_disk(tmp_path, monkeypatch):
    """A function from an array to a memory map of it that counts as large."""
    monkeypatch.setattr(_on_disk, "LARGEST_READ", 0)

    def put(array):
        np.save(tmp_path / "rows.npy", array)
        return np.load(tmp_path / "rows.npy", mmap_mode="r")

    return put


@pytest.mark.parametrize("kind", DATA)
@pytest.mark.parametrize("early_stopping", [False, True])
def test_a_fit_from_disk_is_repeatable_and_like_one_from_memory(kind, early_stopping, on_disk):
    X, parameters = DATA[kind]
    model = VAE(**HOW, **parameters, early_stopping=early_stopping)
    resident, streamed, again = (
        type(model)(**model.get_params(deep=False)).fit(rows) for rows in (X, on_disk(X), on_disk(X))
    )
    preprocessing, other = resident.model_.blueprint.preprocessing, streamed.model_.blueprint.preprocessing
    np.testing.assert_allclose(other.offset, preprocessing.offset, rtol=1e-9)
    np.testing.assert_allclose(other.unit, preprocessing.unit, rtol=1e-9)
    assert streamed.n_steps_ == resident.n_steps_
    assert streamed.history_[-1]["train_loss"] == pytest.approx(resident.history_[-1]["train_loss"], rel=0.1)
    np.testing.assert_array_equal(again.transform(X), streamed.transform(X))


@pytest.mark.parametrize("kind", DATA)
def test_what_is_asked_of_rows_on_disk_has_the_same_bits(kind, on_disk, tmp_path):
    X, parameters = DATA[kind]
    model = VAE(**HOW, **parameters).fit(X)
    kept = on_disk(X)
    codes = model.transform(X)
    for found, expected in (
        (model.transform(kept), codes),
        (model.transform_to(kept, tmp_path / "codes.npy"), codes),
        (model.score_samples(kept), model.score_samples(X)),
        (model.posterior(kept).scale, model.posterior(X).scale),
        (model.log_likelihood(kept, codes), model.log_likelihood(X, codes)),
        (
            model.reconstruct(kept) if hasattr(model, "reconstruct") else 0,
            model.reconstruct(X) if hasattr(model, "reconstruct") else 0,
        ),
    ):
        np.testing.assert_array_equal(found, expected)
        assert np.asarray(found).dtype == np.asarray(expected).dtype


def test_training_goes_on_from_disk_and_back(on_disk):
    model = VAE(**HOW).fit(TABLE)
    model.partial_fit(on_disk(TABLE)).partial_fit(TABLE)
    assert model.n_steps_ == 4 * 6


def test_two_draws_of_a_step_are_streamed(on_disk):
    assert FactorVAE(**HOW).fit(on_disk(TABLE)).n_steps_ == 12


@pytest.mark.parametrize(
    ("X", "words"),
    [
        (np.where(np.arange(90)[:, None] == 40, np.nan, TABLE), "NaN .in row 40, column 0"),
        (np.where(np.arange(90)[:, None] == 40, np.inf, TABLE), "infinity .in row 40, column 0"),
        (TABLE[:, 0], "Expected 2D array"),
        (TABLE.reshape(90, 5, 1, 1, 1), "dim 5"),
        (TABLE[:, :0], "0 feature"),
        (TABLE[:1], "minimum of 2|at least two rows"),
        (TABLE * 1j, "Complex data not supported"),
    ],
    ids=["nan", "inf", "1-D", "5-D", "no columns", "one row", "complex"],
)
def test_bad_rows_on_disk_are_refused_in_the_same_words(X, words, on_disk):
    with pytest.raises(ValueError, match=words):
        VAE(**HOW).fit(on_disk(X))


def test_rows_of_another_width_or_scale_are_refused(on_disk):
    model = VAE(**HOW).fit(TABLE)
    with pytest.raises(ValueError, match="4 features"):
        model.transform(on_disk(TABLE[:, :4]))
    images = VAE(**HOW, network=NETWORK).fit(IMAGES)
    with pytest.raises(ValueError, match="fitted on bytes"):
        images.transform(on_disk(IMAGES / np.float32(510)))
    with pytest.raises(ValueError, match="shape"):
        images.transform(on_disk(IMAGES[:, :4]))


def test_an_objective_that_looks_at_all_rows_says_so(on_disk):
    with pytest.raises(ValueError, match="all rows in every step"):
        BetaTCVAE(**HOW, aggregate="full").fit(on_disk(TABLE))


def test_rows_with_an_order_in_time_are_to_be_in_memory(on_disk):
    with pytest.raises(ValueError, match="pass an array in memory"):
        SlowVAE(**HOW).fit(on_disk(TABLE), np.zeros(90, int))


def test_conditions_go_with_streamed_rows(on_disk):
    y = np.arange(90) % 3
    model, resident = (ConditionalVAE(**HOW, early_stopping=True).fit(rows, y) for rows in (on_disk(TABLE), TABLE))
    assert model.n_steps_ == resident.n_steps_
    np.testing.assert_array_equal(resident.transform(on_disk(TABLE), y), resident.transform(TABLE, y))


# ---------------------------------------------------------------------- in memory


def test_parts_share_large_narrow_rows(monkeypatch):
    model = VAE(**HOW, network=NETWORK).fit(IMAGES).model_
    X, numbers = IMAGES.reshape(90, -1), np.array([3, 80, 7])
    plain = resident_rows(model, X[numbers])
    monkeypatch.setattr(_rows, "SHARED_FROM", 0)
    train, valid = training_rows(model, X, NOTHING, np.arange(80), numbers)
    assert train.values.data_ptr() == valid.values.data_ptr() == X.ctypes.data
    assert len(valid) == 3
    np.testing.assert_array_equal(valid[:].x, plain[:].x)
    np.testing.assert_array_equal(valid[1:3].x, plain[1:3].x)


@pytest.mark.parametrize("kind", ["bytes", "bool", "integers"])
def test_early_stopping_is_the_same_whether_parts_share_rows_or_not(kind, monkeypatch):
    X, parameters = DATA[kind]
    plain = VAE(**HOW, **parameters, early_stopping=True).fit(X).transform(X)
    monkeypatch.setattr(_rows, "SHARED_FROM", 0)
    np.testing.assert_array_equal(VAE(**HOW, **parameters, early_stopping=True).fit(X).transform(X), plain)


def test_rows_that_may_not_be_written_to_are_not_copied():
    model, X = VAE(**HOW, network=NETWORK).fit(IMAGES).model_, IMAGES.reshape(90, -1).copy()
    X.flags.writeable = False
    rows = resident_rows(model, X)
    assert isinstance(rows, ResidentRows)
    assert rows.values.data_ptr() == X.ctypes.data
    assert not X.flags.writeable


def test_rows_that_do_not_fit_the_device_are_streamed(monkeypatch):
    model = VAE(**HOW).fit(TABLE).model_
    monkeypatch.setattr(_rows, "_fits", lambda model, X: False)
    rows, _ = training_rows(model, TABLE, NOTHING, range(90), None)
    assert isinstance(rows, StreamedRows)
    np.testing.assert_array_equal(rows[10:20].x, resident_rows(model, TABLE)[10:20].x)
