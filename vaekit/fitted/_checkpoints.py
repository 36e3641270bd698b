"""The checkpoints of a fit in their folder: which fit they are of, the newest two, one writer."""

import hashlib
import os
import time
from pathlib import Path

import numpy as np

from vaekit.engine import Autosave, ranks_here
from vaekit.exceptions import UnreadableFileError
from vaekit.files import (
    Lock,
    read_container,
    remove_leftovers,
    tensor_reader,
    tensor_writer,
    write_container,
)
from vaekit.fitted._preprocessing import row_blocks
from vaekit.utils._warnings import warn_user

__all__ = ["Checkpoints", "digest_of", "open_checkpoints"]

UNFINISHED, FINISHED = "checkpoint", "finished"
N_KEPT = 2


def digest_of(X):
    """Hash of an array's shape, type and values, read in blocks."""
    X = X[:, None] if X.ndim == 1 else X
    digest = hashlib.blake2b(f"{X.shape} {X.dtype.str}".encode(), digest_size=20)
    for block in row_blocks(X.shape):
        digest.update(np.ascontiguousarray(X[block]).view(np.uint8).data)
    return digest.hexdigest()


class Checkpoints:
    """Those of one fit; nobody else writes to the folder until `close`.

    Parameters
    ----------
    where : Checkpoint
        The user's word.
    identity : dict of str to str
        Data and parameters of the fit: those that two fits with the same bits share.
    seed : int or None
        Where the random numbers of a fit without a seed of its own come from, unless a checkpoint says so.

    Attributes
    ----------
    seed : int or None
        The one of the fit that goes on.

    Raises
    ------
    ValueError
        If the folder is in use, or holds checkpoints of another fit that did not end.
    """

    def __init__(self, where, identity, seed=None):
        self.where, self.identity, self.seed = where, identity, seed
        self.folder = Path(os.path.abspath(where.folder))  # whatever folder the process goes to
        if where.shared:
            self.folder = self.folder / hashlib.sha256(repr(sorted(identity.items())).encode()).hexdigest()[:20]
        self.folder.mkdir(parents=True, exist_ok=True)
        self._lock, self._written, self._saved_at, self._failed = self._locked(), [], time.monotonic(), False
        try:
            remove_leftovers(self.folder)
            self._found = self._newest()
        except BaseException:
            self.close()
            raise
        if self._found is not None:
            self.seed = self._found["seed"]

    def close(self):
        """Let others write to the folder."""
        self._lock.release()

    def _locked(self):
        try:
            return Lock(self.folder / "lock")
        except BlockingIOError as error:
            raise ValueError(
                f"The 'checkpoint' folder {str(self.folder)!r} is in use by another fit; give each fit a folder of its "
                "own."
            ) from error

    # ------------------------------------------------------------------ what is there

    def _newest(self):
        """The newest checkpoint of this fit that can be read, or None."""
        for path in self._paths(UNFINISHED):
            found = self._read(path)
            if found is not None:
                self._refuse_others(found["identity"])
                return found
        for path in self._paths(FINISHED):
            found = self._read(path)
            # a fit without a seed that has ended is not repeated, but in a search, of which it was a part
            if found is not None and found["identity"] == self.identity and (self.seed is None or self.where.shared):
                return found
        return None

    def _paths(self, kind):
        """Files of this folder, the newest first."""
        return sorted(self.folder.glob(f"{kind}-*.vaekit"), reverse=True)

    def _read(self, path):
        try:
            content, arrays, _ = read_container(path, "checkpoint")
            return tensor_reader(arrays)(content)
        except UnreadableFileError as error:
            warn_user(f"{error} An earlier checkpoint, or the start, is gone on from.")
            return None

    def _refuse_others(self, identity):
        names = [name for name in {**identity, **self.identity} if identity.get(name) != self.identity.get(name)]
        if not names:
            return
        what = "on other data (X)" if names == ["X"] else f"with other values of {sorted(names)}"
        raise ValueError(
            f"The 'checkpoint' folder {str(self.folder)!r} holds a checkpoint of a fit {what}, which did not end; call "
            "that fit again to go on with it, remove the folder to give it up, or give this fit a folder of its own "
            "(Checkpoint(folder, shared=True) does, for the fits of a search)."
        )

    # ------------------------------------------------------------------ going on, and writing

    def rest_of(self, training):
        """What is left of a training to do."""
        if self._found is None:
            return training
        max_steps = training.max_steps
        return training._replace(
            n_epochs=training.n_epochs - self._found["n_epochs"],
            max_steps=None if max_steps is None else max_steps - self._found["n_steps"],
        )

    def autosave(self, net, training):
        """The callback that begins from the newest checkpoint and writes the next ones.

        Parameters
        ----------
        net : Net
            As it was before the fit.
        training : Training
            All that the fit is to do.
        """
        first_step, first_epoch = net.step_, len(net.history)

        def done(net):
            return {"n_epochs": len(net.history) - first_epoch, "n_steps": net.step_ - first_step}

        def is_due(net):
            n_epochs, n_steps = done(net).values()
            is_last = n_epochs == training.n_epochs or n_steps == training.max_steps
            is_time = time.monotonic() - self._saved_at >= self.where.every_seconds
            return is_last or (n_epochs % self.where.every_n_epochs == 0 and is_time)

        return Autosave(lambda state: self._write(done(net), state), is_due, self._found and self._found["state"])

    def _write(self, done, state):
        """Write one, and remove all but the newest two; a full disk ends no training."""
        write = tensor_writer()
        content = write({**done, "identity": self.identity, "seed": self.seed, "state": state})
        path = self.folder / f"{UNFINISHED}-{done['n_epochs']:08d}.vaekit"
        try:
            write_container(path, "checkpoint", content, write.arrays)
            self._written = [*self._written, path][-N_KEPT:]
            self._remove_older()
        except OSError as error:
            self._say_once(error)
            return
        self._failed, self._saved_at = False, time.monotonic()

    def _remove_older(self):
        """Those of an earlier fit, too, once there are two of this one's, or all that are read before them."""
        of_others = self._paths(FINISHED) if self._found is None or self._written else []
        older = self._paths(UNFINISHED)[N_KEPT:]
        for path in [*older, *of_others]:
            path.unlink(missing_ok=True)

    def _say_once(self, error):
        if not self._failed:
            warn_user(f"The checkpoint could not be written ({error}); training goes on, and earlier ones stay.")
        self._failed = True

    def finish(self):
        """The fit has ended: what is kept is of use to the same call alone, and in nobody's way."""
        try:
            for path in reversed(self._paths(UNFINISHED)):
                path.replace(path.with_name(path.name.replace(UNFINISHED, FINISHED)))
        except OSError as error:
            warn_user(f"The fit has ended, and its checkpoints could not be renamed ({error}): remove them by hand.")


class FollowedCheckpoints(Checkpoints):
    """Those that another process reads and writes, which trains the same model: a fit goes on from them here, too.

    Parameters
    ----------
    seed : int or None
    found : dict or None
        The checkpoint to go on from.
    """

    def __init__(self, seed, found):
        self.seed, self._found = seed, found

    def autosave(self, net, training):
        """The callback that begins from the newest checkpoint, and writes none."""
        return Autosave(None, lambda net: False, self._found and self._found["state"])

    def close(self):
        """Nothing was opened."""

    def finish(self):
        """Nothing was written."""


def open_checkpoints(where, identity, seed=None):
    """The checkpoints of a fit; of several processes that train one model, the first alone reads and writes them.

    Parameters and errors are those of `Checkpoints`; an error of the first process is raised in all of them.
    """
    ranks = ranks_here()
    if ranks is None:
        return Checkpoints(where, identity, seed)
    own, said = _of_first(where, identity, seed) if ranks.number == 0 else (None, None)
    error, *said = ranks.said_by_first(said)
    if error is not None:
        raise error
    return own or FollowedCheckpoints(*said)


def _of_first(where, identity, seed):
    """Checkpoints, and what the others are told: an error, or the seed and what was found."""
    try:
        own = Checkpoints(where, identity, seed)
    except Exception as error:
        return None, (error, None, None)
    return own, (None, own.seed, own._found)
