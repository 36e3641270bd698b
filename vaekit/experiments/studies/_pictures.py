"""What studies of pictures without factors share: data sets by name, features in which samples are compared."""

import numpy as np
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from vaekit.datasets import load_celeba, load_cifar10, load_fashion_mnist, load_mnist, load_svhn
from vaekit.evaluation import ClassifierFeatures, InceptionFeatures
from vaekit.experiments._study import Data

INCEPTION = "weights-inception-2015-12-05-6726825d.pth"
MOST_CLASSIFIED = 20_000
MOST_COMPONENTS, MOST_PROJECTED = 50, 2000
IN_UNIT_INTERVAL = ("svhn", "celeba", "cifar10", "cifar10_sample")  # squared errors of pixels, as the presets want them
FILES = {"mnist": load_mnist, "fashion_mnist": load_fashion_mnist, "svhn": load_svhn, "cifar10": load_cifar10}
NEEDS = {
    "mnist": "`mnist/` with its four idx files",
    "fashion_mnist": "`fashion_mnist/` with the same four",
    "svhn": "`svhn/` with `train_32x32.mat` and `test_32x32.mat`",
    "celeba": "`celeba/` with `img_align_celeba/` and its tables",
    "cifar10": "`cifar10/` with the binary version's files",
    "cifar10_sample": "`cifar10_sample/`, sheets of a thousand CIFAR-10 images, one in each row of a png file",
    "inception": f"`{INCEPTION}` of torch-fidelity's releases",
}


def needs(*names):
    """Files, in words."""
    return ", ".join(NEEDS[name] for name in names)


def load_pictures(data, folder):
    """Training and test images, their labels, and features; `data` says which, how many, and which features."""
    name, n_rows = data["name"], data["n_rows"]
    (X, y), (X_test, y_test) = _digits() if name == "digits" else _from_files(name, n_rows, folder)
    labels = None if y is None else y[:n_rows]
    features = _features(data.get("features", "pca"), X, y, folder)
    told = {"test": X_test, "labels": labels, "test_labels": y_test, "features": features}
    return Data(X[:n_rows], labels if data.get("is_told") else None, more=told)


def _digits():
    """Scikit-learn's handwritten digits, which need no files."""
    digits = load_digits()
    images = (digits.images / 16).astype(np.float32)
    return (images[:1200], digits.target[:1200]), (images[1200:], digits.target[1200:])


def _from_files(name, n_rows, folder):
    if folder is None:
        raise ValueError(f"The data {name!r} come from files; pass data=, a folder that holds {NEEDS[name]}.")
    if name == "cifar10_sample":
        images = _scaled(name, _sheets(folder / name))
        return (images[:-500], None), (images[-500:], None)
    if name == "celeba":
        parts = (load_celeba(folder / name, subset=subset, size=64) for subset in ("train", "test"))
        return tuple((_scaled(name, part.images[:most]), None) for part, most in zip(parts, (n_rows, 10_000)))
    parts = (FILES[name](folder / name, subset=subset) for subset in ("train", "test"))
    return tuple((_scaled(name, part.images), np.ravel(part.target)) for part in parts)


def _scaled(name, images):
    images = np.asarray(images)
    return images / np.float32(255) if name in IN_UNIT_INTERVAL else images


def _sheets(folder):
    """Images of all sheets: a row of a sheet holds the 32 x 32 pixels of one, colours last."""
    from PIL import Image

    files = sorted(folder.glob("*.png"))
    if not files:
        raise FileNotFoundError(f"There is no sheet (*.png) in {str(folder)!r}.")
    sheets = [np.asarray(Image.open(file)).reshape(-1, 32, 32, 3) for file in files]
    return np.concatenate(sheets).transpose(0, 3, 1, 2)


def _flat(X):
    return np.reshape(X, (len(X), -1))


def _features(kind, X, y, folder):
    """Features that are there before training begins, so that what is missing is told then."""
    if kind == "classifier" and y is not None:
        return ClassifierFeatures().fit(X[:MOST_CLASSIFIED], y[:MOST_CLASSIFIED])
    if kind != "inception":
        return make_pipeline(FunctionTransformer(_flat), PCA(MOST_COMPONENTS, random_state=0)).fit(X[:MOST_PROJECTED])
    features = InceptionFeatures(folder / INCEPTION, white=255 if X.dtype == np.uint8 else 1)
    features.transform(X[:2])
    return features
