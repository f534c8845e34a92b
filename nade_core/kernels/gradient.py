"""The gradient of the run-length kernels: dL/dW, dL/dV and dL/da0 from g = dL/dlogits, some hidden units at a time.

The path of a hidden unit does not depend on the other units, given the images and g. So a thread takes a tile of units
after another: threads share nothing, no result depends on them, and what a tile needs of W and V stays in the cache.

    forth: the state a of every run is computed again, and kept
    back:  dL/dh = sum_i g_i V_i and dL/dV_i = g_i h over the rows of a run, the last row first;
           at the pixel it began with dL/da += dL/dh act'(a), which is what dL/dW_i grows by, and dL/dh is 0 again

As in cpu.py two rows of V meet four images at a time. An image whose pixel is on in the first of them changes its h in
between: it leaves the first row out (its g is 0 there), and takes it on the way to the other h.
"""

import numpy as np

from .cpu import ODDS, PAIR, RELU, SIGMOID, ZERO, activate, prepare, step
from .lanes import LANES, above, apart, fast, load, lowest, splat, store, where


@fast
def _slope(h, mode):
    """act'(a), from h = act(a)."""
    return where(above(h, splat(ZERO)), splat(np.float32(1)), splat(ZERO)) if mode == RELU else h - h * h


@fast
def _forth(on, a0, top, images, W, mode, runs, run):
    """runs[t, n] is the state of image t after n of its on-pixels, and run[t] their number."""
    for t in range(images):
        first = t * (len(on) + 1)
        for k in range(0, W.shape[1], LANES):
            store(runs, first, k, load(a0, top + t if len(a0) > 1 else 0, k))
        run[t] = first
    for i in range(len(on)):
        bits = np.int64(on[i])
        while bits:
            t = lowest(bits)
            bits &= bits - 1
            for k in range(0, W.shape[1], LANES):
                store(runs, run[t] + 1, k, step(load(runs, run[t], k), load(W, i, k), mode))
            run[t] += 1


@fast
def _two_rows(V, dV, h, dh, g, upper, i, images):
    """dL/dh += upper V_i + g_{i+1} V_{i+1}, and dL/dV of both rows grows by the same times h, four images at a time."""
    apart()
    for t in range(0, images, 4):
        g0, g1, g2, g3 = splat(upper[0, t]), splat(upper[0, t + 1]), splat(upper[0, t + 2]), splat(upper[0, t + 3])
        g4, g5, g6, g7 = splat(g[i + 1, t]), splat(g[i + 1, t + 1]), splat(g[i + 1, t + 2]), splat(g[i + 1, t + 3])
        for k in range(0, V.shape[1], LANES):
            v, w, dv, dw = load(V, i, k), load(V, i + 1, k), load(dV, i, k), load(dV, i + 1, k)
            x = load(h, t, k)
            dv, dw = dv + g0 * x, dw + g4 * x
            store(dh, t, k, load(dh, t, k) + g0 * v + g4 * w)
            x = load(h, t + 1, k)
            dv, dw = dv + g1 * x, dw + g5 * x
            store(dh, t + 1, k, load(dh, t + 1, k) + g1 * v + g5 * w)
            x = load(h, t + 2, k)
            dv, dw = dv + g2 * x, dw + g6 * x
            store(dh, t + 2, k, load(dh, t + 2, k) + g2 * v + g6 * w)
            x = load(h, t + 3, k)
            dv, dw = dv + g3 * x, dw + g7 * x
            store(dh, t + 3, k, load(dh, t + 3, k) + g3 * v + g7 * w)
            store(dV, i, k, dv)
            store(dV, i + 1, k, dw)


@fast
def _back_through(i, t, g, V, dV, dW, h, dh, da, runs, run, mode):
    """Image t goes back before its on-pixel i; row i, with g_i = g, sees the h that was before."""
    slopes = splat(g)
    for k in range(0, V.shape[1], PAIR):
        p, q = activate(load(runs, run, k), load(runs, run, k + LANES), mode)
        for at, before in ((k, p), (k + LANES, q)):
            v, to_v, to_w = load(V, i, at), load(dV, i, at), load(dW, i, at)  # all loads first, as in _advance
            down = load(da, t, at) + load(dh, t, at) * _slope(load(h, t, at), mode)
            store(da, t, at, down)
            store(dW, i, at, to_w + down)
            store(h, t, at, before)
            store(dh, t, at, slopes * v)
            store(dV, i, at, to_v + slopes * before)


@fast
def _take_back(i, t, g, V, dV, dW, h, dh, da, runs, run, mode):
    """_back_through, compiled for each mode on its own."""
    if mode == ODDS:
        _back_through(i, t, g, V, dV, dW, h, dh, da, runs, run, ODDS)
    elif mode == RELU:
        _back_through(i, t, g, V, dV, dW, h, dh, da, runs, run, RELU)
    else:
        _back_through(i, t, g, V, dV, dW, h, dh, da, runs, run, SIGMOID)


@fast
def _begin(images, runs, run, mode, h, dh, da):
    """What is known after the last pixel: h of the last run, and no slope yet."""
    dh[:], da[:] = ZERO, ZERO
    for t in range(images):
        for k in range(0, h.shape[1], LANES):
            state = load(runs, run[t], k)
            store(h, t, k, activate(state, state, mode)[0])


@fast
def _back(on, g, images, V, dV, dW, h, dh, da, runs, run, mode):
    """From the last pixel of a block to the first."""
    upper = np.empty((1, LANES), np.float32)
    for i in range(len(on) - 1, -1, -1):
        bits = np.int64(on[i])
        if i % 2 == 0:
            store(upper, 0, 0, where(bits, splat(ZERO), load(g, i, 0)))
            _two_rows(V, dV, h, dh, g, upper, i, images)
        while bits:
            t = lowest(bits)
            bits &= bits - 1
            run[t] -= 1
            _take_back(i, t, ZERO if i % 2 else g[i, t], V, dV, dW, h, dh, da, runs, run[t], mode)
    for t in range(images):
        for k in range(0, V.shape[1], LANES):
            store(da, t, k, load(da, t, k) + load(dh, t, k) * _slope(load(h, t, k), mode))


@fast
def backward(first, last, on, g, W, V, a0, width, mode, dW, dV, da0):
    """dL/dW and dL/dV (D, H), dL/da0 (B, H), for the units of tiles first..last - 1, each of that width.

    on (blocks, D) is what is on in each block, g (blocks, D, LANES) is dL/dlogits, W and V (D, H) are as they are, and
    a0 is the state before the first pixel, in whole tiles: a row an image or one for all.
    """
    (count, hidden), rows = da0.shape, on.shape[1]
    factors, v = np.ones((rows, width), np.float32), np.zeros((rows, width), np.float32)
    dw, dv = np.empty((rows, width), np.float32), np.empty((rows, width), np.float32)
    h, dh, da = (
        np.zeros((LANES, width), np.float32),
        np.empty((LANES, width), np.float32),
        np.empty((LANES, width), np.float32),
    )
    runs, run = np.empty((LANES * (rows + 1), width), np.float32), np.empty(LANES, np.int64)
    wanted = np.ones(len(W), np.uint8)
    for left in range(first * width, last * width, width):
        right = min(left + width, hidden)
        prepare(0, len(W), W[:, left:right], V[:, left:right], wanted, mode, factors, v)
        dw[:], dv[:] = ZERO, ZERO
        for block in range(len(on)):
            top, images = block * LANES, min(LANES, count - block * LANES)
            _forth(on[block], a0[:, left : left + width], top, images, factors, mode, runs, run)
            _begin(images, runs, run, mode, h, dh, da)
            _back(on[block], g[block], images, v, dv, dw, h, dh, da, runs, run, mode)
            da0[top : top + images, left:right] = da[:images, : right - left]
        dW[:, left:right], dV[:, left:right] = dw[: len(dW), : right - left], dv[: len(dV), : right - left]
    return False
