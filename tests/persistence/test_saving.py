import os
import pickle
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from sklearn.mixture import GaussianMixture
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from skorch.callbacks import Callback

import vaekit
from tests.helpers.awkward_rows import Rows
from tests.helpers.broken_files import mutations
from tests.helpers.drawn_worlds import mixed
from tests.helpers.family import NAMES, X, same_bits, tiny
from tests.helpers.foreign_words import OwnPrior, encoder, own_network
from vaekit import VAE
from vaekit.estimators._pickles import with_checksum
from vaekit.exceptions import UnreadableFileError
from vaekit.impute import VAEImputer
from vaekit.model_selection import UDRSearch
from vaekit.nn import MLP
from vaekit.outlier import VAEOutlierDetector
from vaekit.persistence import load, save
from vaekit.priors import Decoupled, PostHoc

Y = np.arange(len(X)) % 2
STORED = Path(__file__).parent / "stored"


# ---------------------------------------------------------------------- words of one's own


def test_a_network_of_ones_own_is_handed_in(tmp_path):
    model = tiny("BetaVAE", network=own_network()).fit(X)
    save(model, tmp_path / "model")
    other = load(tmp_path / "model", network=own_network())
    assert same_bits(other.transform(X), model.transform(X))
    assert same_bits(other.partial_fit(X).transform(X), model.partial_fit(X).transform(X))
    with pytest.raises(UnreadableFileError, match=r"load\(path, network=\.\.\.\)"):
        load(tmp_path / "model")


def test_modules_that_were_trained_since_may_be_handed_in(tmp_path):
    """Their weights are those of the file, whatever they start from."""
    module = encoder((4,))
    model = tiny("VAE", network=own_network(module)).fit(X)
    save(model, tmp_path / "model")
    other = load(tmp_path / "model", network=own_network(encoder((4,))))
    assert same_bits(other.transform(X), model.transform(X))
    other.partial_fit(X)


def test_the_wrong_network_is_refused(tmp_path):
    save(tiny("VAE", network=own_network()).fit(X), tmp_path / "model")
    with pytest.raises(UnreadableFileError, match="not those of the network handed in"):
        load(tmp_path / "model", network=MLP(hidden_layer_sizes=(3,)))
    with pytest.raises(ValueError, match="network"):
        load(tmp_path / "model", network="no word")


def test_a_prior_of_ones_own_is_handed_in(tmp_path):
    model = tiny("VAE", prior=OwnPrior()).fit(X)
    save(model, tmp_path / "model")
    other = load(tmp_path / "model", prior=OwnPrior())
    assert same_bits(other.sample(4), model.sample(4))
    with pytest.raises(UnreadableFileError, match="'prior'"):
        load(tmp_path / "model", network=own_network())


def test_a_density_that_could_not_be_read_again_is_handed_in(tmp_path):
    prior = PostHoc(estimator=GaussianMixture(init_params=FunctionTransformer(print)))
    save(tiny("VAE", prior=prior), tmp_path / "model")
    with pytest.raises(UnreadableFileError, match="'prior' is none of vaekit's own"):
        load(tmp_path / "model")
    assert load(tmp_path / "model", prior=prior).prior is prior


def test_a_word_that_nobody_asked_for_is_refused(tmp_path):
    save(tiny("VAE").fit(X), tmp_path / "model")
    with pytest.raises(UnreadableFileError, match="its own 'network'"):
        load(tmp_path / "model", network=own_network())


# ---------------------------------------------------------------------- what cannot be saved


class OwnEstimator(VAE):
    """A class of a user's."""


@pytest.mark.parametrize(
    ("model", "words"),
    [(OwnEstimator(), "estimators of vaekit"), ({"a": 1}, "estimators of vaekit"), (VAE, "estimators of vaekit"),
     (VAE(tol=object()), "'tol' holds")],
)  # fmt: skip
def test_what_has_no_place_in_a_file_is_a_type_error_and_leaves_none(tmp_path, model, words):
    with pytest.raises(TypeError, match=words):
        save(model, tmp_path / "model")
    assert list(tmp_path.iterdir()) == []


def test_a_failed_save_leaves_the_file_before(tmp_path):
    save(tiny("VAE"), tmp_path / "model")
    before = (tmp_path / "model").read_bytes()
    with pytest.raises(TypeError):
        save(VAE(tol=object()), tmp_path / "model")
    assert (tmp_path / "model").read_bytes() == before


# ---------------------------------------------------------------------- pipelines and searches


@pytest.mark.parametrize("name", NAMES)
def test_pipelines_of_every_estimator(name, tmp_path):
    pipeline = make_pipeline(StandardScaler(), tiny(name, max_epochs=1), LogisticRegression()).fit(X, Y)
    save(pipeline, tmp_path / "pipeline")
    other = load(tmp_path / "pipeline")
    assert same_bits(other[:-1].transform(X), pipeline[:-1].transform(X))
    assert same_bits(other.predict_proba(X), pipeline.predict_proba(X))


SEARCHES = {
    "grid": lambda: GridSearchCV(tiny("BetaVAE"), {"beta": [1, 4], "prior": ["normal", "decoupled"]}, cv=2),
    "pipeline": lambda: GridSearchCV(make_pipeline(PCA(2), tiny("VAE")), {"vae__n_components": [1, 2]}, cv=2),
    "outliers": lambda: VAEOutlierDetector(tiny("VAE")),
    "cells": lambda: VAEImputer(tiny("VAE"), n_importance_samples=5),
    "outliers of several kinds": lambda: VAEOutlierDetector(tiny("VAE")),
    "udr": lambda: UDRSearch(tiny("BetaVAE"), {"beta": [1, 4]}, n_models=2),
}


@pytest.mark.parametrize("name", SEARCHES)
def test_searches(name, tmp_path):
    rows = mixed(0, 30, gaps=False) if "several kinds" in name else X
    search = SEARCHES[name]().fit(rows)
    save(search, tmp_path / "search")
    other = load(tmp_path / "search")
    assert getattr(other, "best_params_", None) == getattr(search, "best_params_", None)
    method = "transform" if hasattr(search, "transform") else "score_samples"
    assert same_bits(getattr(other, method)(rows), getattr(search, method)(rows))
    if "outliers" in name:
        assert same_bits(np.asarray(other.explain(rows[:2])), np.asarray(search.explain(rows[:2])))


KEPT_ROWS = [
    "pandas", "polars", "arrow", "nullable", "numbered", "mixed frame", "polars 128 bits", "sparse", "csc",
    "a subclass", "text of any length", "objects of many types", "decimals",
]  # fmt: skip


@pytest.mark.parametrize("container", KEPT_ROWS)
@pytest.mark.parametrize("dtype", ["f4", "u1"])
def test_a_detector_keeps_rows_of_any_container(container, dtype, tmp_path):
    """It explains a row by training rows: their frames and matrices have no place in the file, their values do."""
    rows = Rows(dtype=dtype, container=container).make()
    detector = VAEOutlierDetector(tiny("VAE")).fit(rows)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        save(detector, tmp_path / "detector")
    other = load(tmp_path / "detector")
    explained, expected = other.explain(rows), detector.explain(rows)
    assert type(explained) is type(expected)
    assert same_bits(np.asarray(explained), np.asarray(expected))
    np.testing.assert_allclose(np.asarray(explained).sum(axis=1), detector.score_samples(rows), rtol=1e-9)


def test_dates_are_bounds_and_names_in_files(tmp_path):
    days = pd.date_range("2020", "2021", periods=30)
    rows = pd.DataFrame({"day": days, "word": np.array(list("ab"))[np.arange(30) % 2]})
    model = tiny("VAE", column_bounds={"day": (pd.Timestamp("2019", tz="UTC"), None)}).fit(rows)
    save(model, tmp_path / "model")
    other = load(tmp_path / "model")
    assert other.column_bounds == model.column_bounds
    assert same_bits(other.partial_fit(rows).transform(rows), model.partial_fit(rows).transform(rows))

    save(make_pipeline(model).fit(rows), tmp_path / "pipeline")  # where dates are NumPy's
    assert load(tmp_path / "pipeline")[-1].column_bounds == {"day": (np.datetime64("2019"), None)}
    assert same_bits(
        load(tmp_path / "pipeline")[-1].partial_fit(rows).transform(rows), model.partial_fit(rows).transform(rows)
    )

    model = tiny("VAE").fit(rows.set_axis(days[:2], axis=1))
    save(model, tmp_path / "model")
    assert load(tmp_path / "model").columns_ == model.columns_


class Saving(Callback):
    """Saves what it is told to, after each epoch."""

    def __init__(self, path):
        self.path, self.what = path, None

    def on_epoch_end(self, net, **kwargs):
        save(self.what, self.path)


def test_a_callback_saves_its_model_and_not_the_pipeline_around_it(tmp_path):
    callback = Saving(tmp_path / "file")
    pipeline = make_pipeline(StandardScaler(), tiny("VAE", callbacks=[callback]))
    callback.what = pipeline
    with pytest.raises(TypeError, match="Pipeline is amid its own fit, and has a place in a file afterwards"):
        pipeline.fit(X)
    callback.what = pipeline[-1]
    codes = pipeline.fit(X).transform(X)
    assert same_bits(load(tmp_path / "file").transform(pipeline[0].transform(X)), codes)
    callback.what = None
    save(pipeline, tmp_path / "pipeline")
    assert same_bits(load(tmp_path / "pipeline").transform(X), codes)


def test_a_pipeline_with_a_module_of_ones_own_is_refused(tmp_path):
    with pytest.warns(UserWarning, match="holds .*Custom.*, which `load` takes only where"):
        save(make_pipeline(StandardScaler(), tiny("VAE", network=own_network())).fit(X), tmp_path / "pipeline")
    with pytest.raises(UnreadableFileError, match="Custom"):
        load(tmp_path / "pipeline")


def test_mutated_files_of_pipelines_are_refused_or_the_same(tmp_path, request):
    pipeline = make_pipeline(StandardScaler(), tiny("VAE")).fit(X)
    save(pipeline, tmp_path / "pipeline")
    codes = pipeline.transform(X)
    for mutated in mutations((tmp_path / "pipeline").read_bytes(), 3 * request.config.getoption("mutations")):
        (tmp_path / "file").write_bytes(mutated)
        try:
            other = load(tmp_path / "file")
        except UnreadableFileError:
            continue
        assert same_bits(other.transform(X), codes)


# ---------------------------------------------------------------------- versions


def test_a_pickle_says_which_version_wrote_it():
    state = tiny("VAE").fit(X).__getstate__()
    assert state["_vaekit_version"] == vaekit.__version__
    assert not any("version" in name for name in vars(pickle.loads(pickle.dumps(tiny("VAE").fit(X)))))


@pytest.mark.parametrize("change", [lambda state: state.update(later=1), lambda state: state.pop("plan")])
def test_a_pickle_of_another_version_that_cannot_be_read_says_so(change):
    state = tiny("VAE").fit(X).__getstate__() | {"_vaekit_version": "9.9"}
    change(state["model_"]["blueprint"])
    state = with_checksum({name: value for name, value in state.items() if name != "_written"})
    with pytest.raises(UnreadableFileError, match=rf"pickled by vaekit 9\.9, and this is vaekit {vaekit.__version__}"):
        VAE().__setstate__(state)


class WithNotes(VAE):
    """A subclass of somebody's, whose pickles hold more."""

    def __getstate__(self):
        """What others hold, and notes."""
        return super().__getstate__() | {"notes_": "of mine"}


def refused_when_flipped(model, protocol, n_flips=60):
    """How many flips of one bit of a pickle are refused in words; those that are no error change nothing."""
    good = pickle.dumps(model, protocol)
    as_read = pickle.dumps(pickle.loads(good), protocol)
    random, refused = np.random.default_rng(protocol), 0
    for place, bit in zip(random.integers(len(good), size=n_flips), random.integers(8, size=n_flips)):
        flipped = bytearray(good)
        flipped[place] ^= 1 << bit
        try:
            other = pickle.loads(bytes(flipped))
        except Exception as error:  # whatever unpickling raises
            refused += isinstance(error, UnreadableFileError)
        else:
            assert pickle.dumps(other, protocol) == as_read
    return refused


@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
def test_a_pickle_with_a_flipped_bit_is_refused(protocol):
    model = tiny("DPVAE", prior=Decoupled(n_couplings=2), hidden_layer_sizes=[8]).fit(X)
    assert refused_when_flipped(model, protocol) > 15  # the others are errors of the pickle itself


@pytest.mark.parametrize("name", ["outliers", "cells"])
def test_so_is_that_of_what_holds_a_model(name):
    model = SEARCHES[name]().fit(X)
    assert refused_when_flipped(model, pickle.HIGHEST_PROTOCOL) > 15
    assert model.__getstate__()["_vaekit_version"] == vaekit.__version__


@pytest.mark.parametrize("name", ["outliers", "cells", "udr"])
def test_what_holds_a_model_is_not_what_its_damaged_state_says(name):
    state = SEARCHES[name]().fit(X).__getstate__()
    for changed in ("n_models", "contamination", "n_importance_samples", "best_index_", "offset_"):
        if changed in state:
            with pytest.raises(UnreadableFileError, match="The pickle is damaged"):
                SEARCHES[name]().__setstate__(state | {changed: 17})


def test_a_subclass_may_add_to_its_pickle_and_an_earlier_version_had_no_digest():
    model = WithNotes(max_epochs=1, random_state=0).fit(X)
    assert pickle.loads(pickle.dumps(model)).notes_ == "of mine"
    state = {name: value for name, value in model.__getstate__().items() if name != "_written"}
    earlier = WithNotes()
    earlier.__setstate__(state)
    assert same_bits(earlier.transform(X), model.transform(X))


def test_a_file_of_this_version_keeps_loading():
    """A file that is stored with the tests; those of later versions join it, and none is written anew."""
    arrays = np.load(STORED / "expected.npz")
    for path in sorted(STORED.glob("*.vaekit")):
        model = load(path)
        np.testing.assert_allclose(model.transform(arrays["X"]), arrays[path.stem], rtol=1e-5, atol=1e-6)


LOAD_AND_FIT = """
import sys
import numpy as np
from sklearn.base import clone
from vaekit.persistence import load
model, X = load(sys.argv[1]), np.load(sys.argv[2])
np.savez(sys.argv[3], loaded=model.transform(X), fitted=clone(model).fit(X).transform(X), steps=model.n_steps_)
"""
ELSEWHERE = {"PYTHONHASHSEED": "7", "LC_ALL": "C", "PYTHONUTF8": "0", "TZ": "Asia/Tokyo", "OMP_NUM_THREADS": "1"}


def test_another_process_loads_it_and_fits_the_same_whatever_its_environment(tmp_path):
    model = tiny("FactorDPVAE").fit(X)
    save(model, tmp_path / "model")
    np.save(tmp_path / "X.npy", X)
    files = [str(tmp_path / name) for name in ("model", "X.npy", "told.npz")]
    command = [sys.executable, "-W", "ignore", "-c", LOAD_AND_FIT, *files]
    subprocess.run(command, check=True, env=os.environ | ELSEWHERE)
    told = np.load(tmp_path / "told.npz")
    assert told["steps"] == 15
    np.testing.assert_array_equal(told["loaded"], model.transform(X))
    np.testing.assert_array_equal(told["fitted"], model.transform(X))
