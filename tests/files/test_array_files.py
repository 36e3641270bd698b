"""A file has its name when it is whole, and not before."""

import numpy as np
import pytest

from vaekit.files._array_files import write_array

A = np.arange(12.0).reshape(4, 3)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_blocks_become_one_array(tmp_path, dtype):
    write_array(tmp_path / "a.npy", iter([A[:3], A[3:]]), A.shape, dtype)
    found = np.load(tmp_path / "a.npy")
    assert found.dtype == dtype
    np.testing.assert_array_equal(found, A)


def test_a_failure_leaves_what_was_there(tmp_path):
    np.save(tmp_path / "a.npy", A)

    def blocks():
        yield A[:2]
        raise RuntimeError("no more")

    with pytest.raises(RuntimeError, match="no more"):
        write_array(tmp_path / "a.npy", blocks(), A.shape, np.float64)
    assert [path.name for path in tmp_path.iterdir()] == ["a.npy"]
    np.testing.assert_array_equal(np.load(tmp_path / "a.npy"), A)
