"""Training in parts: what one call costs, what it remembers, where it stops, what its schedules run over."""

import pickle
import time

import numpy as np
import pytest
from family import NAMES, X, same_bits, tiny
from sklearn.exceptions import ConvergenceWarning

from vaekit import VAE, BetaTCVAE
from vaekit.fitted import _summary

pytestmark = pytest.mark.filterwarnings("ignore::vaekit.exceptions.VaekitWarning")


# ------------------------------------------------------------------ cost


def seconds(call, n_calls=20):
    """Least time of a call among some: what it costs when nothing else runs."""
    times = []
    for _ in range(n_calls):
        started = time.perf_counter()
        call()
        times.append(time.perf_counter() - started)
    return min(times)


def test_a_call_costs_the_same_however_many_went_before():
    model = tiny("VAE").partial_fit(X)
    early = seconds(lambda: model.partial_fit(X))
    model.net_.history.extend(dict(row) for row in [dict(model.net_.history[-1])] * 100_000)  # as if after so many
    late = seconds(lambda: model.partial_fit(X))
    assert late < 2 * early
    assert len(model.net_.history) == 100_000 + 41


def test_nothing_is_encoded_until_somebody_asks(monkeypatch):
    encoded, encode = [], _summary.encode

    def counting(model, rows):
        encoded.append(len(rows))
        return encode(model, rows)

    monkeypatch.setattr(_summary, "encode", counting)
    many = np.tile(X, (400, 1))
    model = tiny("VAE", batch_size=512).partial_fit(many).partial_fit(many)
    assert encoded == []
    first = model.kl_per_component_
    assert model.active_components_.shape == (2,)
    assert model.kl_per_component_ is first
    assert len(encoded) == 1
    assert 5000 <= encoded[0] <= 10_000
    model.partial_fit(many)
    assert model.kl_per_component_ is not first


@pytest.mark.parametrize("name", NAMES)
def test_what_is_measured_late_is_what_fit_measures(name):
    at_once, in_parts = tiny(name).fit(X), tiny(name)
    for _ in range(3):
        in_parts.partial_fit(X)
    back = pickle.loads(pickle.dumps(in_parts))
    assert back.model_.remembered is None  # a pickle holds numbers, not rows
    for model in (in_parts, back):
        assert same_bits(model.kl_per_component_, at_once.kl_per_component_)
        assert same_bits(model.active_components_, at_once.active_components_)


@pytest.mark.parametrize("name", ["kl_per_component_", "active_components_", "n_steps_", "history_"])
def test_before_the_first_fit_there_is_nothing_to_measure(name):
    assert not hasattr(tiny("VAE"), name)
    with pytest.raises(AttributeError, match=f"VAE instance is not fitted yet, so it has no '{name}'"):
        getattr(tiny("VAE"), name)


# ------------------------------------------------------------------ early stopping

EARLY = {"early_stopping": True, "warmup": 0, "learning_rate": 0.03, "n_iter_no_change": 2, "max_epochs": 60}


@pytest.mark.parametrize("interrupted", [False, True], ids=["in one go", "with a pickle in between"])
def test_parts_stop_where_fit_stops_with_the_same_weights(interrupted):
    at_once = tiny("VAE", **EARLY).fit(X)
    n_epochs = len(at_once.history_)
    assert n_epochs < 60
    model = tiny("VAE", **EARLY)
    for epoch in range(n_epochs):
        model.partial_fit(X)
        if interrupted and epoch == n_epochs - 2:  # the best epoch is behind, the last ahead
            model = pickle.loads(pickle.dumps(model))
    assert len(model.history_) == n_epochs
    assert same_bits(model.transform(X), at_once.transform(X))
    with pytest.warns(ConvergenceWarning, match="nothing was trained; raise 'n_iter_no_change'"):
        model.partial_fit(X)
    assert len(model.history_) == n_epochs
    assert same_bits(model.transform(X), at_once.transform(X))
    assert len(model.set_params(n_iter_no_change=50).partial_fit(X).history_) == n_epochs + 1


def test_after_a_fit_that_stopped_parts_go_on():
    model = tiny("VAE", **EARLY).fit(X)
    n_steps = model.n_steps_
    assert model.partial_fit(X).n_steps_ == n_steps + 4


# ------------------------------------------------------------------ plans


def test_schedules_run_over_all_rows_when_their_number_is_told():
    rows = np.random.default_rng(0).normal(size=(800, 4))
    whole = tiny("VAE", max_epochs=2).fit(rows)
    parts = tiny("VAE", max_epochs=2, total_samples=800)
    for start in range(0, 800, 80):
        parts.partial_fit(rows[start : start + 80])
    assert parts.net_.plan == whole.net_.plan
    assert parts.n_steps_ == whole.n_steps_ // 2
    assert tiny("VAE", max_epochs=2).partial_fit(rows[:80]).net_.plan.n_steps == 2 * 10  # untold: those that came
    assert tiny("VAE", max_epochs=2, total_samples=10_000).fit(rows).net_.plan == whole.net_.plan


def test_a_plan_of_parts_leaves_out_what_is_held_out():
    rows = np.random.default_rng(0).normal(size=(800, 4))
    whole = tiny("VAE", early_stopping=True).fit(rows)
    assert tiny("VAE", early_stopping=True, total_samples=800).partial_fit(rows[:80]).net_.plan == whole.net_.plan


@pytest.mark.parametrize("value", [0, 1, 2.5, "all"])
def test_the_number_of_all_rows_is_a_count(value):
    with pytest.raises(ValueError, match="'total_samples' parameter of VAE"):
        VAE(total_samples=value).partial_fit(X)


def test_beta_tcvae_counts_the_same_rows():
    assert BetaTCVAE(total_samples=99)._make_objective().total_samples == 99
