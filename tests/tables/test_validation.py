"""What factors and codes may come as: any container, integers of any type, numbers of any size."""

import random
import tempfile
import warnings

import numpy as np
import pandas
import polars
import pyarrow
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LinearRegression
from sklearn.preprocessing import FunctionTransformer
from sklearn.tree import DecisionTreeClassifier

from vaekit import datasets, metrics
from vaekit.tables._validation import check_codes, check_factors

RNG = np.random.default_rng(0)
F = RNG.integers(3, size=(120, 2))
Z = (F @ np.array([[1.0, 0.3, 0.0], [0.2, 1.0, 0.0]]) + 0.3 * RNG.normal(size=(120, 3))).astype(np.float32)
VOTES = {"n_train": 40, "n_test": 40, "random_state": 0}
SEED = {"random_state": 0}
TREE = DecisionTreeClassifier(max_depth=3)
OF_FACTORS = {
    "mig": metrics.mig_score,
    "mig of automatic bins": lambda f, z: metrics.mig_score(f, z, n_bins="auto"),
    "mig of neighbours": lambda f, z: metrics.mig_score(f, z, estimator="neighbors"),
    "mig of the codes": metrics.mig_sup_score,
    "dcimig": metrics.dcimig_score,
    "jemmig": metrics.jemmig_score,
    "infomec": lambda f, z: metrics.infomec_scores(f, z, **SEED),
    "interventional robustness": metrics.interventional_robustness_score,
    "information": metrics.mutual_info_matrix,
    "modularity": metrics.modularity_score,
    "sap": lambda f, z: metrics.sap_score(f, z, **SEED),
    "sap of correlations": lambda f, z: metrics.sap_score(f, z, continuous_factors="regress"),
    "dci": lambda f, z: metrics.dci_scores(f, z, estimator=TREE, **SEED).importance,
    "dci of regressions": lambda f, z: metrics.dci_scores(f, z, estimator=LinearRegression(), **SEED).importance,
    "explicitness": lambda f, z: metrics.explicitness_score(f, z, **SEED),
    "beta_vae": lambda f, z: metrics.beta_vae_score(f, z, **VOTES),
    "factor_vae": lambda f, z: metrics.factor_vae_score(f, z, **VOTES),
    "mean correlation": metrics.mean_correlation_coefficient,
    "linear separability": lambda f, z: metrics.linear_separability_loss(f, z, multi_valued="one_vs_rest"),
    "sample efficiency": lambda f, z: metrics.sample_efficiency(
        f, z, few=20, many=60, n_test=60, classifier=TREE, **SEED
    ),
    "downstream study": lambda f, z: (
        metrics.downstream_study(f, z, f, z, train_sizes=(60,), classifier=TREE, **SEED).accuracy
    ),
    "bootstrap": lambda f, z: metrics.bootstrap_interval(metrics.mig_score, f, z, n_resamples=4, **SEED),
    "dependence": lambda f, z: metrics.factor_dependence(f),
}
OF_CODES = {
    "code information": metrics.code_mutual_information,
    "total correlation": metrics.gaussian_total_correlation,
    "active units": metrics.active_units,
    "udr": lambda z: metrics.udr_scores([z, z]),
    "frechet": lambda z: metrics.frechet_distance(z, F[:, [0, 1, 0]]),
    "kernel distance": lambda z: metrics.kernel_distance(z, F[:, [0, 1, 0]], **SEED),
    "precision and recall": lambda z: metrics.precision_recall_scores(z, z),
}
METRICS = OF_FACTORS | {name: lambda f, z, metric=metric: metric(z) for name, metric in OF_CODES.items()}
SOME = ["mig", "sap of correlations", "dci of regressions", "downstream study", "bootstrap"]  # all doors of factors


# ---------------------------------------------------------------------- containers


def memmap(array):
    """An array on disk, as `np.load(..., mmap_mode="r")` gives it: not writeable."""
    file = tempfile.NamedTemporaryFile(suffix=".npy")  # noqa: SIM115 - it lives as long as the array
    np.save(file.name, array)
    mapped = np.load(file.name, mmap_mode="r")
    mapped.file = file
    return mapped


def named(array):
    return {f"column {j}": array[:, j] for j in range(array.shape[1])}


CONTAINERS = {
    "list": np.ndarray.tolist,
    "tuples": lambda a: tuple(map(tuple, a.tolist())),
    "list of arrays": list,
    "Fortran": np.asfortranarray,
    "every other": lambda a: np.repeat(a, 2, axis=0)[::2],
    "read-only": lambda a: np.frombuffer(a.tobytes(), a.dtype).reshape(a.shape),
    "big-endian": lambda a: a.astype(a.dtype.newbyteorder(">")),
    "memmap": memmap,
    "objects": lambda a: a.astype(object),
    "masked without a hole": np.ma.array,
    "matrix": np.asmatrix,
    "pandas": lambda a: pandas.DataFrame(named(a)),
    "pandas, one name": lambda a: pandas.DataFrame(a, columns=["x"] * a.shape[1]),
    "pandas, shuffled index": lambda a: pandas.DataFrame(a, index=np.random.default_rng(0).permutation(len(a))),
    "pandas, nullable": lambda a: pandas.DataFrame(named(a)).convert_dtypes(),
    "pandas, of Arrow": lambda a: pandas.DataFrame(named(a)).convert_dtypes(dtype_backend="pyarrow"),
    "polars": lambda a: polars.DataFrame(named(a)),
    "polars, lazy": lambda a: polars.LazyFrame(named(a)),
    "Arrow": lambda a: pyarrow.table(named(a)),
    "Arrow, batch": lambda a: pyarrow.RecordBatch.from_pydict({k: pyarrow.array(v) for k, v in named(a).items()}),
    "tensor": torch.from_numpy,
    "tensor with gradient": lambda a: torch.from_numpy(a).double().requires_grad_(),
    "tensors": lambda a: [torch.from_numpy(row) for row in a],
}


@pytest.mark.parametrize("container", CONTAINERS)
@pytest.mark.parametrize("name", [*SOME, *OF_CODES])
def test_metrics_take_any_container(name, container):
    wrap, codes = CONTAINERS[container], Z.astype(np.float64)
    assert_allclose(METRICS[name](wrap(F), wrap(codes)), METRICS[name](F, codes), rtol=1e-9, atol=1e-12)


def test_half_precision_of_brains_is_taken():
    codes = torch.from_numpy(Z).bfloat16()
    assert metrics.mig_score(F, codes) == metrics.mig_score(F, codes.float().numpy())


ONE_FACTOR = {
    "series": pandas.Series(F[:, 0]),
    "categories": pandas.Series(F[:, 0]).astype("category"),
    "words": pandas.Series(np.array(["a", "b", "c"])[F[:, 0]]).astype("category"),
    "polars series": polars.Series(F[:, 0]),
    "polars categories": polars.Series(np.array(["a", "b", "c"])[F[:, 0]]).cast(polars.Categorical),
    "Arrow": pyarrow.array(F[:, 0]),
    "Arrow chunks": pyarrow.chunked_array([F[:60, 0], F[60:, 0]]),
    "Arrow words": pyarrow.array(np.array(["a", "b", "c"])[F[:, 0]].tolist()).dictionary_encode(),
    "tensor": torch.from_numpy(F[:, 0]),
    "list": F[:, 0].tolist(),
    "bytes": np.array([b"a", b"b", b"c"])[F[:, 0]],
    "variable strings": np.array(["a", "b", "c"])[F[:, 0]].astype(np.dtypes.StringDType()),
    "days": np.datetime64("2020-01-01") + F[:, 0].astype("timedelta64[D]"),
    "tuples": pandas.Series([(value, "x") for value in F[:, 0]]),
}


@pytest.mark.parametrize("name", ONE_FACTOR)
def test_one_factor_may_be_a_column(name):
    assert metrics.mig_score(ONE_FACTOR[name], Z) == metrics.mig_score(F[:, 0], Z)


def test_columns_of_different_types_keep_their_own():
    """A common type would be a float, and large numbers one."""
    ids = np.uint64(2**63) + F[:, 0].astype(np.uint64)
    columns = {"id": ids, "sign": (F[:, 1] - 1).astype(np.int8), "name": np.array(["a", "b", "c"])[F[:, 0]]}
    expected = metrics.mutual_info_matrix(F[:, [0, 1, 0]], Z)
    for table in (pandas.DataFrame(columns), polars.DataFrame(columns), pyarrow.table(columns)):
        assert_array_equal(metrics.mutual_info_matrix(table, Z), expected)
    rows = list(zip(*(column.tolist() for column in columns.values())))
    assert_array_equal(metrics.mutual_info_matrix(rows, Z), expected)
    two = {name: columns[name] for name in ("id", "sign")}
    rows = [list(row) for row in zip(*(column.tolist() for column in two.values()))]
    for table in (pandas.DataFrame(two), rows, pyarrow.table(two)):
        assert_array_equal(metrics.mutual_info_matrix(table, Z), expected[:, :2])
        assert metrics.factor_dependence(table) == metrics.factor_dependence(F)
    study = metrics.downstream_study(ids, Z, ids.astype(object), Z, train_sizes=(60,), classifier=TREE, **SEED)
    assert_array_equal(
        study.accuracy,
        metrics.downstream_study(F[:, 0], Z, F[:, 0], Z, train_sizes=(60,), classifier=TREE, **SEED).accuracy,
    )


HOLES = {
    "masked": np.ma.array(F, mask=RNG.random(F.shape) < 0.1),
    "Arrow": pyarrow.table({"a": [1, None, 2] * 40}),
    "Arrow words": pyarrow.table({"a": pyarrow.array(["x", None, "y"] * 40).dictionary_encode()}),
    "a lazy query": polars.LazyFrame({"a": [1, None, 2] * 40}),
}


@pytest.mark.parametrize("name", HOLES)
def test_missing_values_of_any_container_are_refused(name):
    with pytest.raises(ValueError, match="factors contains NaN or None"):
        metrics.mig_score(HOLES[name], Z)


def test_a_table_without_columns_is_refused():
    for table in (np.empty((120, 0)), pandas.DataFrame(index=range(120))):
        with pytest.raises(ValueError, match=r"0 feature\(s\)|no column"):
            metrics.mig_score(table, Z)


RUNS = {"beta": [1, 2, 4, 8], "mig": [0.3, 0.2, 0.25, 0.1]}


@pytest.mark.parametrize("table", [pandas.DataFrame, polars.DataFrame, pyarrow.table, dict])
def test_a_table_of_runs_may_be_any_frame(table):
    assert metrics.rank_correlation(table(RUNS)) == metrics.rank_correlation(RUNS)


# ---------------------------------------------------------------------- integers


SIGNED = [np.int8, np.int16, np.int32, np.int64]
UNSIGNED = [np.uint8, np.uint16, np.uint32, np.uint64]
EXTREMES = {
    **{np.dtype(t).name: np.array([np.iinfo(t).min, 1, np.iinfo(t).max], dtype=t) for t in SIGNED + UNSIGNED},
    "neighbours at the end of uint64": np.array([2**64 - 3, 2**64 - 2, 2**64 - 1], dtype=np.uint64),
    "neighbours beyond the end of int64": np.array([2**63 - 1, 2**63, 2**63 + 1], dtype=np.uint64),
    "neighbours at the start of int64": np.array([-(2**63), -(2**63) + 1, -(2**63) + 2]),
    "big-endian": np.array([-5, 0, 7], dtype=">i2"),
    "big-endian, unsigned": np.array([0, 1, 2**64 - 1], dtype=">u8"),
    "Python's": np.array([-(2**70), 0, 2**70], dtype=object),
    "both signs": np.array([-1, 2**63, 2**63 + 1], dtype=object),
    "mixed objects": np.array([np.int8(-3), 5, np.uint64(2**63)], dtype=object),
}


@pytest.mark.parametrize("values", EXTREMES)
@pytest.mark.parametrize("name", [*SOME, "mean correlation", "dependence"])
def test_integers_of_any_type_are_labels_in_their_order(name, values):
    levels, by_number = EXTREMES[values], "correlation" in name or "regress" in name
    plain = np.array([float(int(value) - int(levels[0])) for value in levels]) if by_number else np.arange(3)
    assert_allclose(METRICS[name](levels[F], Z), METRICS[name](plain[F], Z), rtol=1e-6, atol=1e-9)


def test_labels_are_numbered_in_their_order():
    for name, levels in EXTREMES.items():
        assert_array_equal(check_factors(levels[F]), F, err_msg=name)
    assert_array_equal(check_factors(F[:, :1] > 1)[:, 0], F[:, 0] > 1)
    assert_array_equal(check_factors(np.array([True, False] * 5, dtype=object))[:, 0], [1, 0] * 5)


@pytest.mark.parametrize("dtype", [*SIGNED, *UNSIGNED, np.bool_, np.float16, np.longdouble, ">i4", ">f8", object])
def test_codes_of_any_number_type_are_floats(dtype):
    codes = (Z > 0.5).astype(dtype)
    if np.dtype(dtype).kind in "iu":
        codes = np.where(codes, np.iinfo(dtype).max, np.iinfo(dtype).min).astype(dtype)
    checked = check_codes(codes)
    assert checked.dtype == np.float64
    assert_array_equal(checked, np.array(codes.tolist(), dtype=np.float64))
    for name in ("mig", "sap", "mean correlation", "total correlation", "factor_vae", "frechet"):
        assert np.isfinite(METRICS[name](F, codes)).all(), name


# ---------------------------------------------------------------------- sizes


SCALES = [2.0**-1074, 2.0**-1000, 2.0**-256, 2.0**256, 2.0**1000, 2.0**1021]
SCALE_MATTERS = {"beta_vae", "factor_vae", "active units", "frechet", "kernel distance"}
LARGEST = {"frechet": 1e155, "kernel distance": 1e50}  # the square of the one, the sixth power of the other


@pytest.mark.filterwarnings("error:overflow", "error:underflow", "error:invalid", "error:divide")
@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("name", METRICS)
def test_codes_of_any_scale_have_a_score(name, scale):
    codes = np.round(4 * Z / np.abs(Z).max()).astype(np.float64)  # -4 to 4
    score = METRICS[name](F, scale * codes)
    if name not in SCALE_MATTERS:
        assert_allclose(score, METRICS[name](F, codes), rtol=1e-6, atol=1e-9)
    assert np.isfinite(score).all() or scale > LARGEST.get(name, np.inf)  # it is beyond all floats


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("name", ["sap of correlations", "dci of regressions", "mean correlation"])
def test_factors_that_are_numbers_may_have_any_scale(name, scale):
    assert_allclose(METRICS[name](scale * F, Z), METRICS[name](F, Z))


@pytest.mark.filterwarnings("ignore:In codes")
@pytest.mark.parametrize("wild", [1e77, 1e308])
@pytest.mark.parametrize("name", METRICS)
def test_one_wild_row_stops_no_metric(name, wild):
    codes = Z.astype(np.float64)
    for row in (0, 119):
        codes[row] = [wild, -wild, wild]
        may_be_infinite = name in (*LARGEST, "total correlation")
        assert not np.isnan(METRICS[name](F, codes)).any()
        assert may_be_infinite or np.isfinite(METRICS[name](F, codes)).all()


def test_the_distance_of_large_features_is_in_their_square():
    other = Z + 1.0
    unit = metrics.frechet_distance(Z, other)
    large = metrics.frechet_distance(2.0**300 * Z.astype(float), 2.0**300 * other.astype(float))
    assert_allclose(large / 2.0**600, unit, rtol=1e-9)
    assert metrics.frechet_distance(1e200 * Z.astype(float), 1e200 * other.astype(float)) == np.inf
    assert metrics.active_units(1e200 * Z.astype(float)) == 3
    assert metrics.active_units(1e-200 * Z.astype(float)) == 0


# ---------------------------------------------------------------------- other people's generators


MAKERS = {
    "moons": lambda: datasets.make_two_moons(50),
    "mixture": lambda: datasets.make_linear_mixture(50),
    "sequence": lambda: datasets.make_ar1_sequence(50),
    "observed": lambda: datasets.make_observed_factors(noise=1.0),
    "squares": lambda: datasets.make_xy_squares(50, modification="noise"),
    "sprites": lambda: datasets.make_dsprites(50),
    "shapes": lambda: datasets.make_shapes3d(20),
}
UNSEEDED = {
    "sap": metrics.sap_score,
    "dci": lambda f, z: metrics.dci_scores(f, z, estimator=DecisionTreeClassifier()),
    "explicitness": metrics.explicitness_score,
    "beta_vae": lambda f, z: metrics.beta_vae_score(f, z, n_train=40, n_test=40),
    "factor_vae": lambda f, z: metrics.factor_vae_score(f, z, n_train=40, n_test=40),
    "separability": lambda f, z: metrics.linear_separability_loss(f, z, multi_valued="one_vs_rest"),
    "study": lambda f, z: metrics.downstream_study(
        f, z, f, z, train_sizes=(20,), classifier=DummyClassifier(strategy="stratified")
    ),
    "bootstrap": lambda f, z: metrics.bootstrap_interval(metrics.mig_score, f, z, n_resamples=3),
    "udr": lambda f, z: metrics.udr_scores([z, z + 1]),
    "dependence": lambda f, z: metrics.factor_dependence(np.tile(f, (60, 1))),
    **{name: lambda f, z, make=make: make() for name, make in MAKERS.items()},
}


def generator_states():
    kind, key, *rest = np.random.mtrand._rand.get_state()
    return kind, key.tolist(), *rest, random.getstate(), torch.get_rng_state().tolist()


@pytest.mark.parametrize("name", UNSEEDED)
def test_global_generators_are_neither_read_nor_moved(name):
    before = generator_states()
    UNSEEDED[name](F, Z)
    assert generator_states() == before


@pytest.mark.parametrize("name", metrics.get_scorer_names())
def test_scorers_leave_global_generators_alone(name):
    before = generator_states()
    options = {"multi_valued": "one_vs_rest"} if name == "linear_separability" else {}
    options = {"few": 10} if name == "sample_efficiency" else options
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        metrics.get_scorer(name, **options)(FunctionTransformer().fit(Z), Z, F)
    assert generator_states() == before
