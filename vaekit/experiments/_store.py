"""Records of finished runs: a file each, written whole or not at all, by any number of processes."""

import contextlib
import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from vaekit.experiments._keys import agrees, described
from vaekit.files import Lock, remove_leftovers, write_atomically

__all__ = ["Store"]

FORMAT = 1


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
        ValueError
            If the file is no record: damaged on the way here, for writing leaves it whole.
        """
        try:
            return _opened(self.path(study, key).read_text())
        except FileNotFoundError:
            return None
        except (ValueError, RecursionError) as error:
            raise ValueError(f"{self.path(study, key)} is no record; delete it, and the run is done again.") from error

    def write(self, study: str, key: str, record: dict) -> None:
        """Keep the record of a run, once its bytes are on the disk.

        Parameters
        ----------
        study, key : str
            Of the run.
        record : dict
            Plain values.
        """
        path = self.path(study, key)
        path.parent.mkdir(parents=True, exist_ok=True)
        sealed = record | {"checksum": _checksum(record), "format": FORMAT}
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
            of them.
        """
        records = ((key, run, self.read(study, key)) for key, run in runs.items())
        return {key: record for key, run, record in records if record is not None and _is_of(record, run)}

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
    plain = json.loads(json.dumps(record))
    return hashlib.sha256(json.dumps(plain, sort_keys=True).encode()).hexdigest()


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
    return "parameters" in record and agrees(record["parameters"], described(run.model))
