"""What the displays share when they draw; matplotlib is imported here, and only when something is drawn."""

import numpy as np

__all__ = ["COLORS", "MUTED", "draw_images", "draw_points", "import_pyplot", "make_axes", "mosaic"]

COLORS = ("#4878a8", "#6aa84f", "#d1793a", "#8c6bb1", "#b65c6c")
MUTED = "0.6"


def import_pyplot():
    """Return matplotlib.pyplot, or raise the ImportError that says how to get it."""
    try:
        import matplotlib.pyplot as plt
    except ImportError as error:
        raise ImportError("Displays are drawn with matplotlib: pip install 'vaekit[plot]'.") from error
    return plt


def make_axes(ax, n_columns, *, size=(3.2, 3.0), **sharing):
    """Return a figure and an array of `n_columns` axes side by side.

    `ax` is None (a new figure), one axes (its place is divided), or that many axes; `sharing` is sharex and sharey of
    those that are made here.
    """
    plt = import_pyplot()
    if ax is None:
        width, height = size
        figure, axes = plt.subplots(
            1, n_columns, figsize=(width * n_columns, height), layout="constrained", squeeze=False, **sharing
        )
        return figure, axes[0]
    if isinstance(ax, plt.Axes):
        if n_columns == 1:
            return ax.figure, np.array([ax])
        if ax.get_subplotspec() is None:
            raise ValueError(
                f"ax was placed by hand and cannot be divided into {n_columns}; make it with plt.subplots(), or "
                f"pass {n_columns} axes."
            )
        ax.set_axis_off()
        grid = ax.get_subplotspec().subgridspec(1, n_columns)
        return ax.figure, grid.subplots(squeeze=False, **sharing)[0]
    axes = np.ravel(ax)
    if len(axes) != n_columns:
        raise ValueError(f"ax must be one axes or {n_columns} of them, got {len(axes)}.")
    return axes[0].figure, axes


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
    low, high = limits
    scaled = np.clip((images.astype(float) - low) / ((high - low) or 1.0), 0, 1)
    if scaled.ndim == 5:
        if scaled.shape[2] not in (1, 3):
            raise ValueError(
                f"Images of {scaled.shape[2]} channels cannot be drawn: 1 or 3 must stand before height and width."
            )
        scaled = np.moveaxis(scaled, 2, -1)
        scaled = scaled[..., 0] if scaled.shape[-1] == 1 else scaled
    picture = mosaic(scaled)
    gaps = np.isnan(picture if picture.ndim == 2 else picture[..., 0])
    colours = plt.get_cmap(cmap)(picture) if picture.ndim == 2 else np.dstack([picture, np.ones(gaps.shape)])
    colours[gaps] = (1, 1, 1, 0)
    ax.imshow(colours, interpolation="nearest")
    ax.set(xticks=[], yticks=[])
    ax.spines[:].set_visible(False)


def draw_points(ax, points, **style):
    """Draw a cloud of points (n, 2), lighter the more there are, and return it."""
    alpha = float(np.clip(300 / max(len(points), 1), 0.25, 0.9))
    return ax.scatter(*points.T, **{"s": 6, "alpha": alpha, "linewidths": 0, "rasterized": True, **style})
