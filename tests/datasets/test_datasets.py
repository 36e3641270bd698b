"""Laws every data set that vaekit makes obeys, over one table of constructors."""

import re
from functools import partial

import numpy as np
import pytest

from vaekit.datasets import (
    make_ar1_sequence,
    make_dsprites,
    make_linear_mixture,
    make_nonlinear_ica,
    make_observed_factors,
    make_shapes3d,
    make_two_moons,
    make_xy_squares,
)

small_dsprites = partial(make_dsprites, scales=[0, 5], orientations=5, positions_x=3, positions_y=[31, 0])
small_shapes3d = partial(make_shapes3d, floor_hues=3, wall_hues=2, object_hues=2, scales=[7], shapes=2, orientations=2)

# Grids take a number of samples, or none for the grid itself; sequences of continuous factors are never a grid.
GRIDS = {
    "dsprites": small_dsprites,
    "dsprites, 32 pixels": partial(small_dsprites, size=32),
    "dsprites, packed": partial(small_dsprites, packed=True),
    "shapes3d": small_shapes3d,
    "squares": make_xy_squares,
    "modified squares": partial(make_xy_squares, modification="modified"),
    "observed factors": make_observed_factors,
}
DRAWN = {
    "noisy squares": partial(make_xy_squares, modification="noise"),
    "noisy factors": partial(make_observed_factors, noise=0.5),
    "linear mixture": partial(make_linear_mixture, 30),
    "ar1, normal": partial(make_ar1_sequence, 30),
    "ar1, laplace, smooth": partial(make_ar1_sequence, 30, innovation="laplace", mixing="smooth", n_features=3),
    "nonlinear ica": partial(make_nonlinear_ica, 30),
    "two moons": partial(make_two_moons, 30),
}
ALL = GRIDS | DRAWN

grids = pytest.mark.parametrize("make", GRIDS.values(), ids=GRIDS)
everything = pytest.mark.parametrize("make", ALL.values(), ids=ALL)


def observations(world):
    return world["images"] if "images" in world else world["data"]


@everything
def test_rows_belong_together(make):
    world = make(random_state=0)
    X, factors = make(random_state=0, return_X_y=True)
    np.testing.assert_array_equal(X, observations(world))
    np.testing.assert_array_equal(factors, world.factors)
    assert len(X) == len(factors)
    assert factors.shape[1] == len(world.factor_names) == len(set(world.factor_names))
    assert np.isfinite(X).all()
    assert world.DESCR


@everything
def test_factors_are_classes_of_the_announced_sizes_or_continuous(make):
    world = make(random_state=0)
    if world.factor_sizes is None:
        assert world.factors.dtype == np.float64
    else:
        assert world.factors.dtype == np.int64
        assert [len(np.unique(column)) for column in world.factors.T] == list(world.factor_sizes)
        np.testing.assert_array_equal(world.factors.min(axis=0), 0)
        np.testing.assert_array_equal(world.factors.max(axis=0), np.array(world.factor_sizes) - 1)


@everything
def test_random_state_decides(make):
    first, again, other = (observations(make(random_state=seed)) for seed in (3, np.random.RandomState(3), 4))
    np.testing.assert_array_equal(first, again)
    is_fixed = any(make is grid for grid in GRIDS.values())
    assert np.array_equal(first, other) == is_fixed


@everything
def test_global_random_state_is_untouched(make):
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    make(random_state=0)
    np.testing.assert_array_equal(before, np.random.get_state()[1])  # noqa: NPY002


@grids
def test_a_grid_holds_every_combination_once_the_last_factor_fastest(make):
    world = make()
    np.testing.assert_array_equal(
        np.ravel_multi_index(world.factors.T, world.factor_sizes), np.arange(np.prod(world.factor_sizes))
    )


@grids
def test_a_sample_is_a_part_of_the_grid_without_repeats(make):
    grid, sample = make(), make(20, random_state=0)
    cells = np.ravel_multi_index(sample.factors.T, grid.factor_sizes)
    assert len(np.unique(cells)) == 20
    assert (np.diff(cells) < 0).any()
    np.testing.assert_array_equal(observations(sample), observations(grid)[cells])


@pytest.mark.parametrize("make", [small_dsprites, small_shapes3d, make_xy_squares])
def test_factor_values_have_the_announced_sizes(make):
    world = make()
    assert tuple(len(values) for values in world.factor_values) == world.factor_sizes


def test_factor_values_of_a_part_are_the_chosen_ones():
    world = make_dsprites(1, shapes=[2, 0], orientations=[0, 39], positions_x=2, scales=6)
    assert world.factor_values[0].tolist() == ["heart", "square"]
    np.testing.assert_allclose(world.factor_values[1], [0.5, 0.6, 0.7, 0.8, 0.9, 1.0])
    np.testing.assert_allclose(world.factor_values[2], [0, 2 * np.pi])
    np.testing.assert_allclose(world.factor_values[3], [0, 16 / 31])


@pytest.mark.parametrize("make", [small_dsprites, small_shapes3d])
def test_the_description_of_a_part_does_not_pass_it_off_as_the_whole(make):
    claim = re.search(r"[^.]*every combination once", make(3).DESCR.replace("\n", " "))[0]
    assert claim.startswith(" The published set has")


BAD_CALLS = [
    (partial(make_dsprites, size=48), "'size' parameter must be one of [32, 64]"),
    (partial(make_dsprites, shapes=4), "shapes == 4, must be <= 3"),
    (partial(make_dsprites, scales=[0, 0]), "scales must be None, a number of values, or distinct class numbers"),
    (partial(make_dsprites, orientations=[40]), "orientations must hold class numbers in 0 .. 39"),
    (partial(make_dsprites, positions_x=[0.5]), "positions_x must be None"),
    (partial(make_dsprites, 7, shapes=[0], scales=1, orientations=1, positions_x=1, positions_y=6), "the grid has 6"),
    (partial(make_shapes3d, 0), "n_samples == 0, must be >= 1"),
    (partial(make_xy_squares, modification="blur"), "'modification' parameter must be one of"),
    (partial(make_xy_squares, strength=0.5), "strength == 0.5, must be <= 0.1"),
    (partial(make_observed_factors, factor_sizes=(1, 2)), "factor_sizes == 1, must be >= 2"),
    (partial(make_observed_factors, factor_sizes=5), "factor_sizes must be a number of values for each factor"),
    (partial(make_observed_factors, factor_sizes=()), "factor_sizes must be a number of values for each factor"),
    (partial(make_observed_factors, 7, factor_sizes=(2, 3)), "7 distinct combinations of factors were asked for"),
    (partial(make_observed_factors, noise=-1), "noise == -1, must be >= 0"),
    (partial(make_linear_mixture, n_features=0), "n_features == 0, must be >= 1"),
    (partial(make_linear_mixture, noise_scale=0), "noise_scale == 0, must be > 0"),
    (partial(make_ar1_sequence, autocorrelation=1.0), "autocorrelation must lie in (-1, 1)"),
    (partial(make_ar1_sequence, autocorrelation=[0.1, 0.2, 0.3]), "autocorrelation must be one number or one for each"),
    (partial(make_ar1_sequence, n_components=3, n_features=2), "must be at least n_components=3"),
    (partial(make_ar1_sequence, innovation="cauchy"), "'innovation' parameter must be one of"),
    (partial(make_ar1_sequence, mixing="rough"), "'mixing' parameter must be one of"),
    (partial(make_two_moons, 1), "n_samples == 1, must be >= 2"),
]


@pytest.mark.parametrize(("call", "words"), BAD_CALLS, ids=[words for _, words in BAD_CALLS])
def test_errors_name_the_parameter(call, words):
    with pytest.raises(ValueError) as raised:  # noqa: PT011 - the words are compared below
        call()
    assert words in str(raised.value)
