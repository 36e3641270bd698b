import html

import matplotlib.pyplot as plt
import numpy as np
import pytest
from gaussian_worlds import (
    Bottleneck,
    Denies,
    Deterministic,
    GaussianWorld,
    Sampler,
    TwoHumps,
    WarpedWorld,
    four_dimensional_world,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from vaekit.evaluation import generation_report, standard_normal_thresholds, symmetric_kl

WORLD = four_dimensional_world()
X = WORLD.sample(200, random_state=1) + np.random.default_rng(1).normal(scale=0.5, size=(200, 4))
FEW = {"n_samples": 400, "n_importance_samples": 200, "n_likelihood_rows": 50, "random_state": 0}
REPORT = generation_report(WORLD, X, **FEW)


def test_every_number_is_there():
    assert all(np.isfinite(row.value) and not row.note for row in REPORT.rows.values())


def test_numbers_are_those_of_the_functions():
    alone = symmetric_kl(WORLD, X, random_state=1)
    assert REPORT["symmetric_kl"].value == pytest.approx(alone.value, abs=4 * REPORT["symmetric_kl"].standard_error)
    assert REPORT["nll"].value == pytest.approx(
        -WORLD.exact_log_marginal(X).mean(), abs=4 * REPORT["nll"].standard_error
    )
    kl = REPORT["kl_q_to_p"].value + REPORT["mutual_information"].value
    parts = sum(REPORT[name].value for name in ("mutual_information", "total_correlation", "dimension_kl"))
    assert parts == pytest.approx(kl, abs=0.2)
    assert REPORT["active_components"].value == 2


@pytest.mark.filterwarnings("ignore:.*effective sample size")
def test_thresholds_leave_the_named_shares_of_the_prior_below():
    world = GaussianWorld(np.eye(4)[:, :3], A=np.zeros((3, 4)), scale=1.0)  # q(z) is the prior
    report = generation_report(world, X, **FEW | {"n_samples": 20000})
    leakage = report.leakage
    assert np.all(np.diff(leakage.thresholds) > 0)
    for name, share in {"leakage_10": 0.1, "leakage_1": 0.01}.items():
        threshold = np.flatnonzero(np.isclose(leakage.thresholds, standard_normal_thresholds(share, 3))).item()
        assert leakage.fraction[threshold] == pytest.approx(share, rel=0.15)
        assert report[name][:2] == (leakage.value[threshold], leakage.standard_error[threshold])


@pytest.mark.filterwarnings("ignore:.*effective sample size")
def test_leakage_that_no_draw_showed_is_empty_and_says_so():
    inside = four_dimensional_world().with_exact_posterior().set_params(A=np.zeros((2, 4)), scale=0.1)
    report = generation_report(inside, X, **FEW)
    assert np.isnan(report["leakage_1"].value)
    assert "no draw of the aggregate posterior" in report["leakage_1"].note
    assert report["kl_q_to_p"].note == ""


def test_same_seed_same_report():
    assert repr(generation_report(WORLD, X, **FEW)) == repr(REPORT)


def test_it_prints_a_line_for_each_number():
    lines = repr(REPORT).splitlines()
    assert len(lines) == 1 + len(REPORT.rows)
    assert lines[0].split() == ["value", "s.e.", "unit", "better"]
    assert lines[1].startswith("symmetric_kl")


def test_it_becomes_a_frame():
    frame = REPORT.to_frame()
    assert list(frame.index) == list(REPORT.rows)
    assert frame.loc["nll", "value"] == REPORT["nll"].value
    assert frame.loc["coverage", "better"] == "higher"


def test_notebooks_show_a_table():
    shown = REPORT._repr_html_()
    known = [name for name, row in REPORT.rows.items() if np.isfinite(row.value)]
    assert shown.count("<tr>") == 1 + len(known)
    assert all(f">{name}</td>" in shown and f">{REPORT[name].value:.4g}</td>" in shown for name in known)
    assert all(html.escape(row.note) in shown for row in REPORT.rows.values() if row.note)


def test_it_draws():
    drawn = REPORT.plot()
    assert [ax.get_title() for ax in drawn.axes_] == ["Leakage", "Parts of the KL", "Components in use"]
    line = drawn.axes_[0].lines[0]
    assert len(line.get_xdata()) > 5
    assert np.all(np.diff(line.get_xdata()) > 0)
    np.testing.assert_array_equal(line.get_ydata(), REPORT.leakage.value)
    assert [bar.get_height() for bar in drawn.axes_[2].patches] == pytest.approx(REPORT.collapse.variance_share)
    figure, axes = plt.subplots(3)
    assert REPORT.plot(axes).figure_ is figure
    plt.close("all")


@pytest.mark.parametrize(
    ("model", "missing", "there", "words"),
    [
        (
            Sampler(WORLD),
            "symmetric_kl nll reconstruction_rms active_components low_posterior_frechet_distance",
            "frechet_distance recall",
            "log_prior",
        ),
        (
            Bottleneck(WORLD),
            "symmetric_kl nll reconstruction_error active_components frechet_distance share_closer",
            "reconstruction_rms",
            "log_likelihood",
        ),
        (
            Denies(**WORLD.get_params()),
            "kl_p_to_q nll total_correlation",
            "frechet_distance reconstruction_rms",
            "no density",
        ),
        (
            WarpedWorld(WORLD),
            "mutual_information active_components frechet_distance",
            "symmetric_kl leakage_10 nll",
            "known densities",
        ),
        (
            TwoHumps(**WORLD.get_params()),
            "leakage_10 leakage_1",
            "symmetric_kl nll low_posterior_frechet_distance",
            "'representation'",
        ),
        (
            Deterministic(**WORLD.get_params() | {"scale": 0.0}),
            "symmetric_kl leakage_1 nll total_correlation low_posterior_frechet_distance",
            "frechet_distance coverage reconstruction_error reconstruction_rms active_components",
            "deterministic",
        ),
    ],
    ids=["samples alone", "codes alone", "no prior density", "no decoder", "no base", "deterministic"],
)
@pytest.mark.filterwarnings("error", "ignore:.*effective sample size")
def test_what_a_model_lacks_is_nan_with_the_reason(model, missing, there, words):
    report = generation_report(model, X, **FEW)
    assert all(np.isnan(report[name].value) and report[name].note for name in missing.split())
    assert all(np.isfinite(report[name].value) for name in there.split())
    assert words in repr(report)
    report.plot()
    plt.close("all")


def test_pipelines_are_looked_through():
    pipeline = make_pipeline(FunctionTransformer(np.negative), WORLD)
    assert repr(generation_report(pipeline, -X, **FEW)) == repr(REPORT)


@pytest.mark.parametrize(
    ("rows", "options", "words"),
    [
        (1, {}, "at least 2 rows"),
        (9, {"n_samples": 0}, "n_samples"),
        (9, {"n_likelihood_rows": 1.5}, "n_likelihood_rows"),
    ],
)
def test_errors_teach(rows, options, words):
    with pytest.raises(ValueError, match=words):
        generation_report(WORLD, X[:rows], **options)


def test_two_rows_are_enough():
    with pytest.warns(UserWarning, match="rows of 4 features"):
        assert generation_report(WORLD, X[:2], **FEW)["recall"].value >= 0
