"""Small pictures of rows as data URIs, without a library for pictures."""

import base64
import struct
import zlib

import numpy as np

from vaekit.inspection._drawing import as_shares
from vaekit.inspection._windows import as_windows, channel_limits

__all__ = ["png_uri", "thumbnails"]

HEIGHT, WIDTH = 16, 96  # pixels of a channel of a window
MOST_PIXELS = 64  # sides longer than that are thinned out


def thumbnails(rows, limits):
    """Return a data URI for each image (n_rows, [channels,] height, width) or window of time series."""
    windows = as_windows(rows)
    if windows is not None:
        low, high = channel_limits(windows)
        return [png_uri(_curve(window, low, high)) for window in windows]
    shares = as_shares(rows[:, None], limits)[:, 0]
    step = -(-max(shares.shape[1:3]) // MOST_PIXELS)
    return [png_uri(np.round(255 * image[::step, ::step]).astype(np.uint8)) for image in shares]


def png_uri(pixels):
    """Return uint8 pixels (height, width) or (height, width, 3) as the data URI of a PNG."""
    height, width = pixels.shape[:2]
    header = struct.pack(">IIBBBBB", width, height, 8, 2 if pixels.ndim == 3 else 0, 0, 0, 0)
    raw = b"".join(b"\0" + np.ascontiguousarray(line).tobytes() for line in pixels)
    parts = _chunk(b"IHDR", header) + _chunk(b"IDAT", zlib.compress(raw, 9)) + _chunk(b"IEND", b"")
    return "data:image/png;base64," + base64.b64encode(b"\x89PNG\r\n\x1a\n" + parts).decode()


def _chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _curve(window, low, high):
    """A window as pixels: a curve in a band for each channel."""
    bands = np.full((len(window), HEIGHT, WIDTH), 255, np.uint8)
    steps = np.linspace(0, window.shape[1] - 1, WIDTH)
    for band, line, least, most in zip(bands, window, low, high):
        values = np.interp(steps, np.arange(len(line)), (line - least) / (most - least))
        heights = np.round((1 - np.clip(values, 0, 1)) * (HEIGHT - 1)).astype(int)
        for x, (y, before) in enumerate(zip(heights, np.r_[heights[:1], heights[:-1]])):
            band[min(y, before) : max(y, before) + 1, x] = 40
    return bands.reshape(-1, WIDTH)
