"""What the displays share when they draw; matplotlib is imported only when something is drawn."""

import numpy as np

from vaekit.utils._style import COLORS, MUTED, import_pyplot

__all__ = ["COLORS", "MUTED", "beside", "draw_cells", "draw_images", "draw_points", "halo", "import_pyplot",
           "make_axes", "mosaic", "shorten", "tile_of"]  # fmt: skip

INCH = 0.58  # side of a square image in a figure of its own
WIDEST, LOWEST = 2.6, 0.24  # inches of images that are not square
LONGEST_NAME = 18  # characters of a name beside a picture


def make_axes(ax, n_axes, *, size=(3.2, 3.0), wrap=None, **sharing):
    """Return a figure and an array of `n_axes` axes side by side, at most `wrap` of them in a line.

    `ax` is None (a new figure), one axes (its place is divided), or that many axes; `sharing` is sharex and sharey of
    those that are made here.
    """
    plt = import_pyplot()
    n_rows = -(-n_axes // (wrap or n_axes))
    shape = n_rows, -(-n_axes // n_rows)  # lines of about the same length
    if ax is None:
        figsize = (size[0] * shape[1], size[1] * shape[0])
        figure, axes = plt.subplots(*shape, figsize=figsize, layout="constrained", squeeze=False, **sharing)
        return figure, _first(axes.ravel(), n_axes)
    if isinstance(ax, plt.Axes):
        return ax.figure, np.array([ax]) if n_axes == 1 else _first(_divide(ax, shape, sharing), n_axes)
    axes = np.ravel(ax)
    if len(axes) != n_axes:
        raise ValueError(f"ax must be one axes or {n_axes} of them, got {len(axes)}.")
    return axes[0].figure, axes


def _divide(ax, shape, sharing):
    """Put a grid of axes in the place of one."""
    if ax.get_subplotspec() is None:
        raise ValueError(
            f"ax was placed by hand and cannot be divided into {shape[0] * shape[1]}; make it with plt.subplots(), or "
            f"pass {shape[0] * shape[1]} axes."
        )
    ax.set_axis_off()
    return ax.get_subplotspec().subgridspec(*shape).subplots(squeeze=False, **sharing).ravel()


def _first(axes, n_axes):
    """Keep as many axes as there are pictures; the rest of a grid goes."""
    for spare in axes[n_axes:]:
        spare.remove()
    return axes[:n_axes]


def tile_of(height, width):
    """Return width and height in inches of a picture of so many pixels: much the same area, whatever the aspect."""
    aspect = np.sqrt(width / height)
    wide = min(INCH * aspect, WIDEST)
    return wide, max(wide * height / width, LOWEST)


def mosaic(images, gap=1):
    """Return images (n_rows, n_columns, height, width[, colours]) as one, parted by lines of NaN."""
    padding = [(0, 0), (0, 0), (0, gap), (0, gap)] + [(0, 0)] * (images.ndim - 4)
    padded = np.pad(images, padding, constant_values=np.nan)
    n_rows, n_columns, height, width = padded.shape[:4]
    tiled = padded.swapaxes(1, 2).reshape(n_rows * height, n_columns * width, *padded.shape[4:])
    return tiled[:-gap, :-gap]


def draw_images(ax, images, limits, cmap="gray"):
    """Draw a grid of images (n_rows, n_columns, height, width), or with 1 or 3 channels before the height.

    `limits` are the values of black and white.
    """
    plt = import_pyplot()
    picture = mosaic(as_shares(images, limits))
    gaps = np.isnan(picture if picture.ndim == 2 else picture[..., 0])
    colours = plt.get_cmap(cmap)(picture) if picture.ndim == 2 else np.dstack([picture, np.ones(gaps.shape)])
    colours[gaps] = (1, 1, 1, 0)
    ax.imshow(colours, interpolation="nearest")
    ax.set(xticks=[], yticks=[])
    ax.spines[:].set_visible(False)


def as_shares(images, limits):
    """Return images as shares of the way from black to white, channels last; one channel is none."""
    low, high = limits
    scaled = np.clip((images.astype(float) - low) / ((high - low) or 1.0), 0, 1)
    if scaled.ndim < 5:
        return scaled
    if scaled.shape[2] not in (1, 3):
        raise ValueError(
            f"Images of {scaled.shape[2]} channels cannot be drawn: 1 or 3 must stand before height and width."
        )
    scaled = np.moveaxis(scaled, 2, -1)
    return scaled[..., 0] if scaled.shape[-1] == 1 else scaled


def draw_points(ax, points, **style):
    """Draw a cloud of points (n, 2), lighter the more there are, and return it."""
    alpha = float(np.clip(300 / max(len(points), 1), 0.25, 0.9))
    return ax.scatter(*points.T, **{"s": 6, "alpha": alpha, "linewidths": 0, "rasterized": True, **style})


def draw_cells(ax, values, *, rows, columns, cmap, limits, form=".2f"):
    """Draw a matrix as coloured cells with their values in them, where there is room; return the picture."""
    picture = ax.imshow(values, cmap=cmap, vmin=limits[0], vmax=limits[1], aspect="auto")
    ax.set_xticks(range(len(columns)), [shorten(name) for name in columns], rotation=45, ha="right",
                  rotation_mode="anchor")  # fmt: skip
    ax.set_yticks(range(len(rows)), [shorten(name) for name in rows])
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    if form is not None and len(columns) <= 12 and len(rows) <= 25:
        for place, value in np.ndenumerate(values):
            dark = np.mean(picture.to_rgba(value)[:3]) < 0.5
            words = "" if np.isnan(value) else f"{value:{form}}"
            ax.text(place[1], place[0], words, ha="center", va="center", fontsize=7, color="w" if dark else "0.1")
    return picture


def shorten(name, longest=LONGEST_NAME):
    """Return a name that fits beside a picture."""
    name = str(name)
    return name if len(name) <= longest else f"{name[: longest - 1]}…"


def beside(n_names):
    """Options of a legend that stands right of its axes, in as many columns as its names need."""
    return {"loc": "center left", "bbox_to_anchor": (1.0, 0.5), "ncols": 1 + n_names // 16, "borderaxespad": 0.4}


def halo(colour="w"):
    """Effects that keep words readable on whatever lies below."""
    from matplotlib import patheffects

    return [patheffects.withStroke(linewidth=2.5, foreground=colour)]
