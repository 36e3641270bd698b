"""Convolutions of many models as matrix products in Triton: kernels of 4, stride 2, padding 1, one model per program.

A big image and a small one, of half its sides, are tied by w[tap, big channel, small channel] in both directions, where
tap = 4 kh + kw: pixel (h, w) of the small image sees pixel (2 h + kh - 1, 2 w + kw - 1) of the big one through it.

* `halve_kernel`: small[r, s] = sum over k = (tap, c) of big[r, k] w[k, s]: a convolution, and the gradient by the input
  of a transposed one.
* `double_kernel`: the same backwards, for pixels of one of four parities, each of which four taps meet: a transposed
  convolution, and the gradient by the input of one.
* `gradient_kernel`: w'[k, s] = sum over rows r of big[r, k] small[r, s], in shares of the rows.

Sums are in single precision and in a fixed order, so that the same call gives the same bits. Images have any strides;
weights and results are contiguous, channels last.
"""

import triton
import triton.language as tl

__all__ = ["double_kernel", "gradient_kernel", "halve_kernel"]


@triton.jit
def halve_kernel(
    big, weight, bias, small, n_rows, n_h, n_w, big_h, big_w, of_model, of_image, of_channel, of_h, of_w,
    C: tl.constexpr, S: tl.constexpr, HAS_BIAS: tl.constexpr, IS_WIDE: tl.constexpr, PRECISION: tl.constexpr,
    BLOCK_R: tl.constexpr, BLOCK_K: tl.constexpr, BLOCK_N: tl.constexpr,
):  # fmt: skip
    """Rows are pixels of the small image; the sum goes over taps and channels of the big one."""
    model = tl.program_id(1).to(tl.int64)
    row = tl.program_id(0) * BLOCK_R + tl.arange(0, BLOCK_R)
    out = tl.program_id(2) * BLOCK_N + tl.arange(0, BLOCK_N)
    image, h, w = (row // (n_w * n_h)).to(tl.int64), row // n_w % n_h, row % n_w
    total = tl.zeros((BLOCK_R, BLOCK_N), tl.float32)
    for start in range(0, 16 * C, BLOCK_K):
        k = start + tl.arange(0, BLOCK_K)
        tap, c = k // C, k % C
        at_h, at_w = 2 * h[:, None] + (tap // 4)[None, :] - 1, 2 * w[:, None] + (tap % 4)[None, :] - 1
        inside = (at_h >= 0) & (at_h < big_h) & (at_w >= 0) & (at_w < big_w)
        place = model * of_model + image[:, None] * of_image + c[None, :] * of_channel + at_h * of_h + at_w * of_w
        x = tl.load(big + place, mask=inside & (row < n_rows)[:, None] & (k < 16 * C)[None, :], other=0.0)
        known = (k < 16 * C)[:, None] & (out < S)[None, :]
        y = tl.load(weight + model * (16 * C * S) + k[:, None] * S + out[None, :], mask=known, other=0.0)
        if IS_WIDE:
            x, y = x.to(tl.float32), y.to(tl.float32)
        total = tl.dot(x, y, total, input_precision=PRECISION)
    if HAS_BIAS:
        total += tl.load(bias + model * S + out, mask=out < S, other=0.0).to(tl.float32)[None, :]
    place = model * n_rows * S + row[:, None].to(tl.int64) * S + out[None, :]
    tl.store(small + place, total.to(small.dtype.element_ty), mask=(row < n_rows)[:, None] & (out < S)[None, :])


@triton.jit
def double_kernel(
    small, weight, bias, big, n_images, n_h, n_w, big_h, big_w, of_model, of_image, of_channel, of_h, of_w,
    C: tl.constexpr, S: tl.constexpr, HAS_BIAS: tl.constexpr, IS_WIDE: tl.constexpr, PRECISION: tl.constexpr,
    BLOCK_R: tl.constexpr, BLOCK_K: tl.constexpr, BLOCK_N: tl.constexpr,
):  # fmt: skip
    """Rows are pixels (2 q + ph, 2 p + pw) of the big image, of one parity; the sum goes over the four taps of it."""
    model = tl.program_id(1).to(tl.int64)
    ph, pw = tl.program_id(2) % 4 // 2, tl.program_id(2) % 2
    row = tl.program_id(0) * BLOCK_R + tl.arange(0, BLOCK_R)
    out = tl.program_id(2) // 4 * BLOCK_N + tl.arange(0, BLOCK_N)
    half_h, half_w = (big_h + 1) // 2, (big_w + 1) // 2
    image, q, p = (row // (half_w * half_h)).to(tl.int64), row // half_w % half_h, row % half_w
    total = tl.zeros((BLOCK_R, BLOCK_N), tl.float32)
    for start in range(0, 4 * S, BLOCK_K):
        k = start + tl.arange(0, BLOCK_K)
        a, e, s = k // S // 2, k // S % 2, k % S
        at_h, at_w = (q + ph)[:, None] - a[None, :], (p + pw)[:, None] - e[None, :]
        inside = (at_h >= 0) & (at_h < n_h) & (at_w >= 0) & (at_w < n_w)
        known = (image < n_images)[:, None] & (k < 4 * S)[None, :]
        place = model * of_model + image[:, None] * of_image + s[None, :] * of_channel + at_h * of_h + at_w * of_w
        x = tl.load(small + place, mask=inside & known, other=0.0)
        tap = (1 - ph + 2 * a) * 4 + 1 - pw + 2 * e
        place = model * (16 * C * S) + (tap * S + s)[:, None] * C + out[None, :]
        y = tl.load(weight + place, mask=(k < 4 * S)[:, None] & (out < C)[None, :], other=0.0)
        if IS_WIDE:
            x, y = x.to(tl.float32), y.to(tl.float32)
        total = tl.dot(x, y, total, input_precision=PRECISION)
    if HAS_BIAS:
        total += tl.load(bias + model * C + out, mask=out < C, other=0.0).to(tl.float32)[None, :]
    at_h, at_w = 2 * q + ph, 2 * p + pw
    known = (image < n_images) & (at_h < big_h) & (at_w < big_w)
    pixel = ((model * n_images + image) * big_h + at_h) * big_w + at_w
    tl.store(
        big + pixel[:, None] * C + out[None, :],
        total.to(big.dtype.element_ty),
        mask=known[:, None] & (out < C)[None, :],
    )


@triton.jit
def gradient_kernel(
    big, small, shares, n_models, n_rows, rows_of_share, n_h, n_w, big_h, big_w,
    of_model, of_image, of_channel, of_h, of_w,
    small_of_model, small_of_image, small_of_channel, small_of_h, small_of_w,
    C: tl.constexpr, S: tl.constexpr, IS_WIDE: tl.constexpr, PRECISION: tl.constexpr,
    BLOCK_R: tl.constexpr, BLOCK_K: tl.constexpr, BLOCK_N: tl.constexpr,
):  # fmt: skip
    """A block of taps and channels of the big image against channels of the small one, over one share of the rows."""
    model = tl.program_id(1).to(tl.int64)
    n_blocks = (S + BLOCK_N - 1) // BLOCK_N
    share = (tl.program_id(2) // n_blocks).to(tl.int64)
    out = tl.program_id(2) % n_blocks * BLOCK_N + tl.arange(0, BLOCK_N)
    k = tl.program_id(0) * BLOCK_K + tl.arange(0, BLOCK_K)
    tap, c = k // C, k % C
    total = tl.zeros((BLOCK_K, BLOCK_N), tl.float32)
    for start in range(0, rows_of_share, BLOCK_R):
        in_share = start + tl.arange(0, BLOCK_R)
        row = share * rows_of_share + in_share
        known = (row < n_rows) & (in_share < rows_of_share)
        image, h, w = row // (n_w * n_h), row // n_w % n_h, row % n_w
        at_h, at_w = 2 * h[None, :] + (tap // 4)[:, None] - 1, 2 * w[None, :] + (tap % 4)[:, None] - 1
        inside = (at_h >= 0) & (at_h < big_h) & (at_w >= 0) & (at_w < big_w)
        place = model * of_model + image[None, :] * of_image + c[:, None] * of_channel + at_h * of_h + at_w * of_w
        x = tl.load(big + place, mask=inside & known[None, :] & (k < 16 * C)[:, None], other=0.0)
        place = model * small_of_model + (image * small_of_image + h * small_of_h + w * small_of_w)[:, None]
        y = tl.load(
            small + place + out[None, :] * small_of_channel, mask=known[:, None] & (out < S)[None, :], other=0.0
        )
        if IS_WIDE:
            x, y = x.to(tl.float32), y.to(tl.float32)
        total = tl.dot(x, y, total, input_precision=PRECISION)
    place = (share * n_models + model) * (16 * C * S) + k[:, None] * S + out[None, :]
    tl.store(shares + place, total, mask=(k < 16 * C)[:, None] & (out < S)[None, :])
