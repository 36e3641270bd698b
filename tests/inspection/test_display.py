"""Displays over one object with the public methods and known maps, and over a trained estimator."""

import sys

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import polars as pl
import pytest
from matplotlib.colors import to_rgba
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from vaekit import DPVAE
from vaekit.inspection import (
    LatentSpaceDisplay,
    LossCurveDisplay,
    ReconstructionDisplay,
    SamplesDisplay,
    TraversalDisplay,
    lerp,
    slerp,
)
from vaekit.inspection._drawing import COLORS, MUTED, mosaic
from vaekit.inspection._latent_space import draw_density, find_window

RNG = np.random.default_rng(0)


class Halving:
    """Codes are rows, flattened; generation space is half as wide; decoding gives the rows back."""

    history_ = [
        {"epoch": 1, "duration": 0.1, "train_loss": 3.0, "kl": 1.0},
        {"epoch": 2, "duration": 0.1, "train_loss": 2.0, "kl": 0.5, "valid_loss": 2.5},
    ]

    def __init__(self, shape):
        self.shape = shape

    def transform(self, X):
        return np.reshape(X, (len(X), -1))

    def inverse_transform(self, X):
        return np.reshape(X, (len(X), *self.shape))

    def sample(self, n_samples=1, random_state=None):
        return random_state.standard_normal((n_samples, *self.shape))

    def sample_posterior(self, X, n_samples=1, random_state=None):
        return np.stack([self.transform(X)] * n_samples)

    def to_generation_space(self, Z):
        return Z / 2

    def to_representation_space(self, Z0):
        return Z0 * 2


SHAPES = {"table": (4,), "plane": (2,), "grey": (5, 6), "one channel": (1, 5, 6), "colour": (3, 5, 6)}


@pytest.fixture(params=SHAPES.values(), ids=SHAPES)
def model(request):
    return Halving(request.param)


@pytest.fixture
def X(model):
    return RNG.standard_normal((20, *model.shape))


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def draw(display, **options):
    """Draw a display, render it, and return it."""
    display.plot(**options).figure_.canvas.draw()
    return display


def points_of(ax):
    return np.concatenate([np.asarray(collection.get_offsets()) for collection in ax.collections])


DISPLAYS = {
    "reconstruction": ReconstructionDisplay.from_estimator,
    "samples": SamplesDisplay.from_estimator,
    "traversal": TraversalDisplay.from_estimator,
    "walk between rows": lambda model, X: TraversalDisplay.from_pairs(model, X[:3], X[3:6]),
    "latent space": LatentSpaceDisplay.from_estimator,
    "loss": lambda model, X: LossCurveDisplay.from_estimator(model),
}


@pytest.mark.parametrize("make", DISPLAYS.values(), ids=DISPLAYS)
def test_draws_whatever_the_shape(make, model, X):
    assert draw(make(model, X)).figure_.axes


# ------------------------------------------------------------------ reconstruction


def test_reconstruction_of_an_invertible_model_is_the_data(model, X):
    display = ReconstructionDisplay.from_estimator(model, X)
    assert_allclose(display.reconstructions, X)


def test_table_values_are_drawn_in_deviations_of_their_column():
    X = RNG.standard_normal((50, 3)) * [1, 100, 0] + [0, 5, 7]
    points = points_of(draw(ReconstructionDisplay(X=X, reconstructions=X)).ax_)
    assert_allclose(points[:, 0], points[:, 1])
    assert_allclose(points.reshape(50, 3, 2)[..., 0].std(axis=0), [1, 1, 0])


def test_images_stand_above_their_reconstructions():
    X = np.zeros((4, 2, 2))
    display = draw(ReconstructionDisplay(X=X + np.eye(2), reconstructions=X), n_columns=2)
    picture = display.ax_.images[0].get_array()
    assert picture.shape == (4 * 3 - 1, 2 * 3 - 1, 4)  # two lines of data and two of decoded images, with gaps
    assert_array_equal(picture[:2, :2, 0], np.eye(2))
    assert_array_equal(picture[3:5, :2, 0], np.zeros((2, 2)))


def test_a_figure_is_as_high_as_its_images_need_and_holds_the_first_of_many():
    X = RNG.random((300, 4, 4))
    display = ReconstructionDisplay(X=X, reconstructions=X)
    heights = [draw(display, n_rows=n_rows).figure_.get_figheight() for n_rows in (10, 20, 200)]
    assert_allclose(np.divide(heights, heights[0]), [1, 2, 20])
    picture = draw(display).ax_.images[0].get_array()
    assert picture.shape == (4 * 5 - 1, 10 * 5 - 1, 4)
    assert_array_equal(picture[10:14, :4], plt.get_cmap("gray")((X[10] - X.min()) / np.ptp(X)))


# ------------------------------------------------------------------ samples


def test_samples_stand_beside_as_many_rows(model, X):
    display = SamplesDisplay.from_estimator(model, X, n_samples=9, random_state=0)
    assert display.samples.shape == display.X.shape == (9, *model.shape)


def test_two_features_are_drawn():
    model, X = Halving((4,)), RNG.standard_normal((50, 4))
    display = draw(SamplesDisplay.from_estimator(model, X, random_state=0), features=(1, 3))
    assert_allclose(points_of(display.axes_[0]), display.X[:, [1, 3]])
    assert_allclose(points_of(display.axes_[1]), display.samples[:, [1, 3]])
    assert display.axes_[0].get_xlim() == display.axes_[1].get_xlim()
    assert (display.axes_[1].get_xlabel(), display.axes_[0].get_ylabel()) == ("feature 1", "feature 3")


@pytest.mark.parametrize("frame", [pd.DataFrame, pl.DataFrame])
def test_features_have_the_names_that_the_model_has_seen(frame):
    model, X = Halving((3,)), frame({name: RNG.standard_normal(50) for name in ("age", "bmi", "sex")})
    model.feature_names_in_ = np.array(X.columns, dtype=object)
    samples = SamplesDisplay.from_estimator(model, X, random_state=0)
    ax = draw(samples, features=("bmi", -1)).axes_[0]
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("bmi", "sex")
    assert_allclose(points_of(ax), samples.X[:, [1, 2]])


def test_one_column_is_drawn_as_a_histogram():
    display = SamplesDisplay(X=RNG.random((400, 1)), samples=2 * RNG.random((100, 1)))
    data, samples = draw(display).axes_
    areas = [sum(bar.get_height() * bar.get_width() for bar in ax.patches) for ax in (data, samples)]
    assert_allclose(areas, 1)
    assert [bar.get_x() for bar in data.patches] == [bar.get_x() for bar in samples.patches]
    assert (data.get_xlabel(), data.get_ylabel()) == ("feature 0", "density")
    wide = SamplesDisplay(X=RNG.random((9, 3)), samples=RNG.random((9, 3)), feature_names=["a", "b", "c"])
    assert draw(wide, features="c").axes_[0].get_xlabel() == "c"


def test_rows_of_a_table_are_drawn_as_images():
    display = SamplesDisplay.from_estimator(Halving((6,)), RNG.random((9, 6)), image_shape=(2, 3), random_state=0)
    assert display.X.shape == (9, 2, 3)
    assert display.samples.shape == (64, 2, 3)


# ------------------------------------------------------------------ traversals


def test_a_walk_changes_one_latent_only(model, X):
    walk = TraversalDisplay.from_estimator(model, X, row=3, components=[1], n_steps=5, spread=0.5)
    codes = model.transform(X)
    steps = walk.decoded[0].reshape(5, -1)
    assert_allclose(steps[[0, -1], 1], np.quantile(codes[:, 1], [0.25, 0.75]))
    assert_allclose(np.delete(steps, 1, axis=1), np.tile(np.delete(codes[3], 1), (5, 1)))


def test_inactive_latents_are_passed_over(X, model):
    model.active_components_ = np.arange(X[0].size) == 1
    assert TraversalDisplay.from_estimator(model, X).names == ["$z_{1}$"]


def test_all_latents_of_a_collapsed_model_are_walked(X, model):
    model.active_components_ = np.zeros(X[0].size, dtype=bool)
    assert len(draw(TraversalDisplay.from_estimator(model, X)).names) == X[0].size


@pytest.mark.parametrize("path", ["slerp", "lerp"])
@pytest.mark.parametrize("space", ["generation", "representation"])
def test_a_walk_joins_its_rows(model, X, path, space):
    walk = TraversalDisplay.from_pairs(model, X[:3], X[3:6], n_steps=4, path=path, space=space)
    assert_allclose(walk.decoded[:, 0], X[:3])
    assert_allclose(walk.decoded[:, -1], X[3:6])


def test_the_walk_is_made_in_generation_space():
    class Squaring(Halving):
        def to_generation_space(self, Z):
            return Z**2

        def to_representation_space(self, Z0):
            return np.sqrt(Z0)

    ends = np.array([[1.0, 2.0]]), np.array([[3.0, 4.0]])
    walk = TraversalDisplay.from_pairs(Squaring((2,)), *ends, n_steps=3, path="lerp")
    assert_allclose(walk.decoded[0, 1], np.sqrt([5.0, 10.0]))


def test_slerp_turns_at_constant_speed():
    a, b = np.array([[2.0, 0.0]]), np.array([[0.0, 2.0]])
    t = np.linspace(0, 1, 7)
    path = slerp(a, b, t)[0]
    assert_allclose(path, 2 * np.stack([np.cos(t * np.pi / 2), np.sin(t * np.pi / 2)], axis=1), atol=1e-12)


@pytest.mark.parametrize("factor", [3.0, -1.0, 0.0], ids=["same direction", "opposite", "origin"])
def test_slerp_is_straight_where_no_arc_is_defined(factor):
    a = np.array([[1.0, 2.0]])
    t = np.linspace(0, 1, 5)
    assert_allclose(slerp(a, factor * a, t), lerp(a, factor * a, t))


def test_a_line_for_each_feature_in_deviations_of_its_column():
    X = RNG.standard_normal((20, 4)) * [1, 100, 0.01, 0] + [0, 50, 5, 7]
    walk = TraversalDisplay.from_estimator(Halving((4,)), X, components=[0, 2])
    display = draw(walk, features=[1, 2, 3])
    assert [len(ax.lines) for ax in display.axes_] == [3, 3]
    still, moved, constant = (line.get_ydata() for line in display.axes_[1].lines)
    assert_allclose(moved, (walk.positions[1] - X[:, 2].mean()) / X[:, 2].std())
    assert_allclose([still, constant], 0, atol=1e-9)
    assert display.axes_[0].get_ylim() == display.axes_[1].get_ylim()


def test_features_that_move_most_are_named_and_the_rest_is_grey():
    far = np.arange(8.0)
    walk = TraversalDisplay(
        decoded=far * np.linspace(0, 1, 3)[:, None] * np.ones((2, 1, 1)),
        positions=np.zeros((2, 3)),
        names=["", ""],
        x_label="",
        limits=(0, 1),
        feature_names=list("abcdefgh"),
    )
    ax = draw(walk).axes_[1]
    assert [text.get_text() for text in ax.get_legend().get_texts()] == list("defgh")
    assert [line.get_color() for line in ax.lines[:4]] == [MUTED] * 3 + [COLORS[0]]
    ax = draw(walk, features=["b", 0]).axes_[1]
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["b", "a"]


@pytest.mark.parametrize("frame", [pd.DataFrame, pl.DataFrame])
def test_walks_of_a_frame_are_those_of_its_values(frame):
    X = RNG.standard_normal((20, 2))
    rows = frame({"age": X[:, 0], "bmi": X[:, 1]})
    model = Halving((2,))
    model.feature_names_in_ = np.array(["age", "bmi"], dtype=object)
    walk, path = TraversalDisplay.from_estimator(model, rows), TraversalDisplay.from_pairs(model, rows[:3], rows[3:6])
    assert_allclose(walk.decoded, TraversalDisplay.from_estimator(model, X).decoded)
    assert_allclose(path.decoded, TraversalDisplay.from_pairs(model, X[:3], X[3:6]).decoded)
    assert_allclose(path.deviation, X[:6].std(axis=0))
    assert_allclose(TraversalDisplay.from_pairs(model, rows[:3], rows[3:6], X=rows).deviation, X.std(axis=0))
    assert list(path.feature_names) == ["age", "bmi"]


# ------------------------------------------------------------------ latent space


def test_codes_are_drawn_in_both_spaces():
    model, X = Halving((3,)), RNG.standard_normal((30, 3))
    display = LatentSpaceDisplay.from_estimator(model, X, n_prior_samples=200, random_state=0)
    assert_allclose(display.prior_representation, 2 * display.prior_generation)
    draw(display, components=(0, 2))
    for ax, codes in zip(display.axes_, (X, X / 2)):
        assert_allclose(ax.collections[0].get_offsets(), codes[:, [0, 2]])


def test_classes_have_colours_of_their_own():
    X, y = RNG.standard_normal((30, 2)), np.repeat(["a", "b", "c"], 10)
    ax = draw(LatentSpaceDisplay.from_estimator(Halving((2,)), X, y, n_prior_samples=200, random_state=0)).axes_[0]
    labels = ax.get_legend_handles_labels()[1]
    assert labels == ["a", "b", "c"]
    assert len({to_rgba(c.get_facecolor()[0]) for c in ax.collections[:3]}) == 3


def test_contours_hold_their_share_of_the_draws():
    draws = RNG.standard_normal((4000, 2)) * [1, 3]
    draws[0] = 1e4  # one far off neither blurs the density nor counts for more than one
    _, ax = plt.subplots()
    draw_density(ax, draws, find_window(draws))
    shares = [path.contains_points(draws).mean() for path in ax.collections[0].get_paths()]
    assert_allclose(sorted(shares), [0.5, 0.9], atol=0.02)


def test_points_far_off_leave_the_window_as_it_is():
    near = RNG.standard_normal((2000, 2))
    far = np.vstack([near, [[1e4, -1e4]] * 5])
    spaces = {"representation": near, "generation": near, "prior_generation": near}
    limits = [
        draw(LatentSpaceDisplay(**spaces, prior_representation=prior)).axes_[0].get_xlim() for prior in (near, far)
    ]
    assert_allclose(limits[1], limits[0], rtol=0.2)
    ax = draw(LatentSpaceDisplay(**spaces, prior_representation=far), components=(1, 0)).axes_[0]
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("$z_{1}$", "$z_{0}$")
    x = np.concatenate([path.vertices[:, 0] for path in ax.collections[1].get_paths()])
    assert 3 < np.ptp(x) < 6  # the contours of a standard normal, found on the window


def labelled(y, n_rows=30):
    X = RNG.standard_normal((n_rows, 2))
    return LatentSpaceDisplay.from_estimator(Halving((2,)), X, y, n_prior_samples=200, random_state=0)


def test_numbers_of_many_values_are_one_cloud_on_a_scale():
    y = RNG.standard_normal(30)
    y[:5] = np.nan
    display = draw(labelled(y))
    missing, points, _ = display.axes_[0].collections
    assert (len(missing.get_offsets()), len(points.get_offsets())) == (5, 25)
    assert_array_equal(points.get_array(), y[5:])
    assert len(display.figure_.axes) == 3  # two spaces and the colour bar


MISSING = {
    "None": (["a", "b", None] * 10, ["missing", "a", "b"]),
    "NaN": (np.array([1.0, np.nan, 0.0] * 10), ["missing", "0.0", "1.0"]),
    "NA": (pd.Series([2, pd.NA, 10] * 10, dtype=object), ["missing", "2", "10"]),
    "a word": (["None", "nan"] * 15, ["None", "nan"]),
    "nothing else": ([None] * 30, ["missing"]),
    "words and numbers": (np.array(["a", 1, 2] * 10, dtype=object), ["1", "2", "a"]),
}


@pytest.mark.parametrize(("y", "words"), MISSING.values(), ids=MISSING)
def test_every_row_is_drawn_whatever_its_label(y, words):
    ax = draw(labelled(y)).axes_[0]
    assert ax.get_legend_handles_labels()[1] == words
    assert sum(len(points.get_offsets()) for points in ax.collections[:-1]) == 30


@pytest.mark.parametrize("frame", [pd.DataFrame, pl.DataFrame])
def test_labels_may_be_a_frame_of_one_column(frame):
    assert_array_equal(labelled(frame({"y": [0, 1] * 15})).labels, [0, 1] * 15)


BAD_LABELS = [([0, 1], "label for each of the 30 rows of X, got 2"), (np.zeros((30, 2)), "1d array")]


@pytest.mark.parametrize(("y", "words"), BAD_LABELS)
def test_labels_of_other_rows_are_refused(y, words):
    with pytest.raises(ValueError, match=words):
        labelled(y)


def test_one_latent_cannot_be_drawn_in_the_plane():
    display = LatentSpaceDisplay.from_estimator(Halving((1,)), RNG.standard_normal((30, 1)), random_state=0)
    with pytest.raises(ValueError, match="one component"):
        display.plot()


# ------------------------------------------------------------------ loss curves


def test_history_becomes_curves():
    display = draw(LossCurveDisplay.from_estimator(Halving((2,))))
    assert_array_equal(display.curves["valid_loss"], [np.nan, 2.5])
    assert list(display.curves) == ["train_loss", "kl", "valid_loss"]
    assert [ax.get_title() for ax in display.axes_] == ["loss", "kl"]
    assert_allclose(display.axes_[1].lines[0].get_ydata(), [1.0, 0.5])


def test_terms_are_chosen():
    assert len(draw(LossCurveDisplay.from_estimator(Halving((2,))), terms=[]).axes_) == 1


# ------------------------------------------------------------------ on a trained estimator


@pytest.mark.filterwarnings("ignore::vaekit.exceptions.VaekitWarning")
def test_pipelines_and_searches_are_looked_through():
    X = RNG.standard_normal((40, 3)) * [1, 10, 100] + 1000
    encoder = DPVAE(hidden_layer_sizes=(8,), max_epochs=3, random_state=0)
    search = GridSearchCV(make_pipeline(StandardScaler(), encoder), {"dpvae__n_components": [2]}, cv=2).fit(X)
    fitted = search.best_estimator_
    display = draw(ReconstructionDisplay.from_estimator(search, X))
    assert_allclose(display.reconstructions, fitted.inverse_transform(fitted.transform(X)))
    samples = draw(SamplesDisplay.from_estimator(search, X, n_samples=10, random_state=0)).samples
    assert_allclose(samples, fitted[0].inverse_transform(fitted[1].sample(10, random_state=np.random.RandomState(0))))
    space = draw(LatentSpaceDisplay.from_estimator(search, X, n_prior_samples=100, random_state=0))
    assert_allclose(fitted[1].to_generation_space(space.representation), space.generation)
    assert len(draw(LossCurveDisplay.from_estimator(search)).curves["train_loss"]) == 3
    assert draw(TraversalDisplay.from_estimator(search, X, components=[0])).decoded.shape == (1, 9, 3)
    classified = make_pipeline(*(step for _, step in fitted.steps), LogisticRegression())
    classified.steps[-1][1].fit(fitted.transform(X), X[:, 0] > 1000)
    assert_allclose(ReconstructionDisplay.from_estimator(classified, X).reconstructions, display.reconstructions)


# ------------------------------------------------------------------ where to draw, and what goes wrong


def test_a_place_is_divided_or_taken_as_given():
    model, X = Halving((2,)), RNG.standard_normal((30, 2))
    display = SamplesDisplay.from_estimator(model, X, random_state=0)
    figure, ax = plt.subplots()
    assert display.plot(ax).figure_ is figure
    assert len(display.axes_) == 2
    _, axes = plt.subplots(1, 2)
    assert list(display.plot(axes).axes_) == list(axes)
    with pytest.raises(ValueError, match="one axes or 2"):
        display.plot(plt.subplots(1, 3)[1])
    with pytest.raises(ValueError, match="placed by hand"):
        display.plot(plt.figure().add_axes([0, 0, 1, 1]))


@pytest.mark.parametrize("make", DISPLAYS.values(), ids=DISPLAYS)
@pytest.mark.parametrize("estimator", [DPVAE(), make_pipeline(StandardScaler(), DPVAE()), GridSearchCV(DPVAE(), {})])
def test_an_unfitted_model_says_so(make, estimator):
    with pytest.raises(NotFittedError):
        make(estimator, RNG.standard_normal((10, 2)))


BAD_CALLS = {
    "sample": (SamplesDisplay.from_estimator, AttributeError, "method 'sample', which StandardScaler does not have"),
    "history": (lambda e, X: LossCurveDisplay.from_estimator(e), AttributeError, "'history_'"),
    "spaces": (LatentSpaceDisplay.from_estimator, AttributeError, "'sample_posterior'"),
    "row": (lambda e, X: TraversalDisplay.from_estimator(e, X, row=10), ValueError, "row == 10, must be <= 9"),
    "spread": (lambda e, X: TraversalDisplay.from_estimator(e, X, spread=2), ValueError, "spread == 2, must be <= 1"),
    "terms": (lambda e, X: LossCurveDisplay(curves={"kl": X}).plot(terms=["tc"]), ValueError, r"among \['kl'\]"),
    "no samples": (
        lambda e, X: SamplesDisplay.from_estimator(e, X, n_samples=0),
        ValueError,
        "n_samples == 0, must be",
    ),
    "pairs": (lambda e, X: TraversalDisplay.from_pairs(e, X, X[1:]), ValueError, "as many rows, .* got 10 and 9"),
    "path": (lambda e, X: TraversalDisplay.from_pairs(e, X, X, path="arc"), ValueError, "path must be one of"),
}


@pytest.mark.parametrize("option", ["n_rows", "n_columns"])
def test_no_images_cannot_be_drawn(option):
    X = np.zeros((4, 2, 2))
    with pytest.raises(ValueError, match=f"{option} == 0, must be >= 1"):
        ReconstructionDisplay(X=X, reconstructions=X).plot(**{option: 0})


@pytest.mark.parametrize("features", [["alcool"], [3], "alcool", [0, -4]])
def test_features_that_are_not_there_are_refused(features):
    display = SamplesDisplay(X=np.zeros((4, 3)), samples=np.zeros((4, 3)), feature_names=["alcohol", "ash", "hue"])
    with pytest.raises(ValueError, match=r"below 3 or names among \['alcohol', 'ash', 'hue'\], got ('alcool'|3|-4)"):
        display.plot(features=features)


@pytest.mark.parametrize("components", [7, [0, -4], [[0]], "z", [0.5]])
def test_latents_that_are_not_there_are_refused(components):
    X = RNG.standard_normal((20, 3))
    with pytest.raises(ValueError, match="components must be numbers of latents below 3"):
        TraversalDisplay.from_estimator(Halving((3,)), X, components=components)
    with pytest.raises(ValueError, match="components must be numbers of latents below 3"):
        LatentSpaceDisplay.from_estimator(Halving((3,)), X).plot(components=components)


@pytest.mark.parametrize("components", [(0, 0), (0, -3), 1, (0, 1, 2)])
def test_the_plane_has_two_different_latents(components):
    display = LatentSpaceDisplay.from_estimator(Halving((3,)), RNG.standard_normal((20, 3)))
    with pytest.raises(ValueError, match="two different latents"):
        display.plot(components=components)


def test_a_latent_may_be_named_by_itself_or_from_the_end():
    walk = TraversalDisplay.from_estimator(Halving((3,)), RNG.standard_normal((20, 3)), components=-1)
    assert walk.names == ["$z_{2}$"]


@pytest.mark.parametrize("channels", [2, 6])
def test_images_of_other_channels_are_refused(channels):
    X = np.zeros((4, channels, 5, 3))
    with pytest.raises(ValueError, match=f"Images of {channels} channels"):
        ReconstructionDisplay(X=X, reconstructions=X).plot()


def test_three_features_are_too_many_for_the_plane():
    with pytest.raises(ValueError, match="one column or two, got 3"):
        SamplesDisplay(X=np.zeros((4, 3)), samples=np.zeros((4, 3))).plot(features=[0, 1, 2])


@pytest.mark.parametrize(("call", "error", "words"), BAD_CALLS.values(), ids=BAD_CALLS)
def test_errors_teach(call, error, words):
    X = RNG.standard_normal((10, 2))
    with pytest.raises(error, match=words):
        call(StandardScaler().fit(X), X)


def test_matplotlib_is_asked_for_only_when_drawing(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)
    display = LossCurveDisplay.from_estimator(Halving((2,)))
    with pytest.raises(ImportError, match=r"vaekit\[plot\]"):
        display.plot()


def test_mosaic_keeps_every_pixel_in_place():
    images = np.arange(2 * 3 * 4 * 5.0).reshape(2, 3, 4, 5)
    picture = mosaic(images)
    assert picture.shape == (2 * 5 - 1, 3 * 6 - 1)
    assert_array_equal(picture[5:9, 12:17], images[1, 2])
    assert np.isnan(picture[4]).all()
    assert np.isnan(picture).sum() == picture.size - images.size
