"""How decoded walks through latent space are drawn: images in lines, windows over each other, tables by column."""

import numpy as np

from vaekit.inspection._drawing import COLORS, MUTED, draw_images, import_pyplot, make_axes, tile_of
from vaekit.inspection._fitted import column_units, range_of
from vaekit.inspection._windows import as_windows, channel_limits, draw_windows, middle_of_rows
from vaekit.utils._style import SCALE, robust_limits

__all__ = ["draw_walks_of_images", "draw_walks_of_rows", "draw_walks_of_windows", "units_of"]

LEGEND, LABEL = 1.1, 1.0  # inches for the names of features, and of walks
MOST_NAMES = len(COLORS)


def units_of(X):
    """Return what values are measured by: the range of images, or mean and deviation of a table's columns."""
    mean, deviation = column_units(X) if X.ndim == 2 else (0.0, 1.0)
    return {"limits": range_of(X), "mean": mean, "deviation": deviation}


def draw_walks_of_images(ax, decoded, limits, names, cmap):
    """Draw walks (n_walks, n_steps, [channels,] height, width), one in a line; return figure and axes."""
    (n_walks, n_steps), (height, width) = decoded.shape[:2], decoded.shape[-2:]
    tile = tile_of(height, width)
    figure, axes = make_axes(ax, 1, size=(tile[0] * n_steps + LABEL, tile[1] * n_walks + 0.4))
    draw_images(axes[0], decoded, limits, cmap)
    axes[0].set_yticks((height + 1) * (np.arange(n_walks) + 0.5) - 0.5, names)
    axes[0].tick_params(length=0)
    return figure, axes


def draw_walks_of_windows(ax, decoded, names, x_label):
    """Draw each walk as one place in which its windows lie over each other, from dark to light."""
    windows = as_windows(decoded, leading=2)
    n_walks, n_steps = decoded.shape[:2]
    figure, axes = make_axes(ax, 1, size=(5.0, 1.0 * n_walks + 0.5))
    limits = channel_limits(windows)
    colours = import_pyplot().get_cmap(SCALE)(np.linspace(0, 0.9, n_steps))
    for i, colour in enumerate(colours):
        draw_windows(axes[0], windows[:, [i]], limits, background=i == 0, colors=[colour])
    axes[0].set_yticks(middle_of_rows(n_walks), names)
    axes[0].tick_params(length=0)
    scale = import_pyplot().cm.ScalarMappable(cmap=SCALE)
    scale.set_clim(0, 1 / 0.9)
    bar = figure.colorbar(scale, ax=axes[0], ticks=[], label=f"{x_label} →", pad=0.02)
    bar.ax.set_ylim(0, 1)
    return figure, axes


def draw_walks_of_rows(ax, values, positions, names, labels, x_label):
    """Draw a panel for each walk (n_walks, n_steps, n_features) with a line for each feature, those that move named.

    `names` are of the walks, `labels` of the features.
    """
    own = {"size": (2.4 + LEGEND, 2.0), "wrap": 3}
    figure, axes = make_axes(ax, len(values), sharey=True, **own)
    for panel, lines, places, name in zip(axes, values, positions, names):
        for line, colour, label in zip(lines.T, colours_of_movers(lines[np.newaxis]), labels):
            style = {"zorder": 1, "linewidth": 0.8} if colour == MUTED else {"label": label}
            panel.plot(places, line, color=colour, **style)
        panel.set_title(name.replace("\n", ", "))
        panel.legend(**({"loc": "upper left", "bbox_to_anchor": (1, 1.05)} if ax is None else {}), fontsize=7,
                     borderaxespad=0.2)  # fmt: skip
    figure.supxlabel(x_label, fontsize=9) if ax is None else axes[0].set_xlabel(x_label)
    low, high = robust_limits(values, tail=0.002, margin=0.08)
    axes[0].set(ylabel="decoded (deviations)", ylim=(low, high))
    return figure, axes


def colours_of_movers(values):
    """Return a colour for each feature of walks (n_walks, n_steps, n_features), grey but for those that move most."""
    movers = np.argsort(-np.ptp(values, axis=1).max(axis=0), kind="stable")[:MOST_NAMES]
    colours = np.full(values.shape[-1], MUTED, dtype=object)
    colours[np.sort(movers)] = COLORS[: len(movers)]
    return colours
