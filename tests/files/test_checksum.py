"""A digest that tells apart what differs, and takes for the same what a pickle gives back."""

import copy
import itertools
import pickle

import joblib
import numpy as np
import pytest

from vaekit import VAE
from vaekit.files import checksum
from vaekit.nn import MLP

KNOT = [1]
KNOT.append(KNOT)
VALUES = [
    None, True, 1, 1.0, 1j, -0.0, 0.0, float("nan"), 10**5000, "1", b"1", [], (), {}, [1], (1,), {1: 1}, {"1": 1},
    [1, [2]], [[1], 2], ["ab", "c"], ["a", "bc"], np.float32(1), np.float64(1), np.array(1.0), np.array([1.0]),
    np.array([[1.0]]), np.array([1.0], np.float32), np.array(["a"]), np.array(["a"], object), np.array([1], object),
    np.zeros((0, 2)), np.zeros((2, 0)), MLP(hidden_layer_sizes=(8,)), MLP(hidden_layer_sizes=(8, 8)), VAE, KNOT,
    np.random.RandomState(0), np.random.RandomState(1), np.random.default_rng(0), np.random.default_rng(1),
]  # fmt: skip


def test_no_two_values_have_the_same():
    assert len({checksum(value) for value in VALUES}) == len(VALUES)


@pytest.mark.parametrize("value", VALUES, ids=lambda value: f"{type(value).__name__}")
def test_a_pickle_and_a_copy_have_the_same(value):
    twins = [copy.deepcopy(value), *(pickle.loads(pickle.dumps(value, protocol)) for protocol in range(2, 6))]
    assert {checksum(twin) for twin in twins} == {checksum(value)}


@pytest.mark.parametrize(("order", "step"), itertools.product("CF", [1, 2]))
def test_the_layout_of_an_array_does_not_count(order, step):
    array = np.asarray(np.arange(24.0).reshape(4, 6)[:, ::step], order=order)
    assert checksum(array) == checksum(array.copy(order="C"))


def test_arrays_that_are_read_as_memory_maps_have_the_same(tmp_path):
    state = {"weights": np.arange(12.0).reshape(3, 4)}
    joblib.dump(state, tmp_path / "state")
    mapped = joblib.load(tmp_path / "state", mmap_mode="r")
    assert isinstance(mapped["weights"], np.memmap)
    assert checksum(mapped) == checksum(state)


def test_others_count_by_their_type():
    assert checksum(object()) == checksum(object()) != checksum({})
