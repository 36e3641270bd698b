"""Records of finished runs: a file each, written whole or not at all, by any number of processes."""

import contextlib
import hashlib
import json
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from vaekit.exceptions import UnreadableFileError
from vaekit.experiments._keys import agrees, described
from vaekit.files import Lock, remove_leftovers, write_atomically

__all__ = ["Store"]

FORMAT = 1
PARTS = {"parameters", "seed", "data", "numbers", "seconds", "device"}  # what is read of a record


class Store:
    """A folder of records, in a subfolder for each study; copying files from another store merges the two.

    Parameters
    ----------
    folder : str or path-like
        Made when something is written.

    Examples
    --------
    >>> import tempfile
    >>> store = Store(tempfile.mkdtemp())
    >>> store.write("thesis", "0a1b", {"numbers": {"mig": 0.3}})
    >>> store.read("thesis", "0a1b")["numbers"]
    {'mig': 0.3}
    >>> store.read("thesis", "ffff") is None
    True
    """

    def __init__(self, folder):
        self.folder = Path(folder)

    def path(self, study: str, key: str) -> Path:
        """Return where the record of a run is, or will be."""
        return self.folder / study / f"{key}.json"

    def read(self, study: str, key: str) -> dict | None:
        """Return the record of a run; None while it is not finished.

        Parameters
        ----------
        study, key : str
            Of the run.

        Returns
        -------
        record : dict or None
            As it was written.

        Raises
        ------
        UnreadableFileError
            If the file is no record: damaged on the way here, for writing leaves it whole.
        """
        try:
            return _opened(self.path(study, key).read_text())
        except FileNotFoundError:
            return None
        except (ValueError, RecursionError) as error:
            path = self.path(study, key)
            raise UnreadableFileError(f"{path} is no record; delete it, and the run is done again.") from error

    def write(self, study: str, key: str, record: dict) -> None:
        """Keep the record of a run, once its bytes are on the disk.

        Parameters
        ----------
        study, key : str
            Of the run.
        record : dict
            Plain values; NumPy's numbers become plain ones, others a text.
        """
        path = self.path(study, key)
        path.parent.mkdir(parents=True, exist_ok=True)
        plain = json.loads(json.dumps(record, default=_plain))
        sealed = plain | {"checksum": _checksum(plain), "format": FORMAT}
        write_atomically(path, [json.dumps(sealed, indent=1, sort_keys=True).encode()])

    def finished(self, study: str, runs: Mapping[str, Any]) -> dict[str, dict]:
        """Return the records of those of some runs that are finished.

        Parameters
        ----------
        study : str
            Of the runs.
        runs : dict of str to StudyRun
            By their keys.

        Returns
        -------
        records : dict of str to dict
            By key. A record whose model had other values of parameters, because defaults have changed since, is none
            of them, and neither is one of other rows or another seed, whose file was given this name.

        Raises
        ------
        UnreadableFileError
            If files are no records; it names all of them.
        """
        records, damaged = {}, []
        for key, run in runs.items():
            try:
                record = self.read(study, key)
            except UnreadableFileError:
                damaged.append(str(self.path(study, key)))
                continue
            if record is not None and _is_of(record, run):
                records[key] = record
        if damaged:
            raise UnreadableFileError(f"No records: {', '.join(damaged)}; delete these, and their runs are done again.")
        return records

    def check_writable(self, study: str) -> None:
        """Try to write, before anything is run that could not be kept.

        Parameters
        ----------
        study : str
            Whose folder it is made.

        Raises
        ------
        OSError
            If nothing can be written there.
        """
        folder = self.folder / study
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=folder):
                pass
        except OSError as error:
            raise OSError(
                f"The store cannot keep records ({error}); give it a folder that can be written to."
            ) from error

    @contextlib.contextmanager
    def claimed(self, study: str, runs: Mapping[str, Any]):
        """Context that holds those of some runs that are neither finished nor another process's.

        The claim ends with the process, however that ends.

        Parameters
        ----------
        study : str
            Of the runs.
        runs : dict of str to StudyRun
            By their keys.

        Yields
        ------
        keys : list of str
            Those that are to be done here.
        """
        folder = self.folder / study / "locks"
        folder.mkdir(parents=True, exist_ok=True)
        with contextlib.ExitStack() as held:
            yield [key for key, run in runs.items() if self._claim(folder, study, key, run, held)]

    def _claim(self, folder, study, key, run, held):
        if self.finished(study, {key: run}):
            return False
        try:
            lock = Lock(folder / key)
        except BlockingIOError:
            return False
        held.callback(lock.release)
        return not self.finished(study, {key: run})  # it may have been finished in between

    def checkpoints(self, study: str, key: str) -> Path:
        """Return where an unfinished run leaves its checkpoints."""
        return self.folder / study / "checkpoints" / key

    def tidy(self, study: str) -> None:
        """Remove what killed processes left half-written."""
        remove_leftovers(self.folder / study)


def _checksum(record):
    """That of what is read again: of plain values, whose keys are texts."""
    return hashlib.sha256(json.dumps(record, sort_keys=True).encode()).hexdigest()


def _plain(value):
    """A label or an option of NumPy's types as a number, another as a text."""
    return value.item() if isinstance(value, np.generic) else str(value)


def _opened(text):
    """The record of a file; the first ones had neither checksum nor format."""
    record = json.loads(text)
    if not isinstance(record, dict):
        raise ValueError("a record is a dictionary")
    seal = record.pop("checksum", None), record.pop("format", None)
    if seal not in ((None, None), (_checksum(record), FORMAT)):
        raise ValueError("its checksum does not fit")
    return record


def _is_of(record, run):
    """Whether a record has what one needs, of this model, seed and rows."""
    return (
        {*record} >= PARTS
        and agrees(record["parameters"], described(run.model))
        and record["seed"] == run.seed
        and described(record["data"]) == described(json.loads(json.dumps(dict(run.data), default=_plain)))
    )
