"""Walks through latent space, decoded."""

from collections.abc import Sequence
from numbers import Integral, Real
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike

from vaekit.inspection._display import Display
from vaekit.inspection._drawing import shorten
from vaekit.inspection._fitted import Fitted, as_rows, choose_components, choose_features, name_features
from vaekit.inspection._walk_drawing import (
    draw_walks_of_images,
    draw_walks_of_rows,
    draw_walks_of_windows,
    units_of,
)
from vaekit.inspection._walks import SPACES, check_path, walk_between
from vaekit.inspection._windows import as_windows
from vaekit.utils._ambient import guarded_arithmetic
from vaekit.utils._checks import check_number
from vaekit.utils._containers import as_array
from vaekit.utils._style import in_house_style

__all__ = ["TraversalDisplay"]


@guarded_arithmetic
class TraversalDisplay(Display):
    """What changes in the data while a point walks through latent space.

    Walks are sorted by what their latent tells of the data, where the model knows it (`kl_per_component_`), and latents
    that tell nothing are folded into a line of words. Images are drawn one walk per line, windows of time series over
    each other. Of tables every walk has its own panel with a line for each feature, in units of the deviation of its
    column around the mean, as in :class:`ReconstructionDisplay`; the five that move most are in colour, and named.

    Parameters
    ----------
    decoded : ndarray of shape (n_walks, n_steps, n_features), or (n_walks, n_steps, [channels,] height, width)
        Decoded means along each walk.
    positions : ndarray of shape (n_walks, n_steps)
        Where each step is: the value of the latent that is changed, or the share of the way from one row to the other.
    names : list of str
        Name of each walk.
    x_label : str
        What the positions are.
    limits : pair of float
        Values drawn as black and as white, in images.
    mean, deviation : float or ndarray of shape (n_features,), default=0.0 and 1.0
        Zero and unit of each column of a table.
    feature_names : sequence of str, default=None
        Names of the columns of a table; None is their numbers.
    kl : ndarray of shape (n_walks,), default=None
        KL of the latent that is walked, in nats per row.
    folded : sequence of int, default=()
        Inactive latents that are not walked.

    Attributes
    ----------
    figure_ : matplotlib Figure
        Once drawn.
    axes_ : ndarray of matplotlib Axes
        Once drawn: one for images, one for each walk of a table.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from vaekit import DPVAE
    >>> from vaekit.inspection import TraversalDisplay
    >>> X = load_digits().data[:200]
    >>> model = DPVAE(n_components=4, max_epochs=2, random_state=0).fit(X)
    >>> walk = TraversalDisplay.from_estimator(model, X, components=[0, 1], n_steps=7, image_shape=(8, 8))
    >>> walk.decoded.shape
    (2, 7, 8, 8)
    >>> path = TraversalDisplay.from_pairs(model, X[:3], X[3:6], n_steps=7, image_shape=(8, 8))
    >>> path.decoded.shape
    (3, 7, 8, 8)
    """

    def __init__(
        self,
        *,
        decoded: np.ndarray,
        positions: np.ndarray,
        names: list[str],
        x_label: str,
        limits: Any,
        mean: float | np.ndarray = 0.0,
        deviation: float | np.ndarray = 1.0,
        feature_names: Sequence[str] | None = None,
        kl: np.ndarray | None = None,
        folded: Sequence[int] = (),
    ) -> None:
        self.kl, self.folded = kl, folded
        self.decoded, self.positions = decoded, positions
        self.names, self.x_label, self.limits = names, x_label, limits
        self.mean, self.deviation, self.feature_names = mean, deviation, feature_names

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: ArrayLike,
        *,
        row: int | None = None,
        components: Any = None,
        n_steps: int = 9,
        spread: float = 0.95,
        space: str = "representation",
        image_shape: tuple[int, ...] | None = None,
    ) -> Self:
        """Change one latent at a time, the others staying where they are.

        Each latent walks through the central part of its own codes, since under a learned prior the scale of a latent
        means nothing by itself.

        Parameters
        ----------
        estimator : fitted object
            With `transform` and `inverse_transform`. Pipelines and searches are looked through.
        X : array-like of shape (n_rows, n_features), or images
            Data whose codes say how far to walk, and whose values what black and white or the units of a table are.
        row : int, default=None
            The row of X whose code the walks pass by; None is the mean code.
        components : int or sequence of int, default=None
            Latents to change, in this order; None is those in `active_components_`, or all where the object does not
            have that or none is active, those of the largest KL first; in generation space all, in their order.
        n_steps : int, default=9
            Points along each walk.
        spread : float, default=0.95
            Share of a latent's codes that its walk covers, in (0, 1].
        space : {"generation", "representation"}, default="representation"
            The space in which one coordinate is changed. In generation space, where codes are spread as the prior's
            draws are, several latents may change at once; it needs `to_generation_space` and `to_representation_space`.
        image_shape : tuple of int, default=None
            Shape of the image that a row of a table is.

        Returns
        -------
        display : TraversalDisplay

        Raises
        ------
        ValueError
            If there is no such row, latent or space, or `spread` is out of range.
        """
        check_number(spread, "spread", Real, min_val=0, max_val=1, include_boundaries="right")
        fitted = Fitted.inside(estimator)
        codes = codes_in(fitted, fitted.encode(X), space)
        if row is not None:
            check_number(row, "row", Integral, min_val=-len(codes), max_val=len(codes) - 1)
        n_components = codes.shape[1]
        kl = _kl_of(fitted.model, n_components) if space == "representation" else None
        every = np.arange(n_components) if space == "generation" else _order(fitted, n_components, kl)
        walked = every if components is None else choose_components(components, n_components)
        start = codes.mean(axis=0) if row is None else codes[row]
        ends = np.quantile(codes[:, walked], [(1 - spread) / 2, (1 + spread) / 2], axis=0)
        positions = np.linspace(*ends, n_steps, axis=1)
        Z = np.tile(start, (len(walked), n_steps, 1))
        for walk, component, values in zip(Z, walked, positions):
            walk[:, component] = values
        if space == "generation":
            Z = as_array(fitted.ask("to_representation_space")(Z.reshape(-1, n_components))).reshape(Z.shape)
        return cls(
            decoded=as_rows(fitted.decode(Z), image_shape),
            positions=positions,
            names=[f"$z_{{{component}}}$" for component in walked],
            x_label="value of the latent" if space == "representation" else "value in generation space",
            feature_names=fitted.feature_names,
            kl=None if kl is None else kl[walked],
            folded=[] if components is not None else sorted(set(range(n_components)) - set(walked.tolist())),
            **units_of(fitted.numbers(X, image_shape)),
        )

    @classmethod
    def from_pairs(
        cls,
        estimator: Any,
        X_from: ArrayLike,
        X_to: ArrayLike,
        *,
        X: ArrayLike | None = None,
        n_steps: int = 9,
        path: str = "slerp",
        space: str = "generation",
        image_shape: tuple[int, ...] | None = None,
    ) -> Self:
        r"""Walk from each row of one set to the row of another.

        .. math::
            \mathrm{slerp}(a, b, t) = \frac{\sin((1 - t)\, \omega)}{\sin \omega}\, a
            + \frac{\sin(t\, \omega)}{\sin \omega}\, b, \qquad \cos \omega = \frac{a \cdot b}{|a|\, |b|}

        Parameters
        ----------
        estimator : fitted object
            With `transform`, `inverse_transform` and, for generation space, `to_generation_space` and
            `to_representation_space`. Pipelines and searches are looked through.
        X_from, X_to : array-like of shape (n_pairs, n_features), or images
            Where the walks start and end.
        X : array-like of shape (n_rows, n_features), or images, default=None
            Data whose values say what black and white or the units of a table are; None is both ends together.
        n_steps : int, default=9
            Points along each walk, both ends among them.
        path : {"slerp", "lerp"}, default="slerp"
            Along the arc around the origin, which keeps to the distances that normal draws have, or straight.
        space : {"generation", "representation"}, default="generation"
            The space the walk is made in. In generation space codes are spread as the prior's draws are.
        image_shape : tuple of int, default=None
            Shape of the image that a row of a table is.

        Returns
        -------
        display : TraversalDisplay

        Raises
        ------
        ValueError
            If there is no such path or space, or `X_from` and `X_to` differ in number.

        References
        ----------
        K. Shoemake, "Animating rotation with quaternion curves", SIGGRAPH 1985, section 3.3.
        """
        check_path(path, space)
        fitted = Fitted.inside(estimator)
        ends = [fitted.encode(X) for X in (X_from, X_to)]
        Z, seen = walk_between(fitted, *ends, n_steps, path, space), [X_from, X_to] if X is None else [X]
        return cls(
            decoded=as_rows(fitted.decode(Z), image_shape),
            positions=np.tile(np.linspace(0, 1, n_steps), (len(Z), 1)),
            names=[""] * len(Z),
            x_label="share of the way",
            feature_names=fitted.feature_names,
            **units_of(np.concatenate([fitted.numbers(rows, image_shape) for rows in seen])),
        )

    @in_house_style
    def plot(self, ax: Any = None, *, features: Any = None, cmap: str = "gray") -> Self:
        """Draw.

        Parameters
        ----------
        ax : matplotlib Axes or one for each walk of a table, default=None
            Where to draw; None is a new figure.
        features : int or str, or sequence of them, default=None
            Columns of a table to draw, by number or by name; None is all of them.
        cmap : str, default="gray"
            Colour map of grey images.

        Returns
        -------
        display : TraversalDisplay

        Raises
        ------
        ValueError
            If there is no such column.
        """
        if as_windows(self.decoded, leading=2) is not None:
            self.figure_, self.axes_ = draw_walks_of_windows(ax, self.decoded, self._labels(), self.x_label)
        elif self.decoded.ndim > 3:
            labels = self._labels()
            self.figure_, self.axes_ = draw_walks_of_images(ax, self.decoded, self.limits, labels, cmap)
            self.axes_[0].set_xlabel(f"{self.x_label} →")
        else:
            self._draw_rows(ax, features)
        self._tell_folded()
        return self

    def _draw_rows(self, ax, features):
        names = name_features(self.feature_names, self.decoded.shape[-1])
        features = choose_features(range(len(names)) if features is None else features, names)
        values = ((self.decoded - self.mean) / self.deviation)[..., features]
        short = [shorten(names[feature]) for feature in features]
        drawn = draw_walks_of_rows(ax, values, self.positions, self._labels(), short, self.x_label)
        self.figure_, self.axes_ = drawn

    def _labels(self):
        """Names of the walks, each with the KL of its latent."""
        if self.kl is None:
            return self.names
        return [f"{name}\n{kl:.2f} nats" for name, kl in zip(self.names, self.kl)]

    def _tell_folded(self):
        if len(self.folded):
            numbers = ", ".join(map(str, self.folded[:8])) + (", …" if len(self.folded) > 8 else "")
            words = f"{len(self.folded)} inactive latents not shown ({numbers})"
            self.axes_[0].annotate(words, (0, 1), (0, 14 if self.decoded.ndim == 3 else 3), xycoords="axes fraction",
                                   textcoords="offset points", fontsize=7, color="0.4")  # fmt: skip


def codes_in(fitted, codes, space):
    """Codes in the space that a walk is made in."""
    if space not in SPACES:
        raise ValueError(f"space must be one of {SPACES}, got {space!r}.")
    return codes if space == "representation" else as_array(fitted.ask("to_generation_space")(codes))


def _kl_of(model, n_components):
    """What each latent tells, where the model knows it and it is a number."""
    kl = getattr(model, "kl_per_component_", None)
    return kl if kl is not None and np.shape(kl) == (n_components,) and np.isfinite(kl).all() else None


def _order(fitted, n_components, kl):
    """Numbers of the latents that are shown, those of the largest KL first."""
    shown = np.asarray(fitted.components_to_show(n_components))
    return shown if kl is None else shown[np.argsort(-kl[shown], kind="stable")]
