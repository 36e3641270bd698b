import json
import os
import struct
from pathlib import Path

import numpy as np
import pytest

from tests.helpers.broken_files import mutations
from tests.helpers.gaussian_worlds import peak_bytes
from vaekit.exceptions import UnreadableFileError
from vaekit.files import FORMAT, _container, read_container, write_container

ARRAYS = {"0": np.arange(60, dtype="f4").reshape(6, 10), "1": np.array(3, dtype="i8"), "2": np.zeros(0)}
CONTENT = {"a": [1, 2.5, 'x"vaekit_sha256":"' + "0" * 64 + '"'], "b": None}


@pytest.fixture
def path(tmp_path):
    write_container(tmp_path / "file", "model", CONTENT, ARRAYS)
    return tmp_path / "file"


def test_what_goes_in_comes_out(path):
    content, arrays, metadata = read_container(path, "model")
    assert content == CONTENT
    assert {name: array.tolist() for name, array in arrays.items()} == {n: a.tolist() for n, a in ARRAYS.items()}
    assert {name: array.dtype for name, array in arrays.items()} == {n: a.dtype for n, a in ARRAYS.items()}
    assert metadata["vaekit_format"] == str(FORMAT)
    assert [file.name for file in path.parent.iterdir()] == ["file"]


def test_500_mutated_files_are_all_refused(path):
    whole = path.read_bytes()
    for mutated in mutations(whole, 500):
        path.write_bytes(mutated)
        with pytest.raises(UnreadableFileError, match="cannot be read"):
            read_container(path, "model")


def with_header(header, rest=b""):
    text = json.dumps(header, separators=(",", ":")).encode() if isinstance(header, dict) else header
    return struct.pack("<Q", len(text)) + text + rest


OURS = {"vaekit": "{}", "vaekit_format": "1", "vaekit_kind": "model", "vaekit_sha256": "0" * 64}
FOREIGN = {
    "empty": (b"", "no file of vaekit's"),
    "short": (b"abc", "no file of vaekit's"),
    "text": (b"hello, this is a text and no model at all", "no file of vaekit's"),
    "pickle": (b"\x80\x04\x95\x00\x00\x00\x00\x00\x00\x00\x00cos\nsystem\n.", "no file of vaekit's"),
    "a huge header": (struct.pack("<Q", 2**63) + b"{}", "no file of vaekit's"),
    "safetensors of others": (with_header({"__metadata__": {"format": "pt"}}), "no file of vaekit's"),
    "a list": (with_header(b"[]"), "no file of vaekit's"),
    "deep": (with_header(b"[" * 200_000), "no file of vaekit's"),
    "twice": (with_header(b'{"__metadata__":{"vaekit":"1","vaekit":"2"}}'), "no file of vaekit's"),
    "newer": (with_header({"__metadata__": OURS | {"vaekit_format": "2"}}), "update vaekit"),
    "no format": (with_header({"__metadata__": OURS | {"vaekit_format": "²"}}), "header is damaged"),
    "another kind": (with_header({"__metadata__": OURS | {"vaekit_kind": "checkpoint"}}), "holds a checkpoint"),
    "no checksum": (with_header({"__metadata__": OURS | {"vaekit_sha256": "1"}}), "header is damaged"),
    "a wrong checksum": (with_header({"__metadata__": OURS}), "checksum"),
}


@pytest.mark.parametrize("name", FOREIGN)
def test_foreign_files_are_refused_in_one_sentence(tmp_path, name):
    content, words = FOREIGN[name]
    (tmp_path / "file").write_bytes(content)
    with pytest.raises(UnreadableFileError, match=words) as caught:
        read_container(tmp_path / "file", "model")
    assert str(tmp_path / "file") in str(caught.value)


def test_a_header_longer_than_any_of_ours_is_not_read(tmp_path, monkeypatch):
    write_container(tmp_path / "file", "model", CONTENT, ARRAYS)
    monkeypatch.setattr(_container, "LONGEST_HEADER", 10)
    with pytest.raises(ValueError, match="at most 10 bytes besides its arrays"):
        write_container(tmp_path / "other", "model", CONTENT, ARRAYS)
    with pytest.raises(UnreadableFileError, match="at most 10 bytes"):
        read_container(tmp_path / "file", "model")


def test_what_is_no_file_is_an_error_of_the_system(tmp_path):
    with pytest.raises(FileNotFoundError):
        read_container(tmp_path / "nowhere", "model")
    with pytest.raises(IsADirectoryError):
        read_container(tmp_path, "model")
    with pytest.raises(UnreadableFileError, match="no regular file"):
        read_container(Path("/dev/zero"), "model")


def test_a_pipe_is_refused_before_anybody_waits_for_it(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(UnreadableFileError, match="no regular file"):
        read_container(tmp_path / "pipe", "model")


def test_a_file_that_is_replaced_while_it_is_read_is_never_half_of_each(path, monkeypatch):
    """Its checksum holds for what was there when it was looked at; arrays are read afterwards."""
    load, n_loads = _container.load_file, []

    def replaced(where):
        n_loads.append(where)
        if len(n_loads) < most:
            write_container(path, "model", {"number": len(n_loads)}, {"0": np.full(3, len(n_loads))})
        return load(where)

    monkeypatch.setattr(_container, "load_file", replaced)
    most = 4
    content, arrays, _ = read_container(path, "model")
    assert (content, arrays["0"].tolist()) == ({"number": 3}, [3, 3, 3])
    most = 10**9
    with pytest.raises(UnreadableFileError, match="replaced by another again and again"):
        read_container(path, "model")


def test_lists_of_nothing_take_no_memory(path):
    write_container(path, "model", [[]] * 400_000, ARRAYS)

    def refused():
        with pytest.raises(UnreadableFileError, match="header is damaged"):
            read_container(path, "model")

    assert peak_bytes(refused)[0] < 10 * path.stat().st_size
    write_container(path, "model", [{"some": 1.5, "words": "and numbers"}] * 40_000, ARRAYS)
    assert len(read_container(path, "model")[0]) == 40_000
