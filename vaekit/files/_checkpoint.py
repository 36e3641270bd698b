"""Where, and how often, a fit writes down what it takes to go on after it was killed."""

import os
from dataclasses import field
from numbers import Integral, Real
from typing import ClassVar

from vaekit.utils._sklearn import Interval
from vaekit.utils._spec import Spec, spec

__all__ = ["Checkpoint"]


@spec
class Checkpoint(Spec):
    """Checkpoints of a fit: the parameter `checkpoint` of every estimator.

    At the end of an epoch all that decides how training goes on is written to a file, whole or not at all; the newest
    two are kept. When the process was killed, the machine went down or the disk was full, the same call
    `fit(X)` with the same parameters goes on from the newest one, and ends in the same bits as a fit that was never
    interrupted. A fit that ended leaves its last checkpoint, so that the call made once more (by a script that died
    later) has nothing left to do.

    Parameters
    ----------
    folder : str or path-like
        Made if it is not there. One for each fit, but for `shared=True`.
    every_n_epochs : int, default=1
        A checkpoint after every so many epochs of a fit.
    every_seconds : float, default=0.0
        But not within so many seconds after the one before.
    shared : bool, default=False
        Whether fits on several data, or with several parameters (those of a search or a cross-validation) share the
        folder: each has a subfolder then, named after both, and a search that was killed passes quickly over the fits
        that had ended. Else checkpoints of an unfinished fit on other data, or with other parameters, are an error.

    Notes
    -----
    Callbacks of skorch go on with what they knew at the checkpoint as far as it is plain (numbers, texts, arrays, lists
    and dictionaries of them) or in the `state_dict` of an object that they hold (learning-rate schedulers); what else
    they hold is what `fit` was given. `partial_fit` writes none: save the model between its calls. An exception inside
    `fit` ends it and leaves the checkpoints: the same call would go on. Other numbers of torch threads, devices and
    versions of torch have other last bits.

    Examples
    --------
    >>> import tempfile
    >>> from sklearn.datasets import load_iris
    >>> from vaekit import VAE
    >>> from vaekit.persistence import Checkpoint
    >>> folder = tempfile.mkdtemp()
    >>> model = VAE(max_epochs=5, checkpoint=Checkpoint(folder, every_n_epochs=2), random_state=0)
    >>> model.fit(load_iris().data).n_steps_
    10
    """

    folder: str | os.PathLike = field(kw_only=False)
    every_n_epochs: int = 1
    every_seconds: float = 0.0
    shared: bool = False

    _parameter_constraints: ClassVar[dict] = {
        "folder": [str, os.PathLike],
        "every_n_epochs": [Interval(Integral, 1, None, closed="left")],
        "every_seconds": [Interval(Real, 0, None, closed="left")],
        "shared": ["boolean"],
    }
