"""Features in which generated and real data are compared."""

import math
import warnings
from typing import Self

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import rel_entr
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.decomposition import PCA
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import accuracy_score
from sklearn.neural_network import MLPClassifier
from sklearn.utils import check_array
from sklearn.utils.validation import check_is_fitted

from vaekit.features._comparable import comparable_rows
from vaekit.features._feature_map import FeatureMap
from vaekit.utils._ambient import GuardedMethods, guarded
from vaekit.utils._containers import on_host, take_rows
from vaekit.utils._random import make_random_state
from vaekit.utils._rows import evenly_spaced, flat_rows, in_blocks
from vaekit.utils._typing import RandomStateLike

MOST_PLAIN_FEATURES = 50
MOST_ROWS_OF_PCA = 2000  # evenly spaced; as many as decide 50 directions


def feature_map(features, X):
    """Return the function from data to features that a parameter named `features` means.

    Parameters
    ----------
    features : {"auto", "flatten", "pca"}, fitted transformer, or callable
        "flatten" takes every value as a feature; "pca" projects on the leading principal components of X, at most 50
        and fewer than half its rows, found from at most 2000 rows; "auto" is "flatten" for at most 50 values and "pca"
        for more. Of a frame of several kinds of columns, values are those of `comparable_rows`. A transformer must be
        fitted, and sees rows as they are.
    X : array or frame of shape (n_rows, ...)
        Real data, as the model sees it.
    """
    if hasattr(features, "transform") or callable(features):
        to_features = getattr(features, "transform", features)
        return FeatureMap(lambda samples: on_host(to_features(samples)), hasattr(features, "transform"))
    to_numbers = comparable_rows(X)
    is_by_row = to_numbers is flat_rows
    if not is_by_row:
        X = to_numbers(X)
    if features == "auto":
        features = "flatten" if math.prod(X.shape[1:]) <= MOST_PLAIN_FEATURES else "pca"
    if features == "flatten":
        return FeatureMap(to_numbers, is_by_row)
    if features == "pca":
        to_components = _principal_components(X)
        return FeatureMap(to_components if is_by_row else lambda rows: to_components(to_numbers(rows)), is_by_row)
    raise ValueError(
        f"features must be 'auto', 'flatten', 'pca', a fitted transformer or a callable, got {features!r}."
    )


def _principal_components(X):
    X = flat_rows(take_rows(X, evenly_spaced(X, MOST_ROWS_OF_PCA)))
    n_components = max(1, min(MOST_PLAIN_FEATURES, X.shape[1], (len(X) - 1) // 2))
    pca = PCA(n_components, random_state=0).set_output(transform="default").fit(X)
    return lambda samples: in_blocks(pca.transform, samples)


class ClassifierFeatures(GuardedMethods, TransformerMixin, BaseEstimator):
    """Hidden activations of a small classifier: features that know which differences matter to labels.

    A multi-layer perceptron is trained to tell the labels apart; what its last hidden layer sees of an image takes the
    place of the Inception network, trained here, on the data in question.

    Parameters
    ----------
    hidden_layer_sizes : tuple of int, default=(128, 64)
        Hidden layers; the last one's width is the number of features.
    max_iter : int, default=30
        Epochs of training.
    random_state : int, RandomState instance or None, default=0
        Decides the initial weights and the order of the rows. Distances between features of two different networks
        cannot be compared, hence a constant.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        Labels.
    classifier_ : MLPClassifier
        The network.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from vaekit.evaluation import ClassifierFeatures
    >>> X, y = load_digits(return_X_y=True)
    >>> features = ClassifierFeatures(hidden_layer_sizes=(32,), max_iter=5).fit(X[:500], y[:500])
    >>> features.transform(X[:3]).shape
    (3, 32)
    """

    def __init__(
        self, hidden_layer_sizes: tuple[int, ...] = (128, 64), max_iter: int = 30, random_state: RandomStateLike = 0
    ) -> None:
        self.hidden_layer_sizes = hidden_layer_sizes
        self.max_iter = max_iter
        self.random_state = random_state

    def fit(self, X: ArrayLike, y: ArrayLike) -> Self:
        """Train the classifier.

        Parameters
        ----------
        X : array-like of shape (n_rows, ...)
            Real data; images are flattened. To measure a pipeline: what its model sees, such as
            `pipeline[:-1].transform(X)`.
        y : array-like of shape (n_rows,)
            Labels.

        Returns
        -------
        self : ClassifierFeatures
        """
        flat = flat_rows(X)
        self.offset_, self.unit_ = flat.mean(), flat.std() or 1.0
        self.classifier_ = MLPClassifier(
            self.hidden_layer_sizes,
            max_iter=self.max_iter,
            n_iter_no_change=self.max_iter,
            random_state=make_random_state(self.random_state),
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # max_iter is the length of training, not a failure
            self.classifier_.fit(self._scaled(flat), y)
        self.classes_ = self.classifier_.classes_
        return self

    def transform(self, X: ArrayLike) -> np.ndarray:
        """Activations of the last hidden layer.

        Parameters
        ----------
        X : array-like of shape (n_rows, ...)
            Data, real or generated.

        Returns
        -------
        features : ndarray of shape (n_rows, hidden_layer_sizes[-1])
        """
        check_is_fitted(self)
        return in_blocks(self._hidden, X)

    def predict_proba(self, X: ArrayLike) -> np.ndarray:
        """Class probabilities, as `inception_score` wants them.

        Parameters
        ----------
        X : array-like of shape (n_rows, ...)
            Data.

        Returns
        -------
        probabilities : ndarray of shape (n_rows, n_classes)
        """
        check_is_fitted(self)
        return in_blocks(lambda rows: self.classifier_.predict_proba(self._scaled(rows)), X)

    def score(self, X: ArrayLike, y: ArrayLike) -> float:
        """Accuracy on labelled data: features of a network that cannot tell the labels apart mean little.

        Parameters
        ----------
        X : array-like of shape (n_rows, ...)
            Data.
        y : array-like of shape (n_rows,)
            Labels.

        Returns
        -------
        accuracy : float
            In [0, 1].
        """
        check_is_fitted(self)
        return accuracy_score(y, in_blocks(lambda rows: self.classifier_.predict(self._scaled(rows)), X))

    def _hidden(self, rows):
        activations = self._scaled(rows)
        layers = zip(self.classifier_.coefs_[:-1], self.classifier_.intercepts_[:-1])
        for weights, bias in layers:
            activations = np.maximum(activations @ weights + bias, 0)
        return activations

    def _scaled(self, rows):
        return (rows - self.offset_) / self.unit_


@guarded
def inception_score(probabilities: ArrayLike) -> float:
    r"""Inception score of generated samples from the class probabilities that a classifier gives them.

    .. math:: IS = \exp E_x\, KL[p(y | x) \,\|\, p(y)], \qquad p(y) = E_x\, p(y | x)

    Parameters
    ----------
    probabilities : array-like of shape (n_samples, n_classes)
        p(y | x) of each sample; rows add up to 1.

    Returns
    -------
    score : float
        From 1 (all samples look alike, or none looks like anything) to n_classes (each certain, all classes equally
        often); higher is better. It never looks at real data, and rises with n_samples: compare at equal numbers.

    Raises
    ------
    ValueError
        If the rows are no probabilities.

    References
    ----------
    T. Salimans, I. Goodfellow, W. Zaremba, V. Cheung, A. Radford, X. Chen, "Improved Techniques for Training GANs",
    NeurIPS 2016, section 4, https://arxiv.org/abs/1606.03498

    Examples
    --------
    >>> from vaekit.evaluation import inception_score
    >>> inception_score([[1.0, 0.0], [0.0, 1.0]])
    2.0
    """
    p = check_array(probabilities, dtype=np.float64, input_name="probabilities")
    if np.any(p < 0) or not np.allclose(p.sum(axis=1), 1, atol=1e-4):
        raise ValueError("probabilities must be rows of non-negative numbers that add up to 1; pass predict_proba(X).")
    return float(np.exp(rel_entr(p, p.mean(axis=0)).sum(axis=1).mean()))
