import json
from collections import OrderedDict, deque

import numpy as np
import pytest
import torch
from numpy.random import MT19937, PCG64, SFC64, Philox

from vaekit.files import tensor_reader, tensor_writer


def there_and_back(value):
    write = tensor_writer()
    content = json.loads(json.dumps(write(value), allow_nan=False))
    return tensor_reader(write.arrays)(content)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.int64, torch.uint8, torch.bool])
@pytest.mark.parametrize("shape", [(), (0,), (3, 2)])
def test_tensors_come_back_to_the_bit(dtype, shape):
    value = (10 * torch.rand(shape, generator=torch.Generator().manual_seed(0))).to(dtype)
    back = there_and_back([value.requires_grad_(dtype.is_floating_point)])[0]
    assert (back.dtype, back.shape) == (value.dtype, value.shape)
    assert torch.equal(back, value)


@pytest.mark.parametrize(
    "value",
    [{1, "a"}, deque([1, (2,)], maxlen=3), deque(), {"a": [deque([1])]}],
    ids=["set", "bounded", "empty", "inside"],
)
def test_collections_come_back(value):
    back = there_and_back(value)
    assert (type(back), back, getattr(back, "maxlen", 0)) == (type(value), value, getattr(value, "maxlen", 0))


def test_dictionaries_of_libraries_become_plain_ones():
    assert there_and_back(OrderedDict(a=1)) == {"a": 1}


@pytest.mark.parametrize("kind", [MT19937, PCG64, SFC64, Philox])
def test_generators_go_on(kind):
    generator = np.random.Generator(kind(5))
    generator.integers(7, size=3)
    assert there_and_back(generator).integers(2**60, size=9).tolist() == generator.integers(2**60, size=9).tolist()


def test_what_has_no_place_is_a_type_error():
    with pytest.raises(TypeError):
        tensor_writer()({"a": open})
