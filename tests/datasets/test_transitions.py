import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from vaekit.datasets import make_transitions

GRID = np.stack(np.unravel_index(np.arange(5 * 7 * 9), (5, 7, 9)), axis=1)


def steps(sequences, length=2):
    path = sequences.factors.reshape(-1, length, sequences.factors.shape[1])
    return path[:, :-1], path[:, 1:]


def test_rows_groups_and_factors_belong_together():
    made = make_transitions(GRID, 50, length=4, random_state=0)
    assert_array_equal(made.groups, np.repeat(np.arange(50), 4))
    assert_array_equal(GRID[made.rows], made.factors)
    assert made.rows.dtype == made.groups.dtype == np.int64


def test_laplace_moves_are_rounded_and_stay_within_their_values():
    """P(stay) = 1 - exp(-rate / 2) in the middle; at an end all moves outwards stay, too."""
    before, after = steps(make_transitions(GRID, 20_000, rate=1.0, random_state=0))
    at_an_end, middle = before[..., 2] == 0, before[..., 2] == 4
    moved = (after - before)[..., 2]
    stay = 1 - np.exp(-0.5)
    assert_allclose(np.mean(moved[middle] == 0), stay, atol=0.03)
    assert_allclose(np.mean(moved[at_an_end] == 0), stay + (1 - stay) / 2, atol=0.03)
    assert_allclose(np.mean(np.abs(moved[middle]) == 1), np.exp(-0.5) - np.exp(-1.5), atol=0.03)
    independent = np.corrcoef((after - before).reshape(-1, 3).T) - np.eye(3)
    assert np.abs(independent).max() < 0.03


def test_the_rate_is_how_much_factors_stay():
    stays = [np.mean(np.equal(*steps(make_transitions(GRID, 3000, rate=r, random_state=0)))) for r in (0.3, 1, 3, 50)]
    assert stays == sorted(stays)
    assert stays[-1] == 1


@pytest.mark.parametrize("n_changes", [1, 2, 3])
def test_uniform_changes_draw_so_many_factors_anew(n_changes):
    before, after = steps(make_transitions(GRID, 9000, transition="uniform", n_changes=n_changes, random_state=0))
    changed = before != after
    assert changed.sum(axis=-1).max() == n_changes
    expected = n_changes / 3 * (1 - 1 / np.array([5, 7, 9]))  # of those drawn, one in so many falls where it was
    assert_allclose(changed.mean(axis=(0, 1)), expected, atol=0.03)


def test_uniform_changes_leave_a_factor_unless_told_otherwise():
    before, after = steps(make_transitions(GRID, 3000, transition="uniform", random_state=0))
    assert np.bincount((before != after).sum(axis=-1).ravel()).nonzero()[0].tolist() == [0, 1, 2]


def test_of_a_part_of_a_grid_the_nearest_row_comes_next():
    part = GRID[np.random.default_rng(0).permutation(len(GRID))[:60]]
    whole = make_transitions(part, 500, rate=1.0, random_state=0)
    assert set(whole.rows) <= set(range(60))
    two = make_transitions([[0, 0], [4, 4]], 200, rate=100.0, random_state=0)
    assert_array_equal(two.rows[0::2], two.rows[1::2])


def test_random_state_decides():
    first, again, other = (
        make_transitions(GRID, 50, random_state=seed).rows for seed in (1, np.random.RandomState(1), 2)
    )
    assert_array_equal(first, again)
    assert not np.array_equal(first, other)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"factors": [0, 1]}, "factors must be class numbers"),
        ({"factors": [[0.5]]}, "factors must be class numbers"),
        ({"factors": [[-1], [1]]}, "factors must be class numbers"),
        ({"n_sequences": 0}, "n_sequences == 0, must be >= 1"),
        ({"length": 1}, "length == 1, must be >= 2"),
        ({"rate": 0}, "rate == 0, must be > 0"),
        ({"n_changes": 4, "transition": "uniform"}, "n_changes == 4, must be <= 3"),
        ({"transition": "cauchy"}, "'transition' parameter must be one of"),
    ],
)
def test_errors_name_the_parameter(options, words):
    with pytest.raises(ValueError, match=words):
        make_transitions(**{"factors": GRID, **options})
