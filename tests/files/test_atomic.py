import errno
import os

import pytest

from vaekit.files import remove_leftovers, write_atomically


def test_a_file_is_written_and_replaced(tmp_path):
    path = tmp_path / "file"
    for content in (b"one", b"other, longer"):
        write_atomically(path, [content[:2], content[2:]])
        assert path.read_bytes() == content
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("function", ["fsync", "replace", "chmod"])
def test_on_a_full_disk_the_earlier_file_stays_and_nothing_else(tmp_path, monkeypatch, function):
    path = tmp_path / "file"
    write_atomically(path, [b"before"])

    def full(*args):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, function, full)
    with pytest.raises(OSError, match="No space left"):
        write_atomically(path, [b"after"])
    assert path.read_bytes() == b"before"
    assert list(tmp_path.iterdir()) == [path]


def test_an_error_while_the_pieces_are_made_leaves_nothing(tmp_path):
    def pieces():
        yield b"half"
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_atomically(tmp_path / "file", pieces())
    assert list(tmp_path.iterdir()) == []


def test_permissions_are_those_of_the_file_before(tmp_path):
    path = tmp_path / "file"
    write_atomically(path, [b"1"])
    assert path.stat().st_mode & 0o111 == 0
    path.chmod(0o600)
    write_atomically(path, [b"2"])
    assert path.stat().st_mode & 0o777 == 0o600


def test_leftovers_are_removed_and_nothing_else(tmp_path):
    (tmp_path / ".vaekit-abc.part").write_bytes(b"torn")
    (tmp_path / "file").write_bytes(b"whole")
    remove_leftovers(tmp_path)
    assert [file.name for file in tmp_path.iterdir()] == ["file"]
