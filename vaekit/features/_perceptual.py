"""Inception features and LPIPS, through torch-fidelity and from weights on disk: nothing is ever downloaded."""

from os import PathLike
from pathlib import Path
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import ArrayLike
from scipy.special import softmax
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils import gen_batches

from vaekit.utils._ambient import GuardedMethods, guarded
from vaekit.utils._containers import as_array
from vaekit.utils._torch import resolve_device, to_array

LPIPS_WEIGHTS = "weights-vgg16-lpips.pth", "vgg16-397923af.pth"


class InceptionFeatures(GuardedMethods, TransformerMixin, BaseEstimator):
    """Features and class probabilities of the Inception-v3 network of the FID, as torch-fidelity has it.

    Needs no fit.

    Parameters
    ----------
    weights : str or path
        The file `weights-inception-2015-12-05-6726825d.pth` of torch-fidelity's releases.
    batch_size : int, default=32
        Images per pass.
    device : str, default="auto"
        "auto" is CUDA where there is one.
    white : float, default=None
        The value of a white pixel; None is 255 for bytes and 1 for floats. What a model decodes comes in the units of
        its data, though in floats: pass 255 for a model that was fitted on bytes.

    Raises
    ------
    ImportError
        From `transform`, without torch-fidelity (the extra `vaekit[image]`).
    FileNotFoundError
        From `transform`, if the file is not there.
    ValueError
        From `transform`, if X holds no images, or values far above white.

    Notes
    -----
    Images are (n, height, width) or (n, channels, height, width) with 1 or 3 channels. Values slightly below black or
    above white are cut off.

    References
    ----------
    M. Heusel et al., "GANs Trained by a Two Time-Scale Update Rule Converge to a Local Nash Equilibrium", NeurIPS 2017,
    https://arxiv.org/abs/1706.08500; A. Obukhov et al., torch-fidelity, https://github.com/toshas/torch-fidelity
    """

    def __init__(
        self, weights: str | PathLike[str], batch_size: int = 32, device: str = "auto", white: float | None = None
    ) -> None:
        self.weights = weights
        self.batch_size = batch_size
        self.device = device
        self.white = white

    def fit(self, X: Any = None, y: Any = None) -> Self:
        """Return the object: there is nothing to fit.

        Parameters
        ----------
        X, y : Ignored
            Present by convention.

        Returns
        -------
        self : InceptionFeatures
        """
        return self

    def transform(self, X: ArrayLike) -> np.ndarray:
        """Activations of the last pooling layer.

        Parameters
        ----------
        X : array-like of shape (n, height, width) or (n, channels, height, width)
            Images.

        Returns
        -------
        features : ndarray of shape (n, 2048)
        """
        return self._activations(X, "2048")

    def predict_proba(self, X: ArrayLike) -> np.ndarray:
        """Class probabilities (without the output layer's bias, as the Inception score has always had them).

        Parameters
        ----------
        X : array-like of shape (n, height, width) or (n, channels, height, width)
            Images.

        Returns
        -------
        probabilities : ndarray of shape (n, 1008)
        """
        return softmax(self._activations(X, "logits_unbiased").astype(np.float64), axis=1)

    def _activations(self, X, layer):
        X, device = rgb_bytes(X, self.white), resolve_device(self.device)
        (path,) = _on_disk(Path(self.weights))
        network = _torch_fidelity().FeatureExtractorInceptionV3("inception", [layer], str(path)).to(device)
        with torch.inference_mode():
            batches = gen_batches(len(X), self.batch_size)
            return np.concatenate([to_array(network(torch.from_numpy(X[rows]).to(device))[0]) for rows in batches])


@guarded
def lpips_distance(
    X: ArrayLike, Y: ArrayLike, *, batch_size: int = 32, device: str = "auto", white: float | None = None
) -> np.ndarray:
    """Perceptual distance between images, pair by pair (LPIPS, with the VGG16 network).

    Its mean over pairs of samples tells how diverse they are; over images and their reconstructions, how faithful.

    Parameters
    ----------
    X, Y : array-like of shape (n, height, width) or (n, channels, height, width)
        Images with 1 or 3 channels, at least 16 pixels wide and high.
    batch_size : int, default=32
        Pairs per pass.
    device : str, default="auto"
        "auto" is CUDA where there is one.
    white : float, default=None
        The value of a white pixel; None is 255 for bytes and 1 for floats.

    Returns
    -------
    distance : ndarray of shape (n,)
        At least 0; 0 for equal images.

    Raises
    ------
    ImportError
        Without torch-fidelity (the extra `vaekit[image]`).
    FileNotFoundError
        If the two weight files are not in `torch.hub.get_dir()/checkpoints`, where torch-fidelity looks for them.
    ValueError
        If the arrays hold no images, not equally many of equal size, or values far above white.

    References
    ----------
    R. Zhang, P. Isola, A. A. Efros, E. Shechtman, O. Wang, "The Unreasonable Effectiveness of Deep Features as a
    Perceptual Metric", CVPR 2018, equation 1, https://arxiv.org/abs/1801.03924
    """
    X, Y, device = rgb_bytes(X, white), rgb_bytes(Y, white), resolve_device(device)
    if X.shape != Y.shape:
        raise ValueError(f"X and Y must hold equally many images of equal size, got {X.shape} and {Y.shape}.")
    _on_disk(*(Path(torch.hub.get_dir(), "checkpoints", name) for name in LPIPS_WEIGHTS))
    network = _torch_fidelity().SampleSimilarityLPIPS("lpips").to(device)
    with torch.inference_mode():
        pairs = [[torch.from_numpy(A[rows]).to(device) for A in (X, Y)] for rows in gen_batches(len(X), batch_size)]
        return np.concatenate([to_array(network(*pair)).ravel() for pair in pairs])


def rgb_bytes(X, white=None):
    """Return images as a uint8 array of shape (n, 3, height, width), as such networks want them."""
    X = as_array(X)
    X = X[:, None] if X.ndim == 3 else X
    if X.ndim != 4 or X.shape[1] not in (1, 3):
        raise ValueError(
            "Images must be of shape (n, height, width) or (n, channels, height, width) with 1 or 3 channels, got "
            f"{X.shape}."
        )
    white = (255 if X.dtype == np.uint8 else 1) if white is None else white
    if X.max() > 1.5 * white:
        raise ValueError(f"Pixels reach {X.max()}, though white is {white}: pass white=255 for images of that range.")
    pixels = (X.astype(np.float64) * (255 / white)).round().clip(0, 255).astype(np.uint8)
    return np.ascontiguousarray(np.broadcast_to(pixels, (len(X), 3, *X.shape[2:])))


def _on_disk(*paths):
    """Return the paths of files that are there and hold tensors alone."""
    missing = [str(path) for path in paths if not path.is_file()]
    if missing:
        raise FileNotFoundError(
            f"No weights at {', '.join(missing)}: fetch them from torch-fidelity's releases and torchvision's models "
            "yourself; nothing is downloaded here."
        )
    for path in paths:
        torch.load(path, map_location="cpu", weights_only=True)  # the library itself would run a pickle's code
    return paths


def _torch_fidelity():
    try:
        import torch_fidelity
    except ImportError as error:
        raise ImportError("This needs torch-fidelity: pip install 'vaekit[image]'.") from error
    return torch_fidelity
