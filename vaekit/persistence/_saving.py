"""Save and load."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sklearn.base import BaseEstimator

from vaekit.estimators._base import BaseEncoder
from vaekit.estimators._pickles import without_callbacks
from vaekit.files import read_container, told_of, write_atomically, write_container
from vaekit.persistence._model import content_of, model_of
from vaekit.persistence._skops import foreign_types, from_skops, to_skops
from vaekit.persistence._trusted import trusted_types
from vaekit.utils._ambient import guarded
from vaekit.utils._warnings import warn_user

__all__ = ["load", "save"]

ZIP = b"PK\x03\x04"  # how files of skops begin


@guarded
def save(model: BaseEstimator, path: str | os.PathLike) -> None:
    """Save an estimator, fitted or not, to a file whose loading runs no code.

    The file is written whole or not at all: an earlier one stays until the disk has the new one.

    Parameters
    ----------
    model : estimator
        One of ours, in a file of JSON and safetensors; or a pipeline, a search, or another estimator of scikit-learn
        that holds some, in a file of skops.
    path : str or path-like
        Any name; `.vaekit` is a good ending.

    Raises
    ------
    TypeError
        If a parameter is of a type that has no place in such a file.
    OSError
        If it cannot be written.

    See Also
    --------
    load : The way back.

    Notes
    -----
    Codes, samples, scores and further training of the loaded model are the same to the last bit, on the same kind of
    machine. A pipeline that holds types which `load` does not trust is saved with a warning. Callbacks are left out.
    Words of one's own (`Custom` networks, a prior of your own class) are left to you: the file holds their weights, and
    `load` is handed the word.

    Examples
    --------
    >>> import tempfile
    >>> from sklearn.datasets import load_iris
    >>> from vaekit import VAE
    >>> from vaekit.persistence import load, save
    >>> X = load_iris().data
    >>> model = VAE(n_components=2, max_epochs=5, random_state=0).fit(X)
    >>> path = tempfile.mkdtemp() + "/iris.vaekit"
    >>> save(model, path)
    >>> bool((load(path).transform(X) == model.transform(X)).all())
    True
    """
    if not isinstance(model, BaseEncoder) and isinstance(model, BaseEstimator):
        with without_callbacks():
            content = to_skops(model)
        _warn_of_others(model, foreign_types(content, trusted_types()))
        write_atomically(path, [content])
    else:
        write_container(path, "model", *content_of(model))


@guarded
def load(
    path: str | os.PathLike,
    *,
    network: Any = None,
    prior: Any = None,
    likelihood: Any = None,
    posterior_family: Any = None,
    objective: Any = None,
    trusted: Sequence[str] = (),
) -> Any:
    """Return the estimator that `save` wrote to a file.

    Parameters
    ----------
    path : str or path-like
        The file. Nothing in it is run or imported, whoever wrote it: types are those of a closed table, and no more
        memory is taken than a small multiple of the file's size.
    network, prior, likelihood, posterior_family, objective : spec or None, default=None
        A word of your own (`Custom(...)`, say) as it was when the model was saved, of which the file holds the weights
        alone. Its code does run.
    trusted : sequence of str, default=()
        Types and functions, by their paths, that you trust in a file of a pipeline or a search besides
        `trusted_types()`: for a file whose author you know.

    Returns
    -------
    model : estimator
        Ready to encode, to draw, and to be trained further.

    Raises
    ------
    UnreadableFileError
        If the file is foreign, cut off, damaged or of a newer format, or if a word is to be handed in; a ValueError.
    OSError
        If there is no such file.

    See Also
    --------
    save : Writes it.

    Notes
    -----
    The model is put on the device it was trained on if this machine has that, else on the CPU.
    """
    given = {
        "network": network,
        "prior": prior,
        "likelihood": likelihood,
        "posterior_family": posterior_family,
        "objective": objective,
    }
    if _begins_with(path, ZIP):
        with told_of(path):
            return from_skops(Path(path).read_bytes(), [*trusted_types(), *trusted])
    content, arrays, _ = read_container(path, "model")
    with told_of(path):
        return model_of(content, arrays, given)


def _warn_of_others(model, types):
    if types:
        warn_user(
            f"The file of this {type(model).__name__} holds {types}, which `load` takes only where it is told that you "
            f"trust them: load(path, trusted={types})."
        )


def _begins_with(path, magic):
    if not Path(path).is_file():
        return False
    with Path(path).open("rb") as file:
        return file.read(len(magic)) == magic
