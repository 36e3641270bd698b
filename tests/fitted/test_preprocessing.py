"""Units and likelihoods are decided by types and by all rows: no fold, chunk or order of rows changes them."""

import tracemalloc
import warnings

import numpy as np
import pytest
import torch
from family import IMAGES, X, same_bits, tiny
from sklearn.model_selection import KFold, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler
from skorch.callbacks import Callback

from vaekit.exceptions import VaekitWarning
from vaekit.fitted import _preprocessing
from vaekit.fitted._preprocessing import LIMIT, Preprocessing, choose_preprocessing, measure
from vaekit.utils._sparse_rows import SparseRows

pytestmark = pytest.mark.filterwarnings("ignore::vaekit.exceptions.VaekitWarning")

REAL = {"support": "real", "standardize": "auto", "is_image": False}
SHARES, MASKS = IMAGES / 255, (IMAGES > 99).astype(np.uint8)
BLACK = np.zeros_like(IMAGES)


@pytest.fixture
def in_small_blocks(monkeypatch):
    monkeypatch.setattr(_preprocessing, "BLOCK", 3 * X.shape[1])


# ------------------------------------------------------------------ statistics of all rows


@pytest.mark.parametrize("dtype", ["f2", "f4", "f8", "u1", "i2", "u2", "i8", "?"])
def test_moments_are_numpys_whatever_the_type_and_the_blocks(dtype, in_small_blocks):
    A = (10 * np.abs(X)).astype(dtype)
    columns = measure(A)
    np.testing.assert_allclose(columns.mean, A.mean(axis=0, dtype=float), rtol=1e-12)
    np.testing.assert_allclose(columns.deviation, A.astype(float).std(axis=0), rtol=1e-9, atol=1e-15)
    np.testing.assert_array_equal([columns.low, columns.high], [A.min(axis=0), A.max(axis=0)])


@pytest.mark.parametrize("offset", [0.0, 1e9, 1e30, -1 / 3])
def test_a_constant_column_has_exactly_its_value_and_no_deviation(offset):
    columns = measure(np.full((999, 2), offset))
    assert (columns.mean == offset).all()
    assert (columns.deviation == 0).all()
    grey, _ = choose_preprocessing(np.full((999, 7), offset), **(REAL | {"is_image": True}))
    assert (grey.offset, grey.unit) == (offset, 1)


@pytest.mark.parametrize("is_image", [False, True])
@pytest.mark.parametrize("standardize", ["common", "column", None])
def test_the_deviation_is_that_of_all_values_that_the_network_sees(standardize, is_image, in_small_blocks):
    options = REAL | {"standardize": standardize, "is_image": is_image}
    preprocessing, deviation = choose_preprocessing(X, **options)
    assert deviation == pytest.approx(preprocessing.to_network(X).std(), rel=1e-6)


def test_the_order_of_the_rows_decides_nothing():
    A = np.random.default_rng(0).normal(size=(25_000, 3))
    A[:12_000] = 1e-7 * A[:12_000]  # a quiet recording first
    (one, deviation), (other, other_deviation) = (choose_preprocessing(rows, **REAL) for rows in (A, A[::-1]))
    np.testing.assert_allclose(one.offset, other.offset, rtol=1e-9)
    np.testing.assert_allclose([one.unit, deviation], [other.unit, other_deviation], rtol=1e-12)
    assert deviation == pytest.approx(1)


@pytest.mark.parametrize("shape", [(2**14, 2**10), (2**6, 2**18)])
def test_statistics_and_conversions_need_blocks_and_no_copies(shape):
    A = np.zeros(shape, dtype=np.uint8)  # 16 MiB, 128 as float64
    A[::2] = 7
    preprocessing, _ = choose_preprocessing(A, **REAL)
    rows = preprocessing.to_network(A)
    calls = {
        "statistics": lambda: choose_preprocessing(A, **REAL),
        "to the network": lambda: preprocessing.to_network(A[: len(A) // 4]),
        "and back, in place": lambda: preprocessing.to_data(rows, out=rows),
    }
    for name, call in calls.items():
        tracemalloc.start()
        call()
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 64 * 2**20, name


def test_the_way_back_is_the_inverse(in_small_blocks):
    preprocessing, _ = choose_preprocessing(X, **REAL)
    rows = preprocessing.to_network(X)
    np.testing.assert_allclose(preprocessing.to_data(rows), X, rtol=1e-6, atol=1e-6)
    given = np.empty(X.shape, np.float32)
    assert preprocessing.to_data(rows, out=given) is given
    np.testing.assert_array_equal(given, preprocessing.to_data(rows).astype(np.float32))
    far = Preprocessing(0.0, 1e300).to_data(np.ones((1, 2)), out=np.empty((1, 2), np.float32))
    assert np.isfinite(far).all()


@pytest.mark.parametrize("dtype", [np.uint16, np.int16, np.int8, np.float16, np.uint8, np.bool_])
def test_narrow_types_stay_as_they_are_until_the_batch(dtype):
    seen = []

    class Look(Callback):
        def on_epoch_begin(self, net, dataset_train=None, **kwargs):
            seen.append(dataset_train.values)

    A = np.abs(10 * X).astype(dtype)
    tiny("VAE", callbacks=[Look()], max_epochs=1).fit(A)
    assert seen[0].dtype == torch.from_numpy(A.view(np.uint8) if dtype is np.bool_ else A).dtype


# ------------------------------------------------------------------ folds and chunks


def test_a_rare_two_among_zeros_and_ones_changes_no_folds_likelihood():
    counts = (np.random.default_rng(0).random((60, 5)) < 0.4).astype(float)
    counts[7, 2] = 2
    model = tiny("VAE")
    assert len({str(model.fit(counts[train]).likelihood_) for train, _ in KFold(3).split(counts)}) == 1
    assert np.isfinite(cross_val_score(model, counts, cv=3)).all()


@pytest.mark.parametrize("first", [BLACK, IMAGES, IMAGES // 100])
def test_bytes_are_divided_by_255_whatever_the_first_chunk_shows(first):
    model = tiny("VAE").partial_fit(first)
    assert model.model_.blueprint.preprocessing == Preprocessing(0.0, 255.0)
    assert np.isfinite(model.partial_fit(IMAGES).score(IMAGES))


@pytest.mark.parametrize("masks", [MASKS, MASKS[:, 0], MASKS > 0, MASKS.astype(float)])
def test_masks_are_taken_as_they_are(masks):
    model = tiny("VAE", likelihood="bernoulli").fit(masks)
    assert model.model_.blueprint.preprocessing == Preprocessing(0.0, 1.0)
    assert model.inverse_transform(model.transform(masks)).mean() == pytest.approx(masks.mean(), abs=0.3)
    for same in (masks > 0, masks.astype(np.uint8), masks.astype(np.float32)):
        assert model.score(same) == model.score(masks)


def test_later_rows_outside_the_unit_interval_name_the_scaler_that_helps():
    A, later = X[:20], 3 * X
    with pytest.raises(ValueError, match=r"MinMaxScaler\(clip=True\)"):
        make_pipeline(MinMaxScaler(), tiny("VAE", likelihood="bernoulli")).fit(A).score(later)
    clipped = make_pipeline(MinMaxScaler(clip=True), tiny("VAE", likelihood="bernoulli"))
    assert np.isfinite(clipped.fit(A).score(later))
    assert np.isfinite(cross_val_score(clipped, X, cv=5)).all()


AS_OTHERS = {  # fitted on, asked of, what the message says
    "shares for bytes": (IMAGES, SHARES, "was fitted on bytes between 0 and 255: pass bytes"),
    "masks for bytes": (IMAGES, IMAGES > 99, "was fitted on bytes between 0 and 255"),
    "flat shares for bytes": (IMAGES, SHARES.reshape(20, -1), "was fitted on bytes between 0 and 255"),
    "bytes for shares": (SHARES, IMAGES, r"was fitted on images in \[0, 1\]: divide bytes by 255"),
    "bytes in floats for shares": (SHARES, IMAGES.astype(float), r"was fitted on images in \[0, 1\]"),
    "bytes for masks": (IMAGES > 99, IMAGES, r"was fitted on images in \[0, 1\]"),
    "masks of 255": (MASKS, 255 * MASKS, r"was fitted on images in \[0, 1\]"),
}


@pytest.mark.parametrize("method", ["transform", "score", "partial_fit"])
@pytest.mark.parametrize("kind", AS_OTHERS)
def test_pixels_on_another_scale_are_refused(kind, method):
    first, later, words = AS_OTHERS[kind]
    model = tiny("VAE", max_epochs=1).fit(first)
    with pytest.raises(ValueError, match=words):
        getattr(model, method)(later)


@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.int64, np.uint16])
def test_bytes_of_another_type_are_the_same_pixels(dtype):
    model = tiny("VAE").fit(IMAGES)
    np.testing.assert_array_equal(model.transform(IMAGES.astype(dtype)), model.transform(IMAGES))
    assert model.score(IMAGES.astype(dtype)) == model.score(IMAGES)


# ------------------------------------------------------------------ values of any size


@pytest.mark.filterwarnings("error::RuntimeWarning")
@pytest.mark.parametrize("scale", [1e-310, 1e-300, 1e-30, 1e30, 1e300, 1e307])
def test_data_of_any_scale_are_learned(scale):
    model = tiny("VAE").fit(X * scale)
    codes = model.transform(X * scale)
    np.testing.assert_allclose(codes, tiny("VAE").fit_transform(X), rtol=1e-2, atol=1e-2)
    assert np.isfinite(model.score(X * scale))
    assert np.isfinite(model.sample(3)).all()


FAR = {"nodata": -3.4e38, "beyond single precision": 1e39, "nearly the largest float": 1e308, "an outlier": 1e20}


@pytest.mark.filterwarnings("error::RuntimeWarning")
@pytest.mark.parametrize("value", FAR.values(), ids=FAR)
@pytest.mark.parametrize("name", ["VAE", "DPVAE"])
def test_later_values_beyond_all_bounds_have_finite_codes_and_name_their_column(name, value):
    model, later = tiny(name).fit(X), X.copy()
    later[3, 2] = value
    with pytest.warns(UserWarning, match="column 2 holds values more than 1e\\+12 units.*missing values, replace them"):
        codes = model.transform(later)
    assert np.isfinite(codes).all()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        assert np.isfinite(model.score_samples(later)).all()
        assert np.isfinite(model.partial_fit(later).transform(X)).all()
    others = np.arange(len(X)) != 3
    assert same_bits(codes[others], tiny(name).fit(X).transform(X[others]))


def test_no_row_is_nearer_than_the_bound_or_further():
    model = tiny("VAE").fit(X)
    rows = model.model_.blueprint.preprocessing.to_network(np.array([[1e300, -1e300, 0, 0]]))
    assert rows[0, :2].tolist() == [np.float32(LIMIT), -np.float32(LIMIT)]


def test_codes_beyond_all_bounds_are_decoded():
    model = tiny("VAE").fit(X)
    with pytest.warns(UserWarning, match=r"Codes beyond 1e\+15"):
        assert np.isfinite(model.inverse_transform(np.full((1, 2), 1e39))).all()


def test_training_data_that_do_not_fit_name_their_column():
    A = X.copy()
    A[:, 1] *= 1e20
    with pytest.raises(ValueError, match=r"Column 1 of X holds values between.*standardize='auto'"):
        tiny("VAE", standardize=None).fit(A)
    A[:, 2] = np.where(np.arange(len(X)) % 2, 1.7e308, -1.7e308)
    with pytest.raises(ValueError, match=r"Column 2 of X.*double precision"):
        tiny("VAE").fit(A)


def test_no_warning_where_nothing_is_far():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.simplefilter("ignore", VaekitWarning)
        tiny("VAE").fit(X).score(100 * X)


# ------------------------------------------------------------------ weights


@pytest.mark.parametrize("container", [np.asarray, SparseRows])
@pytest.mark.parametrize("standardize", ["common", "column", "auto"])
def test_weights_are_copies_in_units_and_offsets(standardize, container, in_small_blocks):
    weight = np.arange(len(X)) % 4
    A = np.where(X > 2, X * [1, 1, 1, 1e4], 0)
    told = {**REAL, "standardize": standardize}
    (weighted, one), (copies, other) = (
        choose_preprocessing(container(A[weight > 0]), **told, weight=weight[weight > 0].astype(float)),
        choose_preprocessing(A.repeat(weight, axis=0), **told),
    )
    np.testing.assert_allclose(weighted.offset, copies.offset, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(weighted.unit, copies.unit, rtol=1e-9)
    assert one == pytest.approx(other)
