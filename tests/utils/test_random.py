import numpy as np
import pytest

from vaekit.utils._random import make_random_state


def test_without_a_seed_the_global_generator_is_neither_read_nor_touched():
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    drawn = [make_random_state(None).standard_normal() for _ in range(2)]
    assert drawn[0] != drawn[1]
    np.testing.assert_array_equal(np.random.get_state()[1], before)  # noqa: NPY002


def test_a_seed_is_a_generator_of_its_own_and_a_generator_moves_on():
    assert make_random_state(3).standard_normal() == make_random_state(3).standard_normal()
    generator = np.random.RandomState(3)
    assert make_random_state(generator) is generator


def test_a_seed_that_is_none_is_refused():
    with pytest.raises(ValueError, match="seed"):
        make_random_state("a")


@pytest.mark.parametrize("seed", [-1, 2**32, np.int64(-3)])
def test_a_number_that_is_no_seed_is_refused_by_the_name_of_the_parameter(seed):
    with pytest.raises(ValueError, match=r"'random_state' parameter .*range \[0, 4294967295\]"):
        make_random_state(seed)
