"""Default parameters on data they must survive: awkward scales, few rows, one column, bytes, bits, constants."""

import functools

import numpy as np
import pytest
from family import NAMES, WITHOUT_NOISE

import vaekit
from vaekit import fit_many

pytestmark = pytest.mark.filterwarnings("ignore::vaekit.exceptions.VaekitWarning")


def factor_table(n_rows):
    """Twelve columns driven by three factors, each with nine parts of signal to one of noise."""
    rng = np.random.default_rng(0)
    signal = rng.normal(size=(n_rows, 3)) @ rng.normal(size=(3, 12))
    return 3 * signal / signal.std(axis=0) + rng.normal(size=(n_rows, 12))


SCALES = np.logspace(-3, 6, 12)
BEGUN = {  # few batches, but of awkward columns
    "columns from 1e-3 to 1e6": factor_table(150) * SCALES,
    "an offset of 1e5": factor_table(150) + 1e5,
}
AWKWARD = {
    "columns from 1e-3 to 1e6": factor_table(1000) * SCALES,
    "an offset of 1e5": factor_table(1000) + 1e5,
    "an offset of 1e5 on columns of many scales": (factor_table(1000) + 1e5) * SCALES,
    "in single precision": (factor_table(1000) * SCALES).astype(np.float32),
}
TABLE, RNG = factor_table(60), np.random.default_rng(1)
SMALL = {
    "a constant column": np.c_[TABLE, np.full(60, 7.3)],
    "nothing but constants": np.full((20, 3), 0.1),
    "three rows": TABLE[:3],
    "two rows": TABLE[:2],
    "two equal rows": TABLE[[0, 0]],
    "one column": TABLE[:, :1],
    "a last batch of one row": factor_table(129),
    "bits": (TABLE > 0).astype(float),
    "bool": TABLE > 0,
    "one class of bits": np.r_[np.zeros((30, 4)), np.ones((1, 4))],
    "bytes": RNG.integers(0, 256, size=(60, 5), dtype=np.uint8),
    "images of bytes": RNG.integers(0, 256, size=(40, 8, 8), dtype=np.uint8),
    "colour images of floats": RNG.normal(size=(20, 3, 6, 9)),
    "black images": np.zeros((20, 5, 5), dtype=np.uint8),
    "images of one float": np.full((20, 5, 5), 0.1),
    "one pixel that is rarely on": np.where(np.arange(60 * 6).reshape(60, 6) == 100, 1e3, TABLE[:, :6]),
    "huge": 1e200 * TABLE,
    "minute": 1e-200 * TABLE,
    "an outlier": np.r_[TABLE, 1e6 * TABLE[:1]],
}


def is_sound(model, X):
    """Whether nothing that a fitted model says is NaN or infinite, but for the KL of codes that are points."""
    is_noisy = type(model).__name__ not in WITHOUT_NOISE
    loc, scale = model.posterior(X)
    said = [model.transform(X), loc, scale, model.sample(20), model.inverse_transform(loc)]
    said += [model.kl_per_component_] if is_noisy else []
    said += [model.score_samples(X)] if hasattr(model, "score_samples") else []
    said += [[value for row in model.history_ for value in row.values()]]
    return all(np.isfinite(values).all() for values in said) and ((scale > 0) == is_noisy).all()


EXPLAINED = {"VAE": list(AWKWARD), "DPVAE": ["columns from 1e-3 to 1e6", "an offset of 1e5"]}


@functools.cache
def explaining(name):
    """Models of awkward tables, which are fitted together as they are alone."""
    models = {world: getattr(vaekit, name)(random_state=0) for world in EXPLAINED[name]}
    fit_many(list(models.values()), [AWKWARD[world] for world in models])
    return models


@pytest.mark.parametrize(("name", "world"), [(name, world) for name, worlds in EXPLAINED.items() for world in worlds])
def test_every_column_of_an_awkward_table_is_explained(name, world):
    X, model = AWKWARD[world], explaining(name)[world]
    assert is_sound(model, X)
    errors = np.mean((X - model.inverse_transform(model.transform(X))) ** 2, axis=0, dtype=np.float64)
    assert (1 - errors / X.var(axis=0, dtype=np.float64)).min() > 0.8


@pytest.mark.parametrize(("name", "params", "n_epochs"), [("VAE", {}, 100), ("DPVAE", {"max_epochs": 15}, 15)])
@pytest.mark.parametrize("world", SMALL)
def test_small_and_strange_data_train_to_the_end(name, params, n_epochs, world):
    X = SMALL[world]
    model = getattr(vaekit, name)(random_state=0, **params).fit(X)
    assert len(model.history_) == n_epochs
    assert is_sound(model, X)
    assert model.transform(X).shape == (len(X), 10)
    assert model.sample(3).shape == (3, *X.shape[1:])


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "world",
    [*BEGUN, "a constant column", "three rows", "one column", "images of bytes", "bits", "a last batch of one row"],
)
def test_the_whole_family_starts_well(name, world):
    X = {**SMALL, **BEGUN}[world]
    model = getattr(vaekit, name)(random_state=0, max_epochs=2).fit(X)
    assert is_sound(model, X)


def test_a_last_batch_of_one_row_is_not_a_batch():
    assert vaekit.VAE(random_state=0, max_epochs=1).fit(SMALL["a last batch of one row"]).n_steps_ == 1


def test_a_constant_column_comes_back_as_it_was():
    X = SMALL["a constant column"]
    model = vaekit.VAE(random_state=0).fit(X)
    decoded = model.inverse_transform(model.transform(X))[:, -1]
    np.testing.assert_allclose(decoded, 7.3, atol=1)
    assert abs(decoded.mean() - 7.3) < 0.2
