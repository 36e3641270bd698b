"""An interactive map of latent space: one HTML file."""

import html
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike

from vaekit.frames import words_of_cells
from vaekit.inspection._fitted import Fitted, as_rows, choose_components, name_features
from vaekit.inspection._latent_map_page import page_of
from vaekit.inspection._latent_space import as_square, check_labels, find_window, is_missing
from vaekit.inspection._thumbnails import thumbnails
from vaekit.inspection._walk_drawing import units_of
from vaekit.utils._ambient import guarded_arithmetic
from vaekit.utils._checks import check_count
from vaekit.utils._containers import take_rows
from vaekit.utils._random import make_random_state
from vaekit.utils._repr import short_repr
from vaekit.utils._style import CLASSES, COLORS, robust_limits
from vaekit.utils._typing import RandomStateLike

__all__ = ["LatentMap"]

MOST_CLASSES = 10
N_WORDS = 5  # columns of a table that a point tells of
SHADES = ((68, 1, 84), (59, 82, 139), (33, 145, 140), (94, 201, 98), (253, 231, 37))  # viridis, in five steps
MISSING = "#999999"


@guarded_arithmetic
class LatentMap:
    """Codes as points under the pointer, each with its row and what it decodes to: a page that needs no network.

    Parameters
    ----------
    points : dict of str to ndarray of shape (n_points, 2)
        Codes in each space.
    rows : ndarray of int of shape (n_points,)
        Numbers of the rows in X.
    X, decoded : ndarray of shape (n_points, n_features), or images
        The rows, and what their codes decode to.
    limits : pair of float
        Values drawn as black and as white, in images.
    mean, deviation : ndarray of shape (n_features,)
        Zero and unit of each column of a table.
    axis_names : pair of str
        Names of the two latents.
    labels : ndarray of shape (n_points,), default=None
        Class of each row, or a number, for its colour.
    feature_names : sequence of str, default=None
        Names of the columns of a table; None is their numbers.
    words : sequence of sequence of str, default=None
        What the page says of each row of a table; None are the values that stand out.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from vaekit import VAE
    >>> from vaekit.inspection import LatentMap
    >>> X, y = load_digits(return_X_y=True)
    >>> model = VAE(n_components=2, max_epochs=2, random_state=0).fit(X)
    >>> page = LatentMap.from_estimator(model, X, y, n_points=50, image_shape=(8, 8), random_state=0).to_html()
    >>> page.startswith("<!DOCTYPE html>"), page.count("data:image/png") == 100
    (True, True)
    """

    def __init__(
        self,
        *,
        points: Mapping[str, np.ndarray],
        rows: np.ndarray,
        X: np.ndarray,
        decoded: np.ndarray,
        limits: Any,
        mean: Any,
        deviation: Any,
        axis_names: Sequence[str],
        labels: np.ndarray | None = None,
        feature_names: Sequence[str] | None = None,
        words: Sequence[Sequence[str]] | None = None,
    ) -> None:
        self.words = words
        self.points, self.rows, self.X, self.decoded = points, rows, X, decoded
        self.limits, self.mean, self.deviation = limits, mean, deviation
        self.axis_names, self.labels, self.feature_names = axis_names, labels, feature_names

    __repr__ = short_repr

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: ArrayLike,
        y: ArrayLike | None = None,
        *,
        components: Any = (0, 1),
        n_points: int = 1000,
        image_shape: tuple[int, ...] | None = None,
        random_state: RandomStateLike = None,
    ) -> Self:
        """Encode rows, and decode them again.

        Parameters
        ----------
        estimator : fitted object
            With `transform` and `inverse_transform`; with `to_generation_space` for a second map. Pipelines and
            searches are looked through.
        X : array-like of shape (n_rows, n_features), or images
            Data.
        y : array-like of shape (n_rows,), default=None
            Class of each row, or a number, for its colour.
        components : pair of int, default=(0, 1)
            Which two latents the map has.
        n_points : int, default=1000
            Most rows to show, drawn at random.
        image_shape : tuple of int, default=None
            Shape of the image that a row of a table is.
        random_state : int, RandomState instance or None, default=None
            Chooses the rows.

        Returns
        -------
        map : LatentMap

        Raises
        ------
        ValueError
            If `components` are not two different latents, or y is not one label for each row.
        """
        n_points = check_count(n_points, "n_points")
        fitted = Fitted.inside(estimator)
        X = fitted.rows(X)
        labels = None if y is None else check_labels(y, X.shape[0])
        rows = np.sort(make_random_state(random_state).permutation(X.shape[0])[:n_points])
        some = take_rows(X, rows)
        codes = fitted.encode(some)
        if codes.shape[1] < 2:
            raise ValueError("A latent space of one component is no map: look at a TraversalDisplay.")
        pair = choose_components(components, codes.shape[1])
        if len(pair) != 2 or pair[0] == pair[1]:
            raise ValueError(f"components must be two different latents, got {components!r}.")
        points = {"representation space": codes[:, pair]}
        if hasattr(fitted.model, "to_generation_space"):
            points["generation space"] = as_rows(fitted.ask("to_generation_space")(codes))[:, pair]
        data = fitted.numbers(some, image_shape)
        return cls(
            points=points,
            rows=rows,
            X=data,
            decoded=as_rows(fitted.decode(codes), image_shape),
            axis_names=[f"z{i}" for i in pair],
            labels=None if labels is None else labels[rows],
            feature_names=fitted.feature_names,
            words=None if fitted.columns is None else _words_of_cells(fitted, some, codes),
            **units_of(data),
        )

    def to_html(self, *, title: str = "latent space") -> str:
        """Return the page.

        Parameters
        ----------
        title : str, default="latent space"
            What stands above the map.

        Returns
        -------
        page : str
            HTML with its script, style and pictures inside.
        """
        is_table = self.X.ndim == 2
        colours, legend = _colours(self.labels, len(self.rows))
        windows = {name: as_square(find_window(points)).tolist() for name, points in self.points.items()}
        data = {
            "points": {name: np.round(points, 4).tolist() for name, points in self.points.items()},
            "windows": windows,
            "rows": self.rows.tolist(),
            "axes": list(self.axis_names),
            "colours": colours,
            "legend": legend,
            "labels": None if self.labels is None else [str(label) for label in self.labels.tolist()],
            "images": None if is_table else thumbnails(self.X, self.limits),
            "decoded": None if is_table else thumbnails(self.decoded, self.limits),
            "words": self._words() if is_table else None,
        }
        return page_of(data, title)

    def save(self, path: str | os.PathLike, *, title: str = "latent space") -> Path:
        """Write the page.

        Parameters
        ----------
        path : path-like
            Where to; a file that is there is replaced.
        title : str, default="latent space"
            What stands above the map.

        Returns
        -------
        path : Path
            The file.
        """
        path = Path(path)
        path.write_text(self.to_html(title=title), encoding="utf-8")
        return path

    def _repr_html_(self):
        page = html.escape(self.to_html(), quote=True)
        return f'<iframe srcdoc="{page}" style="width:100%;height:740px;border:0"></iframe>'

    def _words(self):
        """Of each row of a table the columns that stand out, with what they decode to."""
        if self.words is not None:
            return [list(words) for words in self.words]
        names = name_features(self.feature_names, self.X.shape[1])
        far = np.argsort(-np.abs((self.X - self.mean) / self.deviation), axis=1, kind="stable")[:, :N_WORDS]
        return [
            [f"{names[j]} = {row[j]:.4g} (decoded {decoded[j]:.4g})" for j in columns]
            for row, decoded, columns in zip(self.X, self.decoded, far)
        ]


def _words_of_cells(fitted, X, codes):
    """Of each row of a frame of several kinds all columns that fit, with what they decode to."""
    columns, decoded = fitted.columns, fitted.ask("inverse_transform")(codes)
    rows = zip(*(words_of_cells(columns, own)[:, :N_WORDS] for own in (X, decoded)))
    return [[f"{name} = {a} (decoded {b})" for name, a, b in zip(columns.names, *pair)] for pair in rows]


def _colours(labels, n_points):
    """Colour of each point, and the legend."""
    if labels is None:
        return [COLORS[0]] * n_points, []
    missing = np.array([is_missing(label) for label in labels.tolist()], dtype=bool)
    known = np.array(labels[~missing].tolist())
    if known.dtype.kind in "iuf" and len(np.unique(known)) > MOST_CLASSES:
        return _on_scale(known, missing)
    classes = np.unique(known).tolist()
    palette = COLORS if len(classes) <= len(COLORS) else CLASSES
    of_class = {name: palette[i % len(palette)] for i, name in enumerate(classes)}
    colours = np.full(n_points, MISSING, dtype=object)
    colours[~missing] = [of_class[name] for name in known.tolist()]
    legend = [[str(name), colour] for name, colour in of_class.items()]
    return colours.tolist(), legend + ([["missing", MISSING]] if missing.any() else [])


def _on_scale(numbers, missing):
    low, high = robust_limits(numbers, tail=0.02)
    shares = np.clip((numbers - low) / (high - low), 0, 1)
    channels = [np.interp(shares, np.linspace(0, 1, len(SHADES)), channel) for channel in zip(*SHADES)]
    colours = np.full(len(missing), MISSING, dtype=object)
    colours[~missing] = [_hex(shade) for shade in zip(*channels)]
    return colours.tolist(), [[f"{low:.4g}", _hex(SHADES[0])], [f"{high:.4g}", _hex(SHADES[-1])]]


def _hex(shade):
    return "#" + "".join(f"{int(channel):02x}" for channel in shade)
