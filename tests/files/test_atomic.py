import errno
import os

import pytest

from vaekit.files import Lock, remove_leftovers, write_atomically


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

    def pieces():  # of another process, say, that is at work
        yield b"new"
        remove_leftovers(tmp_path)

    write_atomically(tmp_path / "other", pieces())
    assert sorted(file.name for file in tmp_path.iterdir()) == ["file", "other"]


def test_a_link_is_followed(tmp_path):
    (tmp_path / "folder").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "folder" / "file")
    for content in (b"made", b"replaced"):
        write_atomically(tmp_path / "link", [content])
        assert (tmp_path / "folder" / "file").read_bytes() == content
    assert (tmp_path / "link").is_symlink()


def test_what_is_no_file_is_not_replaced_by_one(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for path, words in ((tmp_path / "pipe", "Not a regular file"), (tmp_path, "Not a regular file")):
        with pytest.raises(OSError, match=words):
            write_atomically(path, [b"1"])
    with pytest.raises(FileNotFoundError, match=r"No such folder to write a file in.*nowhere'"):
        write_atomically(tmp_path / "nowhere" / "file", [b"1"])
    assert [file.name for file in tmp_path.iterdir()] == ["pipe"]


def test_file_systems_that_cannot_be_told_to_write_at_once_are_written_to(tmp_path, monkeypatch):
    def unknown(number):
        raise OSError(errno.EINVAL, "Invalid argument")

    monkeypatch.setattr(os, "fsync", unknown)
    write_atomically(tmp_path / "file", [b"1"])
    assert (tmp_path / "file").read_bytes() == b"1"


def test_what_a_killed_writer_left_of_a_file_is_removed_by_the_next_one(tmp_path):
    def torn(name):
        path = tmp_path / f".vaekit-{name}.part"
        path.write_bytes(b"torn")
        os.utime(path, (0, 0))
        return path

    left, of_another, held, young = torn("file-1"), torn("other-1"), torn("file-2"), torn("file-3")
    young.touch()
    lock = Lock(held)
    write_atomically(tmp_path / "file", [b"1"])
    assert [path.exists() for path in (left, of_another, held, young)] == [False, True, True, True]
    lock.release()
    write_atomically(tmp_path / "file", [b"1"])
    assert not held.exists()
