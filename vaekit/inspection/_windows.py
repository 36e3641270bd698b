"""Windows of time series: which images are some, and how they are drawn, as lines."""

import numpy as np

from vaekit.inspection._drawing import import_pyplot

__all__ = ["as_windows", "channel_limits", "draw_windows", "middle_of_rows"]

MOST_CHANNELS, LONG = 8, 3  # an image of few lines, and this much longer than it is high, is a window
FEWEST_STEPS = 8
WIDTH, GAP = 2.0, 0.25  # of a window's place, whose height is 1, and between two
INSIDE = 0.9  # of the band of a channel that its line fills


def as_windows(images, leading=1):
    """Return images as windows (..., n_channels, n_steps), or None if images are what they are.

    Few channels and many steps, (channels, steps), (steps, channels), (channels, 1, steps) or (channels, steps, 1),
    are a window: a picture of them is a strip that nobody can read. `leading` axes stand before those of an image.
    """
    shape = images.shape[leading:]
    return None if len(shape) < 2 else _without_height(images, (0, *shape)[-3:])


def _without_height(images, shape):
    channels, height, width = shape
    if channels and height == 1 and _is_long(channels, width):
        return images[..., 0, :]
    if channels and width == 1 and _is_long(channels, height):
        return images[..., 0]
    if channels > 1 or not (_is_long(height, width) or _is_long(width, height)):
        return None
    images = images[..., 0, :, :] if channels else images
    return images if width > height else images.swapaxes(-1, -2)


def _is_long(n_channels, n_steps):
    return n_channels <= MOST_CHANNELS and n_steps >= max(LONG * n_channels, FEWEST_STEPS)


def channel_limits(windows):
    """Return the lowest and the highest value of each channel."""
    axes = (*range(windows.ndim - 2), windows.ndim - 1)
    low, high = windows.min(axis=axes), windows.max(axis=axes)
    return low, np.where(high > low, high, low + 1)


def draw_windows(ax, windows, limits, *, background=True, **style):
    """Draw a grid of windows (n_rows, n_columns, n_channels, n_steps) as lines in places side by side.

    Every channel has a band of its own in each place, from its lowest value to its highest.
    """
    import_pyplot()
    from matplotlib.collections import LineCollection

    low, high = (np.asarray(limit, dtype=float)[:, None] for limit in limits)
    shares = np.clip((windows - low) / (high - low), -0.1, 1.1)
    n_rows, n_columns, n_channels, n_steps = windows.shape
    x = np.linspace(0, WIDTH, n_steps)
    band = np.arange(n_channels, 0, -1)[:, None] - 1 + (1 - INSIDE) / 2
    left = np.arange(n_columns)[:, None, None] * (WIDTH + GAP)
    bottom = -np.arange(n_rows)[:, None, None, None] * (1 + GAP) - 1
    y = bottom + (band + INSIDE * shares) / n_channels
    if background:
        _draw_places(ax, n_rows, n_columns)
    lines = np.stack(np.broadcast_arrays(x + left, y), axis=-1).reshape(-1, n_steps, 2)
    drawn = ax.add_collection(LineCollection(list(lines), **{"linewidths": 1.0, **style}))
    ax.set(xticks=[], yticks=[], xlim=(-GAP / 2, n_columns * (WIDTH + GAP) - GAP / 2),
           ylim=(-n_rows * (1 + GAP) + GAP / 2, GAP / 2))  # fmt: skip
    ax.spines[:].set_visible(False)
    return drawn


def _draw_places(ax, n_rows, n_columns):
    from matplotlib.collections import PolyCollection

    corners = np.array([[0, 0], [WIDTH, 0], [WIDTH, -1], [0, -1]])
    places = [corners + [j * (WIDTH + GAP), -i * (1 + GAP)] for i in range(n_rows) for j in range(n_columns)]
    ax.add_collection(PolyCollection(places, facecolors="0.96", edgecolors="none", zorder=0))


def middle_of_rows(n_rows):
    """Heights of the middles of rows of windows, for their labels."""
    return -np.arange(n_rows) * (1 + GAP) - 0.5
