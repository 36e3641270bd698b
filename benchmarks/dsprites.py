"""Seconds to draw all 737 280 dSprites images, beside a plain reading of their definition, image by image.

Run as `python benchmarks/dsprites.py`. They draw in turn, three times; the shortest time of each counts. The plain
reading draws a random sample, and its time for the whole grid is that of the sample times the ratio of their sizes.
"""

import time

import numpy as np

from vaekit.datasets import make_dsprites, render_dsprites

SIZES = (3, 6, 40, 32, 32)
N_IMAGES = int(np.prod(SIZES))
N_SAMPLE = 200
N_ROUNDS = 3


def outline(shape):
    if shape == 0:
        return 9.6 * np.array([[-1, 1, 1, -1], [-1, -1, 1, 1]])
    if shape == 1:
        t = 2 * np.pi * np.arange(100) / 100
        return np.stack([12.768 * np.cos(t), 9.6 / 1.33 * np.sin(t)])
    t = 2 * np.pi * np.arange(150) / 150
    height = 13 * np.cos(t) - 5 * np.cos(2 * t) - 2 * np.cos(3 * t) - np.cos(4 * t)
    return np.stack([9.6 * np.sin(t) ** 3, -9.6 / 14.5 * height - 1.44])


def plain_image(shape, scale, orientation, pos_x, pos_y):
    """Return one image: a pixel is on when a ray from its centre crosses the outline an odd number of times."""
    s, t = 0.5 + 0.1 * scale, 2 * np.pi * orientation / 39
    u, w = outline(shape)
    x = 16 + 32 * pos_x / 31 + s * (np.cos(t) * u + np.sin(t) * w)
    y = 16 + 32 * pos_y / 31 + s * (-np.sin(t) * u + np.cos(t) * w)
    x0, y0 = (np.floor(256 * v + 0.5).astype(int) for v in (x, y))
    x1, y1 = np.roll(x0, -1), np.roll(y0, -1)
    py = px = 256 * np.arange(64)[:, None] + 128
    spans = (y0 < py) != (y1 < py)
    left = ((px[:, None] - x0) * (y1 - y0) - (x1 - x0) * (py - y0)) * np.sign(y1 - y0) >= 0
    return (spans & left).sum(axis=-1).T % 2


def seconds(draw, *arguments, **options):
    start = time.perf_counter()
    draw(*arguments, **options)
    return time.perf_counter() - start


def main():
    sample = np.random.default_rng(0).integers(0, SIZES, size=(N_SAMPLE, len(SIZES)))
    same = np.mean([np.array_equal(plain_image(*row), image) for row, image in zip(sample, render_dsprites(sample))])
    rounds = [
        (
            seconds(make_dsprites, packed=True),
            seconds(make_dsprites),
            seconds(lambda: [plain_image(*row) for row in sample]) * N_IMAGES / N_SAMPLE,
        )
        for _ in range(N_ROUNDS)
    ]
    packed, unpacked, plain = np.min(rounds, axis=0)
    print(f"{same:.1%} of {N_SAMPLE} sampled images equal the plain reading")
    for name, total in (("packed, 377 MB", packed), ("uint8, 3 GB", unpacked), ("plain reading (extrapolated)", plain)):
        print(
            f"{name:30s} {total:8.1f} s {N_IMAGES / total:10.0f} images/s {plain / total:8.0f} times the plain reading"
        )


if __name__ == "__main__":
    main()
