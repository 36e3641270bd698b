"""Every display on every kind of data: it holds what it says, its words are neither cut nor over each other."""

from types import SimpleNamespace

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from known_display import NOISE, Known, faults_of
from numpy.testing import assert_allclose, assert_array_equal

import vaekit.inspection as look

RNG = np.random.default_rng(0)
NAMES = ["alcohol", "malic_acid", "ash", "alcalinity of the ash", "od280/od315 of diluted wines"]
SHAPES = {
    "digits": (8, 8),
    "images": (1, 28, 28),
    "sprites": (3, 32, 32),
    "wide images": (16, 96),
    "table": (5,),
    "windows": (2, 48),
    "narrow windows": (48, 3),
    "flat windows": (2, 1, 48),
}


class World:
    def __init__(self, kind):
        shape = SHAPES[kind]
        self.is_table = kind == "table"
        self.model = Known(shape, NAMES if self.is_table else None)
        self.X = RNG.normal(size=(60, *shape))
        self.y = RNG.integers(0, 3, 60)


@pytest.fixture(params=SHAPES, scope="module")
def world(request):
    return World(request.param)


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


RUNS = {
    "model": [name for name in ("VAE", "FactorVAE", "DecoupledBetaVAE") for _ in range(4)],
    "seed": [0, 1, 2, 3] * 3,
    **{name: RNG.normal(size=12).round(3) for name in ("mig", "dci_disentanglement", "sap")},
}
DRAWS = {"random_state": 0}


def codes_are_of_the_rows(display, world):
    assert_allclose(display.generation, display.representation)
    assert_allclose(display.representation[:, :2], world.model.transform(world.X)[:, :2], atol=1)
    assert display.pockets.shape == (500,)


def walks_are_sorted_and_folded(display, world):
    assert display.names == ["$z_{1}$", "$z_{0}$"]
    assert_array_equal(display.kl, [2, 1])
    assert display.folded == [2]
    flat = display.decoded.reshape(2, 9, -1)
    assert_allclose(flat[0, :, 1], display.positions[0])


def walks_in_generation_space(display, world):
    assert display.names == ["$z_{0}$", "$z_{1}$", "$z_{2}$"]
    assert display.kl is None
    assert len(display.folded) == 0


def two_columns_are_kept(display, world):
    assert_allclose(display.r2[:2], 1)
    assert (display.r2[2:] < 0.1).all()


def samples_stand_beside_rows(display, world):
    assert display.samples.shape[1:] == display.X.shape[1:] == world.X.shape[1:]


def ends_are_the_rows(display, world):
    assert_array_equal(display.X_from, world.X[:3])
    assert_array_equal(display.X_to, world.X[3:6])
    first, last = (display.decoded[:, i].reshape(3, -1)[:, :2] for i in (0, -1))
    assert_allclose(first, world.X[:3].reshape(3, -1)[:, :2])
    assert_allclose(last, world.X[3:6].reshape(3, -1)[:, :2])


def what_is_added_is_the_direction(display, world):
    flat, has = world.X.reshape(60, -1)[:, :2], world.y == 0
    assert_allclose(display.effect.ravel()[:2], flat[has].mean(axis=0) - flat[~has].mean(axis=0))


def first_losses_leave_the_picture(display, world):
    assert display.curves["train_loss"][0] == 1e4
    assert display.axes_[0].get_ylim()[1] < 1e3
    assert (display.warmup_epochs, display.steps_per_epoch) == (5, 10)


def seeds_are_rows(display, world):
    assert display.curves["kl"].shape == (2, 20)
    assert display.axes_[0].get_xlabel() == "step"


def overlap_is_that_of_the_draws(display, world):
    assert_allclose(display.overlap[2], 1, atol=0.35)  # 60 draws of N(0, 1) in bins, against the prior
    assert (display.overlap <= 1).all()


def two_latents_are_active(display, world):
    assert_array_equal(display.active, [True, True, False])
    assert_allclose(display.noise, NOISE)
    assert_allclose(display.mean_deviation, world.model.transform(world.X).std(axis=0))


def curves_are_those_of_the_models(display, world):
    assert list(display.curves) == ["one", "two"]
    assert_allclose(display.curves["one"].fraction, sorted(display.curves["one"].fraction))


def points_are_rates(display, world):
    loc = world.model.transform(world.X)
    kl = (0.5 * (loc**2 + NOISE**2 - 1) - np.log(NOISE)).sum(axis=1).mean()
    assert_allclose(display.rate, kl, rtol=0.1)
    assert_array_equal(display.distortion, 0)


def worst_rows_come_first(display, world):
    scores = world.model.score_samples(world.X)
    assert_array_equal(display.rows, np.argsort(scores)[:8])
    if world.is_table:
        worst = NAMES[np.abs(world.X[display.rows[0]]).argmax()]
        assert display.reasons[0].startswith(worst[:10])
    else:
        assert_array_equal(display.images, world.X[display.rows])


def each_latent_tells_its_column(display, world):
    information = display.information
    assert information.shape == (3, 2)
    assert_array_equal(information[:2].argmax(axis=0), [0, 1])
    assert_allclose(information[2], 0, atol=1e-9)


def signs(world):
    """The signs of the first two values of each row: factors that the first two latents know."""
    return pd.DataFrame((world.X.reshape(60, -1)[:, :2] > 0).astype(int), columns=["first", "second"])


def pair(world):
    return {"one": world.model, "two": world.model}


# name: how it is made, how it is drawn, what it must hold
DISPLAYS = {
    "traversal": (lambda w: look.TraversalDisplay.from_estimator(w.model, w.X), {}, walks_are_sorted_and_folded),
    "traversal, generation": (
        lambda w: look.TraversalDisplay.from_estimator(w.model, w.X, space="generation"), {},
        walks_in_generation_space),
    "reconstruction": (
        lambda w: look.ReconstructionDisplay.from_estimator(w.model, w.X), {}, two_columns_are_kept),
    "samples": (
        lambda w: look.SamplesDisplay.from_estimator(w.model, w.X, **DRAWS), {}, samples_stand_beside_rows),
    "interpolation": (
        lambda w: look.InterpolationDisplay.from_estimator(w.model, w.X[:3], w.X[3:6]), {}, ends_are_the_rows),
    "attribute": (
        lambda w: look.AttributeDisplay.from_estimator(w.model, w.X, w.y == 0), {}, what_is_added_is_the_direction),
    "outlier scores": (
        lambda w: look.OutlierScoresDisplay.from_estimator(w.model, w.X), {}, worst_rows_come_first),
}  # fmt: skip
OF_CODES = {
    "latent space": (
        lambda w: look.LatentSpaceDisplay.from_estimator(w.model, w.X, w.y, n_prior_samples=500, **DRAWS), {},
        codes_are_of_the_rows),
    "loss": (lambda w: look.LossCurveDisplay.from_estimator(w.model), {}, first_losses_leave_the_picture),
    "loss of seeds": (
        lambda w: look.LossCurveDisplay.from_estimator([w.model, w.model]), {"by": "step"}, seeds_are_rows),
    "aggregate posterior": (
        lambda w: look.AggregatePosteriorDisplay.from_estimator(w.model, w.X, **DRAWS), {},
        overlap_is_that_of_the_draws),
    "active latents": (
        lambda w: look.ActiveLatentsDisplay.from_estimator(w.model, w.X), {}, two_latents_are_active),
    "leakage": (
        lambda w: look.LeakageDisplay.from_estimators(pair(w), w.X, n_samples=200, **DRAWS), {},
        curves_are_those_of_the_models),
    "rate and distortion": (
        lambda w: look.RateDistortionDisplay.from_estimators({"beta 1": w.model}, w.X, n_samples=50, **DRAWS), {},
        points_are_rates),
    "factors and codes": (
        lambda w: look.FactorCodeDisplay.from_estimator(w.model, w.X, signs(w)), {}, each_latent_tells_its_column),
}  # fmt: skip


def hold(entry, world):
    """Draw a display, and check what it holds and how it looks; settings of matplotlib stay what they were."""
    make, options, check = entry
    before = dict(mpl.rcParams)
    display = make(world)
    assert display.plot(**options) is display
    check(display, world)
    assert faults_of(display.figure_) == []
    assert dict(mpl.rcParams) == before


@pytest.mark.parametrize("name", DISPLAYS)
def test_a_display_of_rows(name, world):
    hold(DISPLAYS[name], world)


@pytest.fixture(scope="module")
def table():
    return World("table")


@pytest.mark.parametrize("name", OF_CODES)
def test_a_display_of_codes(name, table):
    hold(OF_CODES[name], table)


def test_no_display_is_missing_from_the_tables():
    drawn = {type(make(WORLD)).__name__ for make, *_ in [*DISPLAYS.values(), *OF_CODES.values()]}
    elsewhere = {"ComparisonDisplay", "MetricDistributionDisplay", "OutlierDisplay", "RankCorrelationDisplay",
                 "TableSamplesDisplay"}  # fmt: skip
    assert drawn | elsewhere == {name for name in look.__all__ if name.endswith("Display")}


WORLD = World("table")


@pytest.mark.parametrize("kind", ["marginals", "pairs", "associations"])
def test_tables_of_samples(kind):
    X = pd.DataFrame(WORLD.X, columns=NAMES).assign(colour=np.where(WORLD.y, "red", "white"))
    samples = X.sample(frac=1, random_state=0).reset_index(drop=True)
    display = look.TableSamplesDisplay.from_arrays(X, samples)
    assert display.kinds == [None] * 5 + [["red", "white"]]
    assert_allclose(display.distances, 0, atol=1e-12)  # the same rows in another order
    assert_allclose(display.associations, display.associations_of_samples, atol=1e-12)
    assert_allclose(display.associations[:5, :5], np.corrcoef(WORLD.X.T), atol=1e-12)
    display.plot(kind=kind)
    assert faults_of(display.figure_) == []


def test_runs_are_dots_with_the_table_behind():
    display = look.ComparisonDisplay.from_frame(pd.DataFrame(RUNS), better={"sap": "lower"})
    display.plot()
    assert faults_of(display.figure_) == []
    assert_array_equal(display.axes_[0].collections[0].get_offsets()[:, 0], RUNS["mig"][:4])
    frame = display.to_frame()
    assert_allclose(frame["mig", "mean"], [RUNS["mig"][i : i + 4].mean() for i in (0, 4, 8)])
    assert_allclose(frame["sap", "std"], [RUNS["sap"][i : i + 4].std(ddof=1) for i in (0, 4, 8)])
    long = pd.DataFrame(RUNS).melt(["model", "seed"], var_name="scorer", value_name="score")
    assert_array_equal(look.ComparisonDisplay.from_frame(long).scores["sap"], display.scores["sap"])


def test_comparisons_are_shown_as_they_are():
    comparison = SimpleNamespace(models=["a", "b"], scores={"mig": np.array([[0.1, 0.2], [0.3, np.nan]])})
    display = look.ComparisonDisplay.from_comparison(comparison).plot()
    assert_allclose([display.table["mig"][name].mean for name in "ab"], [0.15, 0.3])
    assert display._repr_html_().count("<tr>") == 3


def test_the_best_is_bold_in_latex():
    runs = {"model": ["a_b", "a_b", "c"], "error": [1.0, 3.0, 4.0]}
    latex = look.ComparisonDisplay.from_frame(runs, better={"error": "lower"}).to_latex(digits=1)
    assert r"a\_b & $\mathbf{2.0} \pm 1.4$ \\" in latex
    assert r"c & $4.0$ \\" in latex
    assert latex.startswith("\\begin{tabular}{lr}\n\\toprule")


def test_metrics_of_runs():
    spread = look.MetricDistributionDisplay.from_frame(RUNS).plot()
    assert faults_of(spread.figure_) == []
    assert_array_equal(spread.values["mig"]["VAE"], RUNS["mig"][:4])
    ranks = look.RankCorrelationDisplay.from_frame(RUNS).plot()
    assert faults_of(ranks.figure_) == []
    assert_allclose(ranks.correlation, pd.DataFrame(RUNS)[ranks.names].corr("spearman"), atol=1e-12)
    assert ranks.n_runs == 12


BAD_CALLS = {
    "a column": (lambda: look.ComparisonDisplay.from_frame({"mig": [1.0]}), "column 'model'"),
    "no score": (lambda: look.ComparisonDisplay.from_frame({"model": ["a"], "what": ["b"]}), "column of numbers"),
    "a run twice": (
        lambda: look.ComparisonDisplay.from_frame({"model": ["a", "a"], "seed": [0, 0], "mig": [1.0, 2.0]}),
        "two values of 'mig'"),
    "no metrics": (lambda: look.RankCorrelationDisplay.from_frame({"model": ["a"] * 3}), "columns of numbers"),
    "a kind": (lambda: look.TableSamplesDisplay.from_arrays(WORLD.X, WORLD.X).plot(kind="pie"), "kind must be"),
    "by": (lambda: look.LossCurveDisplay(curves={"kl": np.ones(3)}).plot(by="step"), "by must be 'epoch'"),
    "a space": (
        lambda: look.TraversalDisplay.from_estimator(WORLD.model, WORLD.X, space="outer"), "space must be"),
    "one of two spaces": (
        lambda: look.AggregatePosteriorDisplay.from_estimator(WORLD.model, WORLD.X, space="outer"), "space must be"),
    "truths": (
        lambda: look.OutlierScoresDisplay.from_estimator(WORLD.model, WORLD.X, [1, 0]), "one truth value for each"),
    "a map of one latent": (
        lambda: look.LatentMap.from_estimator(WORLD.model, WORLD.X, components=(1, 1)), "two different latents"),
}  # fmt: skip


@pytest.mark.parametrize(("call", "words"), BAD_CALLS.values(), ids=BAD_CALLS)
def test_errors_teach(call, words):
    with pytest.raises(ValueError, match=words):
        call()


def test_windows_are_lines_and_images_are_not():
    drawn = {}
    for kind in SHAPES:
        w = World(kind)
        ax = look.ReconstructionDisplay.from_estimator(w.model, w.X).plot().ax_
        drawn[kind] = "image" if ax.images else "lines"
    assert [kind for kind in SHAPES if drawn[kind] == "lines"] == ["table", "windows", "narrow windows", "flat windows"]


def test_pockets_are_where_the_prior_is_alone():
    """Codes stay near the origin: far draws of the prior are pockets, no code is a leak."""
    near = Known((2,))
    X = RNG.normal(scale=0.3, size=(400, 2))
    draws = {"n_prior_samples": 500, **DRAWS}
    display = look.LatentSpaceDisplay.from_estimator(near, X, **draws)
    far = np.linalg.norm(display.prior_representation[:, :2], axis=1)
    assert far[display.pockets].min() > 0.8
    assert display.pockets[far > 2.5].all()
    far_off = look.LatentSpaceDisplay.from_estimator(near, X + 6, **draws)
    assert far_off.leaks.all()
    assert far_off.pockets.mean() > 0.95


def test_contours_say_how_much_they_hold():
    ax = look.LatentSpaceDisplay.from_estimator(Known((2,)), WORLD.X[:, :2], **DRAWS).plot().axes_[0]
    assert {text.get_text() for text in ax.texts} == {"50%", "90%"}
    (xlim, ylim), places = (ax.get_xlim(), ax.get_ylim()), np.array([text.get_position() for text in ax.texts])
    assert ((xlim[0] < places[:, 0]) & (places[:, 0] < xlim[1])).all()
    assert ((ylim[0] < places[:, 1]) & (places[:, 1] < ylim[1])).all()


def test_many_points_without_labels_are_a_density():
    spaces = {"representation": RNG.normal(size=(6000, 2)), "generation": RNG.normal(size=(6000, 2))}
    priors = {f"prior_{name}": points[:300] for name, points in spaces.items()}
    ax = look.LatentSpaceDisplay(**spaces, **priors).plot().axes_[0]
    counts = ax.collections[0].get_array()
    assert counts.sum() == pytest.approx(6000, rel=0.02)  # but for those that lie far off
    assert len(counts) < 2000


def test_far_labels_leave_the_scale_of_colours_as_it_is():
    y = np.r_[1e9, RNG.normal(size=59)]
    display = look.LatentSpaceDisplay.from_estimator(WORLD.model, WORLD.X, y, n_prior_samples=200, **DRAWS).plot()
    assert display.axes_[0].collections[0].get_clim()[1] < 1e8


def test_faults_are_found():
    figure, ax = plt.subplots()
    ax.text(0.5, 0.5, "one\nline")
    ax.text(0.5, 0.5, "another")
    ax.text(1.2, 0.9, "cut off at the end of the figure")
    assert faults_of(figure) == ["cut off at the end of the figure", ("another", "one\nline")]
