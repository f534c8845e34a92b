"""Run-length NADE kernels for the CPU: the numbers of reference.py, tens of times faster.

The hidden state changes only at on-pixels (13 % of MNIST), so h = sigmoid(a) is computed once a *run*, the
stretch between two of them, and serves a whole run of rows of V. Three more ideas make it quick:

- Odds. The state kept is r = exp(-a/4), the fourth root of the odds: a pixel that is on multiplies it by
  exp(-W_i/4), computed once a call, and h = 1 / (1 + r^4) needs no exp at all. float32 holds r for |a| up to
  276; where a sigmoid would see more, the call is done again on a itself.
- Blocks. BLOCK images go through a row of V together, so the row is loaded once for all of them.
- Tiles. The path of a hidden unit does not depend on the other units, given the images and dL/dlogits. So
  gradients are taken a tile of units at a time: threads share nothing, and no result depends on them.

Every kernel does a stretch of the work, blocks or tiles ``first`` to ``last``, writes it into arrays that it is given,
and needs no interpreter while it runs: runlength.py cuts the work, prepares the arrays and owns the threads.
float32 only. H is padded with units whose weights are 0.
"""

import numpy as np
from numba import njit

BLOCK, ROWS, LANES, WIDEST = 8, 32, 16, 256
ODDS, SIGMOID, RELU = 0, 1, 2  # the state: exp(-a/4) for a sigmoid, a for a sigmoid, a for a ReLU
SMALLEST, LARGEST = np.float32(1e-30), np.float32(1e30)  # bounds of r: |a| < 276
FLAT = np.float32(1e9)  # at r above this, h is 0 in float32, and r^4 still is a number
LN2, ONE, ZERO = float(np.log(2.0)), np.float32(1), np.float32(0)
TAYLOR = tuple(np.float32(LN2**k / np.prod(np.arange(1.0, k + 1))) for k in range(8))  # of 2^f
# Sums may be reordered and divisions approximated to float32 accuracy; nothing here is ever infinite.
OPTIONS: dict = {
    "fastmath": {"reassoc", "contract", "nsz", "arcp", "nnan", "ninf"},
    "error_model": "numpy",
    "nogil": True,
}


def fast(function):
    """The function as machine code, kept on disk, beside this file, in the user's cache or in NUMBA_CACHE_DIR.

    Where none of these can be written, each process compiles it anew.
    """
    try:
        return njit(cache=True, **OPTIONS)(function)
    except RuntimeError:
        return njit(**OPTIONS)(function)


@fast
def _activate(a, h, mode):
    """h = act(state) of one image."""
    if mode == ODDS:
        for k in range(len(h)):
            square = (a[k] if a[k] < FLAT else FLAT) ** 2
            h[k] = ONE / (ONE + square * square)
    elif mode == RELU:
        for k in range(len(h)):
            h[k] = max(a[k], ZERO)
    else:
        for k in range(len(h)):
            h[k] = ONE / (ONE + np.exp(min(-a[k], np.float32(80))))


@fast
def _advance(a, w, h, mode):
    """Take one on-pixel into the state a, and h = act(a); True if odds left their bounds."""
    outside = ZERO  # a sum of floats: LLVM keeps such a loop vectorised, unlike one with a minimum and a maximum
    if mode == ODDS:
        for k in range(len(h)):
            r = a[k] * w[k]
            a[k] = r
            square = (r if r < FLAT else FLAT) ** 2
            h[k] = ONE / (ONE + square * square)
            outside += ONE if r < SMALLEST or r > LARGEST else ZERO
    else:
        for k in range(len(h)):
            a[k] += w[k]
        _activate(a, h, mode)
    return outside > ZERO


@fast
def _dots(v, h, out):
    """out[t] = v . h_t for the BLOCK images of h: the row v of V is read once."""
    s0 = s1 = s2 = s3 = s4 = s5 = s6 = s7 = ZERO
    h0, h1, h2, h3, h4, h5, h6, h7 = h[0], h[1], h[2], h[3], h[4], h[5], h[6], h[7]
    for k in range(len(v)):
        s0 += v[k] * h0[k]
        s1 += v[k] * h1[k]
        s2 += v[k] * h2[k]
        s3 += v[k] * h3[k]
        s4 += v[k] * h4[k]
        s5 += v[k] * h5[k]
        s6 += v[k] * h6[k]
        s7 += v[k] * h7[k]
    out[0], out[1], out[2], out[3], out[4], out[5], out[6], out[7] = s0, s1, s2, s3, s4, s5, s6, s7


@fast
def _start(a0, a, h, mode):
    """Load the states of a block of images, a0 (n, H), and their first hidden values."""
    for t in range(len(a0)):
        a[t, :] = a0[t]
        _activate(a[t], h[t], mode)


@fast
def _block_logits(x, W, V, b, a0, mode, a, h, z):
    """z[t, i] = logit_i of image t of a block x (n, D); True if odds left their bounds."""
    out = np.empty(BLOCK, np.float32)
    _start(a0, a, h, mode)
    for i in range(x.shape[1]):
        _dots(V[i], h, out)
        for t in range(len(x)):
            z[t, i] = out[t] + b[i]
            if x[t, i] and _advance(a[t], W[i], h[t], mode):
                return True
    return False


@fast
def logits(first, last, x, W, V, b, a0, mode, z):
    """z (B, D) of the blocks first..last - 1; True if odds left their bounds."""
    a, h = np.empty((BLOCK, V.shape[1]), np.float32), np.zeros((BLOCK, V.shape[1]), np.float32)
    for block in range(first, last):
        images = slice(block * BLOCK, (block + 1) * BLOCK)
        if _block_logits(x[images], W, V, b, a0[images], mode, a, h, z[images]):
            return True
    return False


@fast
def _sum_log_sigmoid(z, power, exponent):
    """sum_i log sigmoid(z_i) = sum_i min(z_i, 0) - log prod_i (1 + exp(-|z_i|)), 64 factors a logarithm.

    exp(y) = 2^n 2^f with n the nearest integer and 2^f from its Taylor series; 2^n is put together from its
    bits: ``exponent`` (int32) and ``power`` (float32) are two views of one scratch array.
    """
    total = 0.0
    for start in range(0, len(z), 64):
        size, below, product = min(64, len(z) - start), ZERO, ONE
        for j in range(size):
            scaled = max(-abs(z[start + j]) * np.float32(1 / LN2), np.float32(-125))
            n = np.int32(scaled - np.float32(0.5))
            f = scaled - np.float32(n)
            series = TAYLOR[7]
            for k in (6, 5, 4, 3, 2, 1, 0):
                series = series * f + TAYLOR[k]
            below += min(z[start + j], ZERO)
            z[start + j] = series
            exponent[j] = (n + 127) << 23
        for j in range(size):
            product *= ONE + z[start + j] * power[j]
        total += below - np.log(np.float64(product))
    return total


@fast
def log_prob(first, last, x, W, V, b, a0, mode, result):
    """log p(x) (B,) of the images of the blocks first..last - 1; True if odds left their bounds."""
    a, h = np.empty((BLOCK, V.shape[1]), np.float32), np.zeros((BLOCK, V.shape[1]), np.float32)
    z, power = np.empty((BLOCK, x.shape[1]), np.float32), np.empty(64, np.float32)
    exponent = power.view(np.int32)
    for top in range(first * BLOCK, last * BLOCK, BLOCK):
        images = x[top : top + BLOCK]
        if _block_logits(images, W, V, b, a0[top : top + BLOCK], mode, a, h, z):
            return True
        for t in range(len(images)):
            for i in range(x.shape[1]):
                z[t, i] = z[t, i] if images[t, i] else -z[t, i]
            result[top + t] = _sum_log_sigmoid(z[t], power, exponent)
    return False


@fast
def sample(first, last, u, W, V, b, a0, mode, temperature, x):
    """Images x (B, D) of the blocks first..last - 1 from uniforms u (B, D); True if odds left their bounds."""
    a, h = np.empty((BLOCK, V.shape[1]), np.float32), np.zeros((BLOCK, V.shape[1]), np.float32)
    out = np.empty(BLOCK, np.float32)
    for top in range(first * BLOCK, last * BLOCK, BLOCK):
        _start(a0[top : top + BLOCK], a, h, mode)
        for i in range(u.shape[1]):
            _dots(V[i], h, out)
            for t in range(min(BLOCK, len(u) - top)):
                p = ONE / (ONE + np.exp(min(-(out[t] + b[i]) / temperature, np.float32(80))))
                x[top + t, i] = ONE if u[top + t, i] < p else ZERO
                if u[top + t, i] < p and _advance(a[t], W[i], h[t], mode):
                    return True
    return False


@fast
def _add_hidden(dv, g, i, h, run):
    """dV_i += sum_t dL/dlogit_{t,i} h_t over the BLOCK images, each at its own run."""
    g0, g1, g2, g3, g4, g5, g6, g7 = g[0, i], g[1, i], g[2, i], g[3, i], g[4, i], g[5, i], g[6, i], g[7, i]
    h0, h1, h2, h3 = h[0, run[0]], h[1, run[1]], h[2, run[2]], h[3, run[3]]
    h4, h5, h6, h7 = h[4, run[4]], h[5, run[5]], h[6, run[6]], h[7, run[7]]
    for k in range(len(dv)):
        dv[k] += g0 * h0[k] + g1 * h1[k] + g2 * h2[k] + g3 * h3[k] + g4 * h4[k] + g5 * h5[k] + g6 * h6[k] + g7 * h7[k]


@fast
def _add_rows(dh, g, V, first, last):
    """dh += sum_i g_i V_i over the rows first..last of one run, four at a time."""
    i = first
    while i + 3 <= last:
        g0, g1, g2, g3 = g[i], g[i + 1], g[i + 2], g[i + 3]
        v0, v1, v2, v3 = V[i], V[i + 1], V[i + 2], V[i + 3]
        for k in range(len(dh)):
            dh[k] += g0 * v0[k] + g1 * v1[k] + g2 * v2[k] + g3 * v3[k]
        i += 4
    while i <= last:
        gi, v = g[i], V[i]
        for k in range(len(dh)):
            dh[k] += gi * v[k]
        i += 1


@fast
def _through_activation(da, dh, h, mode):
    """da += dL/dh act'(a), and dL/dh starts again from zero for the run before."""
    if mode == RELU:
        for k in range(len(dh)):
            da[k] += dh[k] if h[k] > ZERO else ZERO
            dh[k] = ZERO
    else:
        for k in range(len(dh)):
            da[k] += dh[k] * h[k] * (ONE - h[k])
            dh[k] = ZERO


@fast
def _forward_tile(x, g, W, dV, a, h, run, mode):
    """Walk a block through the pixels: keep the h of every run, add to dV; True if odds left their bounds."""
    run[:] = 0
    for t in range(BLOCK):
        _activate(a[t], h[t, 0], mode)
    for i in range(x.shape[1]):
        _add_hidden(dV[i], g, i, h, run)
        for t in range(len(x)):
            if x[t, i]:
                run[t] += 1
                if _advance(a[t], W[i], h[t, run[t]], mode):
                    return True
    return False


@fast
def _backward_tile(x, g, V, dW, da, dh, h, run, mode):
    """Walk back from the last pixel, ROWS of V at a time: dL/dh over each run, then dW at its on-pixel."""
    dims = x.shape[1]
    for top in range((dims - 1) // ROWS * ROWS, -1, -ROWS):
        for t in range(len(x)):
            last = min(top + ROWS, dims) - 1
            for i in range(last, top - 1, -1):
                if x[t, i]:  # the rows after i belong to the run that this pixel began
                    _add_rows(dh[t], g[t], V, i + 1, last)
                    _through_activation(da[t], dh[t], h[t, run[t]], mode)
                    dw = dW[i]
                    for k in range(len(dw)):
                        dw[k] += da[t, k]
                    run[t] -= 1
                    last = i
            _add_rows(dh[t], g[t], V, top, last)
    for t in range(len(x)):
        _through_activation(da[t], dh[t], h[t, 0], mode)


@fast
def backward(first, last, x, g, W, V, a0, mode, most_on, dW, dV, da0):
    """Adds to the gradients of W, V (tiles, D, width) and a0 (tiles, B, width), in the tiles first..last - 1.

    g (B, D) is dL/dlogits, padded with BLOCK rows of zeros. True if odds left their bounds.
    """
    width = V.shape[2]
    a, dh = np.ones((BLOCK, width), np.float32), np.empty((BLOCK, width), np.float32)
    h, run = np.empty((BLOCK, most_on + 1, width), np.float32), np.empty(BLOCK, np.int64)
    for tile in range(first, last):
        for top in range(0, len(x), BLOCK):
            images, slopes = x[top : top + BLOCK], g[top : top + BLOCK]
            a[: len(images)] = a0[tile, top : top + BLOCK]
            if _forward_tile(images, slopes, W[tile], dV[tile], a, h, run, mode):
                return True
            dh[:] = ZERO
            _backward_tile(images, slopes, V[tile], dW[tile], da0[tile, top:], dh, h, run, mode)
    return False
