import functools
import json

import numpy as np
import pytest

from vaekit.exceptions import UnreadableFileError
from vaekit.files import Reader, Writer

VALUES = [
    None,
    True,
    -(2**70),
    0.1,
    float("inf"),
    -0.0,
    "é\0",
    [1, [2.5, ()], None],
    (1, ("a", False)),
    {"a": {1: (2,)}, 3: None, "array": [1]},
    {},
    np.float32(0.1),
    np.int8(-3),
    np.bool_(True),
    np.float64("nan"),
]
ARRAYS = [
    np.arange(6.0).reshape(2, 3).T,
    np.zeros((0, 3), dtype="f4"),
    np.array(2, dtype="u1"),
    np.array([True, False]),
    np.array(["a", "bc"], dtype=object),
    np.array([np.nan, -0.0], dtype="f2"),
]


def there_and_back(value):
    write = Writer()
    content = json.loads(json.dumps(write(value), allow_nan=False))
    return Reader(write.arrays)(content)


@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_plain_values_come_back_as_they_were(value):
    back = there_and_back(value)
    assert type(back) is type(value)
    assert repr(back) == repr(value)


@pytest.mark.parametrize("value", ARRAYS, ids=repr)
def test_arrays_come_back_to_the_bit(value):
    back = there_and_back({"inside": [value]})["inside"][0]
    assert (back.dtype, back.shape) == (value.dtype, value.shape)
    assert back.tolist() == value.tolist() if value.dtype == object else back.tobytes() == value.tobytes()


def test_a_random_state_goes_on():
    state = np.random.RandomState(3)
    state.normal(size=3)
    back = there_and_back(state)
    assert (back.normal(size=5) == state.normal(size=5)).all()


OTHERS = [object(), {1, 2}, 1j, b"bytes", np.array([object()]), lambda: None]


@pytest.mark.parametrize("value", OTHERS, ids=["object", "set", "complex", "bytes", "array of objects", "lambda"])
def test_other_types_have_no_place(value):
    with pytest.raises(TypeError):
        Writer()([value])


DEEP = functools.reduce(lambda inner, _: [inner], range(60), [])


@pytest.mark.parametrize("value", [{"unknown": 1}, {}, {"tuple": [], "dict": []}, DEEP], ids=str)
def test_unknown_kinds_and_deep_nesting_are_refused(value):
    with pytest.raises(UnreadableFileError):
        Reader({})(value)
