"""Fits beside others are the fits that they are alone, bit for bit; and those that fail, fail alone."""

import pickle
import signal
import threading
import warnings

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import FitFailedWarning
from sklearn.model_selection import GridSearchCV, KFold, cross_val_score, cross_validate
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from tiny_training import AtEpochBegin, X, same_weights, tiny

import vaekit
from vaekit import VAE, BetaVAE, FactorVAE, batched_fits, fit_many
from vaekit.engine import _many
from vaekit.likelihoods import Normal
from vaekit.nn import ConvNet

pytestmark = pytest.mark.filterwarnings("ignore::vaekit.exceptions.VaekitWarning")
CONDITIONS = np.arange(len(X)) % 3
SHARES = (X - X.min()) / np.ptp(X)


@pytest.fixture(autouse=True)
def together(monkeypatch):
    """How many nets each stretch of steps was taken for; short fits are batched, too."""
    seen, take = [], _many._Together._take

    def take_and_tell(self, part, *how):
        seen.append(len(part))
        return take(self, part, *how)

    monkeypatch.setattr(_many, "FEWEST_STEPS", 0)
    monkeypatch.setattr(_many._Together, "_take", take_and_tell)
    return seen


def timeless(model):
    return [{**row, "duration": 0} for row in model.history_]


def assert_same(one, other):
    assert same_weights(one, other)
    assert timeless(one) == timeless(other)
    np.testing.assert_array_equal(one.transform(X), other.transform(X))


# ------------------------------------------------------------------ the same fits


@pytest.mark.parametrize("name", sorted(vaekit.estimators.__all__))
def test_every_estimator_is_the_one_that_it_is_alone(name, together):
    """Batches of one size, which is a program less to record: a last one that is smaller is for the tests below."""
    rows, told = X[:32], CONDITIONS[:32]
    models = [tiny(getattr(vaekit, name), random_state=seed, max_epochs=2) for seed in range(2)]
    alone = [clone(model).fit(rows, told) for model in models]
    fit_many(models, rows, told)
    assert set(together) == {2}
    for one, other in zip(alone, models):
        assert same_weights(one, other)
        assert timeless(one) == timeless(other)


@pytest.mark.parametrize(
    ("cls", "several"),
    [
        (BetaVAE, [{"beta": beta} for beta in (1.5, 2, 4)]),
        (VAE, [{"learning_rate": rate} for rate in (1e-3, 1e-2, 1e-3)]),
        (FactorVAE, [{"gamma": gamma, "learning_rate": 1e-3 * gamma} for gamma in (1, 2, 3)]),
        (vaekit.AnnealedVAE, [{"max_capacity": c, "gamma": 5 + c} for c in (1, 2, 3)]),
        (VAE, [{"warmup": warmup} for warmup in (0, 3, 0.9)]),
        (VAE, [{"batch_size": 16, "max_epochs": epochs} for epochs in (2, 3, 5)]),
        (VAE, [{"max_steps": steps} for steps in (3, 7, 12)]),
    ],
)  # fmt: skip
def test_scalars_may_differ(cls, several, together):
    models = [tiny(cls, **params) for params in several]
    alone = [clone(model).fit(X) for model in models]
    fit_many(models, X)
    assert max(together) == 3
    for one, other in zip(alone, models):
        assert_same(one, other)


@pytest.mark.parametrize("cls", [VAE, vaekit.BetaTCVAE, FactorVAE])
def test_rows_may_differ_in_number(cls, together):
    """Last batches of several sizes, a single row folded in among them; BetaTCVAE weighs by the number of rows."""
    rows = [X, X[1:], X[:-2], X[3:], X]
    models = [tiny(cls, random_state=seed) for seed in range(5)]
    alone = [clone(model).fit(own) for model, own in zip(models, rows)]
    fit_many(models, rows)
    assert max(together) >= 2
    for one, other in zip(alone, models):
        assert_same(one, other)


WEIGHTS, GROUPS = np.linspace(0.5, 2, len(X)), np.arange(len(X)) // 7


@pytest.mark.parametrize(
    ("cls", "told"), [(VAE, {"sample_weight": WEIGHTS}), (vaekit.SlowVAE, {"groups": GROUPS, "sample_weight": None})]
)
def test_what_else_is_told_about_rows(cls, told, together):
    """To all of them, or one each."""
    models = [tiny(cls, random_state=seed) for seed in range(2)]
    alone = [clone(model).fit(X, **told) for model in models]
    for model, one in zip(fit_many(models, X, **told), alone):
        assert_same(one, model)
    lists = {name: None if value is None else [value, value[::-1]] for name, value in told.items()}
    others = fit_many([clone(model) for model in models], [X, X[::-1]], **lists)
    assert_same(alone[0], others[0])
    assert set(together) == {2}
    with pytest.raises(ValueError, match="'groups' parameter must hold one groups for each"):
        fit_many([tiny(cls)], [X], groups=GROUPS)


@pytest.mark.parametrize("cls", [VAE, FactorVAE])
def test_a_pass_may_be_a_single_batch(cls, together):
    """Which draws that are independent have parts of."""
    models = [tiny(cls, random_state=seed) for seed in range(2)]
    alone = [clone(model).fit(X[:9]) for model in models]
    fit_many(models, X[:9])
    assert set(together) == {2}
    for one, other in zip(alone, models):
        assert_same(one, other)


def test_more_than_a_group_of_them(together):
    models = [tiny(random_state=seed, max_epochs=1) for seed in range(23)]
    fit_many(models, X)
    assert set(together) <= {11, 12}
    for model in models[::11]:
        assert_same(clone(model).fit(X), model)


@pytest.mark.parametrize("params", [{}, {"likelihood": "bernoulli"}, {"likelihood": Normal(scale="learned")}])
def test_early_stopping_stops_each_by_itself(params, together):
    shared = {"early_stopping": True, "max_epochs": 9, "tol": 10, "warmup": 0, **params}
    models = [tiny(n_iter_no_change=n, random_state=n, **shared) for n in (1, 3, 5, 20)]
    alone = [clone(model).fit(SHARES) for model in models]
    fit_many(models, SHARES)
    assert len(set(together)) > 1
    for one, other in zip(alone, models):
        assert_same(one, other)


def test_a_model_that_is_not_finite_does_not_touch_the_others(together):
    models = [tiny(learning_rate=rate, warmup=0) for rate in (1e-3, 1e30, 1e-3)]
    with pytest.raises(vaekit.exceptions.NonFiniteLossError):
        fit_many(models, X)
    assert 3 in together
    for model in models[::2]:
        assert_same(clone(model).fit(X), model)
    assert not models[1].__sklearn_is_fitted__()


def test_bytes_and_what_follows_a_fit(together):
    pixels = np.random.default_rng(0).integers(0, 255, size=(40, 9), dtype=np.uint8)
    models = [tiny(warm_start=True, random_state=seed, likelihood="bernoulli") for seed in range(2)]
    alone = [clone(model).fit(pixels).partial_fit(pixels) for model in models]
    for one, other in zip(alone, fit_many(models, pixels)):
        assert same_weights(one, pickle.loads(pickle.dumps(other)).partial_fit(pixels))
    assert 2 in together


# ------------------------------------------------------------------ what trains alone


@pytest.mark.parametrize(
    "params",
    [{"callbacks": [AtEpochBegin(lambda net, rows: None)]}, {"network": ConvNet()}],
    ids=["callbacks", "convolutions"],
)
def test_what_cannot_be_batched_runs_alone(params, together):
    rows = np.random.default_rng(0).normal(size=(20, 8, 8)) if "network" in params else X
    models = [tiny(random_state=seed, max_epochs=1, **params) for seed in range(2)]
    alone = [clone(model).fit(rows) for model in models]
    fit_many(models, rows)
    assert together == []
    assert all(map(same_weights, alone, models))


def test_what_torch_cannot_batch_runs_alone(monkeypatch, together):
    def refuse(*args):
        raise RuntimeError("Batching rule not implemented")

    monkeypatch.setattr("vaekit.engine._programs.batched", refuse)
    models = [tiny(random_state=seed, hidden_layer_sizes=(7, 5)) for seed in range(2)]
    fit_many(models, X)
    assert together == []
    assert_same(clone(models[0]).fit(X), models[0])


# ------------------------------------------------------------------ searches


GRID = {"beta": [2, 4], "learning_rate": [1e-3, 1e-2]}


@pytest.mark.parametrize("n_jobs", [None, 1, 2, -1])
def test_a_search_finds_the_same(n_jobs, together):
    search = GridSearchCV(tiny(BetaVAE), GRID, cv=KFold(3), n_jobs=n_jobs, return_train_score=True)
    with batched_fits():
        batched = clone(search).fit(X)
    assert max(together) == 12
    alone = search.set_params(n_jobs=None).fit(X)
    assert batched.best_params_ == alone.best_params_
    for name, values in alone.cv_results_.items():
        if name.endswith("score"):
            np.testing.assert_array_equal(batched.cv_results_[name], values)
    assert_same(alone.best_estimator_, batched.best_estimator_)


def test_pipelines_and_nested_searches_meet(together):
    pipeline = make_pipeline(StandardScaler(), tiny(BetaVAE))
    search = GridSearchCV(pipeline, {"betavae__beta": [2, 3]}, cv=2)
    rows = np.concatenate([X, -X[:1]])
    alone = cross_val_score(search, rows, cv=2)
    with batched_fits():
        batched = cross_val_score(search, rows, cv=2)
    np.testing.assert_array_equal(alone, batched)
    assert max(together) == 8


def test_a_failing_candidate_does_not_touch_the_others(together):
    search = GridSearchCV(tiny(), {"batch_size": [8, -1], "n_components": [1, 2]}, cv=2, error_score=-7.0, refit=False)
    with batched_fits(), pytest.warns(FitFailedWarning):
        batched = clone(search).fit(X)
    with pytest.warns(FitFailedWarning):
        alone = search.fit(X)
    assert together
    np.testing.assert_array_equal(batched.cv_results_["mean_test_score"], alone.cv_results_["mean_test_score"])
    search = GridSearchCV(tiny(), {"batch_size": [8, -1]}, cv=2, error_score="raise")
    with batched_fits(), pytest.raises(ValueError, match="batch_size"):
        search.fit(X)
    assert threads() == []


def test_filters_of_warnings_are_what_they_were(together):
    before = list(warnings.filters)
    with batched_fits():
        cross_validate(tiny(), X, cv=3)
    assert warnings.filters == before
    assert 3 in together


# ------------------------------------------------------------------ the end


def threads():
    return [thread for thread in threading.enumerate() if thread is not threading.main_thread() and thread.daemon]


@pytest.mark.parametrize("is_batched", [True, False])
def test_an_interrupt_stops_all_and_each_keeps_what_it_has(is_batched, monkeypatch):
    n_done = []

    def press(*args):
        n_done.append(1)
        if len(n_done) == 4:
            signal.raise_signal(signal.SIGINT)

    if is_batched:
        take = _many._take_some
        monkeypatch.setattr(_many, "_take_some", lambda *args: (take(*args), press()))
        callbacks = None
    else:
        callbacks = [AtEpochBegin(lambda net, rows: press())]
    models = [tiny(random_state=seed, max_epochs=1000, callbacks=callbacks) for seed in range(3)]
    with pytest.warns(match="was interrupted at step"), pytest.raises(KeyboardInterrupt):
        fit_many(models, X)
    assert threads() == []
    assert models[0].__sklearn_is_fitted__()
    assert models[0].n_steps_ < 1000
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


@pytest.mark.parametrize(
    ("estimators", "rows", "y", "match"),
    [
        (lambda: [tiny()] * 2, X, None, "twice"),
        (lambda: [tiny(), tiny()], [X], None, "one X for each"),
        (lambda: [tiny(), tiny()], [X, X], np.ones(35), "one y for each"),
    ],
)
def test_what_is_not_one_each_is_refused(estimators, rows, y, match):
    with pytest.raises(ValueError, match=match):
        fit_many(estimators(), rows, y)


def test_an_error_is_raised_once_the_others_are_done():
    models = [tiny(batch_size=-1), tiny()]
    with pytest.raises(ValueError, match="batch_size"):
        fit_many(models, X)
    assert models[1].__sklearn_is_fitted__()


# ------------------------------------------------------------------ on a GPU


@pytest.mark.gpu
@pytest.mark.parametrize("how", ["MLP", "branches", "Triton"])
def test_many_on_a_gpu_are_those_alone(monkeypatch, how):
    """Repeatable where convolutions are asked to be; in float32 without TF32, whose rounding is coarse."""
    if how == "branches":
        monkeypatch.setattr("vaekit.kernels._convolutions.DEVICES", set())
    monkeypatch.setattr("torch.backends.cudnn.conv.fp32_precision", "ieee")
    network = "mlp" if how == "MLP" else ConvNet(channels=16)
    rows = X if how == "MLP" else np.random.default_rng(0).integers(0, 256, size=(64, 16, 16), dtype=np.uint8)
    models = [tiny(random_state=n, network=network, device="cuda", max_epochs=40) for n in range(3)]
    alone = [clone(model).fit(rows) for model in models]
    for one, other in zip(alone, fit_many(models, rows)):
        there, here = one.net_.flat_.buffer, other.net_.flat_.buffer
        assert (there - here).norm() <= 1e-3 * there.norm()
