"""Where a fitted model goes: to another device, and out of Python."""

import os
from pathlib import Path
from typing import Any, ClassVar, Self

import torch
from sklearn.utils.validation import check_is_fitted

from vaekit.files import write_atomically
from vaekit.fitted import PROGRAMS, onnx_bytes, program_of, torch_bytes
from vaekit.utils._ambient import GuardedMethods
from vaekit.utils._torch import resolve_device

__all__ = ["MovingMixin"]

WRITERS = {".pt2": torch_bytes, ".onnx": onnx_bytes}


class MovingMixin(GuardedMethods):
    """Moving and exporting."""

    def to(self, device: str | torch.device) -> Self:
        """Move to a device, fitted or not: the same as `set_params(device=device)`.

        Parameters
        ----------
        device : str or torch.device
            As the parameter of that name.

        Returns
        -------
        self : object
            The estimator, there.

        Raises
        ------
        ValueError
            If there is no such device; the model stays where it was.

        Notes
        -----
        Codes of another kind of device differ in their last bits, and training goes on with other draws.
        """
        resolve_device(device)
        return self.set_params(device=device)

    def export(self, path: str | os.PathLike, what: str = "transform") -> None:
        """Write a method as a program that needs neither this library nor scikit-learn: units in, units out.

        Parameters
        ----------
        path : str or path-like
            `.pt2` is a file for `torch.export.load(path).module()`, `.onnx` one for runtimes of ONNX (and takes the
            packages onnx and onnxscript to write).
        what : {"transform", "inverse_transform", "score_samples"}, default="transform"
            The method. The standardisation of the data is part of the program, which takes any number of rows, in
            float64 (images: float32, a batch of `image_shape_`; codes: float64) and does not check them. That of a
            conditional model takes y besides: float64, a number for each row, or a row of them where y has several
            columns. Labels that are no numbers are told by their place among `numpy.unique(y)`; one that was not seen
            in `fit` is none of them. A table of several kinds of columns is a number for each cell, float64: the place
            of a category among its column's `categories` in `columns_`, 0 or 1 for truths, days since 1970 for dates
            and times, days for durations; with `missing_values="mask"` NaN for missing cells.

        Raises
        ------
        ValueError
            If the model has no such method, or its network or one of its words cannot be written as one program.
        ImportError
            If a package that writes the file is missing.

        Notes
        -----
        Numbers agree with those of the method to single precision. A program is for inference alone: what is to be
        trained further is kept by `vaekit.persistence.save`.

        Examples
        --------
        >>> import tempfile, torch
        >>> from sklearn.datasets import load_iris
        >>> from vaekit import VAE
        >>> X = load_iris().data
        >>> model = VAE(n_components=2, max_epochs=5, random_state=0).fit(X)
        >>> path = tempfile.mkdtemp() + "/codes.pt2"
        >>> model.export(path)
        >>> torch.export.load(path).module()(torch.from_numpy(X)).shape
        torch.Size([150, 2])
        """
        check_is_fitted(self)
        write = _writer(path)
        if what not in PROGRAMS or not hasattr(self, what) or what in self._not_exported:
            offered = [name for name in PROGRAMS if hasattr(self, name) and name not in self._not_exported]
            raise ValueError(f"The 'what' parameter must be one of {offered} for this model. Got {what!r} instead.")
        write_atomically(path, [write(_program(self, what))])

    _not_exported: ClassVar[tuple] = ()  # methods that are not functions of tensors alone


def _writer(path: Any):
    suffix = Path(path).suffix
    if suffix not in WRITERS:
        raise ValueError(f"The 'path' parameter must end in one of {sorted(WRITERS)}. Got {os.fspath(path)!r} instead.")
    return WRITERS[suffix]


def _program(estimator, what):
    conditions = getattr(estimator, "conditions_", None)
    try:
        return program_of(estimator.model_, what, conditions and conditions.program())
    except Exception as error:  # whatever torch finds in a module of others
        raise ValueError(
            f"{what!r} of this model cannot be exported, because torch cannot write it as one program; serve the model "
            f"itself, from a file of vaekit.persistence.save. torch says: {error}"
        ) from error
