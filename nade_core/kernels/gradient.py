"""The gradient of the run-length kernels: dL/dW, dL/dV and dL/da0 from g = dL/dlogits, some hidden units at a time.

The path of a hidden unit does not depend on the other units, given the images and g. So a thread takes a tile of units
after another: threads share nothing, no result depends on them, and what a tile needs of W and V stays in the cache.
It goes from the last row to the first, and takes a pixel back where it is on:

    dL/dh = sum_i g_i V_i and dL/dV_i = g_i h over the rows of a run;
    at the pixel it began with dL/da += dL/dh act'(a), which is what dL/dW_i grows by; dL/dh is 0 again; and the state,
    which the way forth left as it was after the last pixel, is what it was before: r exp(W_i/4), or a - W_i

As in cpu.py rows of V meet four images at a time, here two. An image whose pixel is on in the first of them changes
its h in between: it leaves the first row out (its g is 0 there), and takes it on the way to the other h.

Values and slopes stand side by side: a row of V is V_i and then dL/dV_i, and so of W (the steps back, and dL/dW_i), of a
and of h. So no load is at the place in a page of memory of a store just before, for which it would wait.
"""

import numpy as np

from .cpu import BACK, ODDS, ONE, PAIR, RELU, SIGMOID, STEEP, ZERO, activate, prepare, start, step
from .lanes import LANES, above, apart, exp, fast, least, load, lowest, page, splat, store, where


@fast
def slopes(first, last, on, z, b, to_log_p, g):
    """g = dL/dlogits (blocks, D, LANES) = dL/dlog p (x - sigmoid(z + b)) of blocks first..last - 1, and 0 for rows beyond b."""
    for block in range(first, last):
        g[block, len(b) :] = ZERO
        for i in range(len(b)):
            p = splat(ONE) / (splat(ONE) + exp(least(splat(STEEP), splat(ZERO) - load(z[block], i, 0) - splat(b[i]))))
            x = where(np.int64(on[block, i]), splat(ONE), splat(ZERO))
            store(g[block], i, 0, load(to_log_p, block, 0) * (x - p))
    return False


@fast
def _slope(h, mode):
    """act'(a), from h = act(a)."""
    return where(above(h, splat(ZERO)), splat(ONE), splat(ZERO)) if mode == RELU else h - h * h


@fast
def _two_rows(V, h, g, upper, i, images):
    """dL/dh += upper V_i + g_{i+1} V_{i+1}, and dL/dV of both rows grows by the same times h, four images at a time."""
    apart()
    n = V.shape[1] // 2
    for t in range(0, images, 4):
        g0, g1, g2, g3 = splat(upper[0, t]), splat(upper[0, t + 1]), splat(upper[0, t + 2]), splat(upper[0, t + 3])
        g4, g5, g6, g7 = splat(g[i + 1, t]), splat(g[i + 1, t + 1]), splat(g[i + 1, t + 2]), splat(g[i + 1, t + 3])
        for k in range(0, n, LANES):
            v, w, dv, dw = load(V, i, k), load(V, i + 1, k), load(V, i, n + k), load(V, i + 1, n + k)
            x = load(h, t, k)
            dv, dw = dv + g0 * x, dw + g4 * x
            store(h, t, n + k, load(h, t, n + k) + g0 * v + g4 * w)
            x = load(h, t + 1, k)
            dv, dw = dv + g1 * x, dw + g5 * x
            store(h, t + 1, n + k, load(h, t + 1, n + k) + g1 * v + g5 * w)
            x = load(h, t + 2, k)
            dv, dw = dv + g2 * x, dw + g6 * x
            store(h, t + 2, n + k, load(h, t + 2, n + k) + g2 * v + g6 * w)
            x = load(h, t + 3, k)
            dv, dw = dv + g3 * x, dw + g7 * x
            store(h, t + 3, n + k, load(h, t + 3, n + k) + g3 * v + g7 * w)
            store(V, i, n + k, dv)
            store(V, i + 1, n + k, dw)


@fast
def _back_through(i, t, g, W, V, a, h, mode):
    """Image t goes back before its on-pixel i; row i, with g_i = g, sees the h that was before."""
    n, slopes = V.shape[1] // 2, splat(g)
    for k in range(0, n, PAIR):
        r, s = step(load(a, t, k), load(W, i, k), mode), step(load(a, t, k + LANES), load(W, i, k + LANES), mode)
        p, q = activate(r, s, mode)
        for at, state, before in ((k, r, p), (k + LANES, s, q)):
            v, to_v, to_w = load(V, i, at), load(V, i, n + at), load(W, i, n + at)  # all loads first, as in _advance
            down = load(a, t, n + at) + load(h, t, n + at) * _slope(load(h, t, at), mode)
            store(a, t, at, state)
            store(a, t, n + at, down)
            store(W, i, n + at, to_w + down)
            store(h, t, at, before)
            store(h, t, n + at, slopes * v)
            store(V, i, n + at, to_v + slopes * before)


@fast
def _take_back(i, t, g, W, V, a, h, mode):
    """_back_through, compiled for each mode on its own."""
    if mode == ODDS:
        _back_through(i, t, g, W, V, a, h, ODDS)
    elif mode == RELU:
        _back_through(i, t, g, W, V, a, h, RELU)
    else:
        _back_through(i, t, g, W, V, a, h, SIGMOID)


@fast
def _begin(states, top, images, mode, a, h):
    """What is known after the last pixel: the states, and no slope yet."""
    n = a.shape[1] // 2
    a[:, n:], h[:, n:] = ZERO, ZERO
    for t in range(images):
        a[t, :n] = states[top + t]
        for k in range(0, n, PAIR):
            p, q = activate(load(a, t, k), load(a, t, k + LANES), mode)
            store(h, t, k, p)
            store(h, t, k + LANES, q)


@fast
def _back(on, g, images, W, V, a, h, mode):
    """From the last pixel of a block to the first."""
    upper = np.empty((1, LANES), np.float32)
    for i in range(len(on) - 1, -1, -1):
        bits = np.int64(on[i])
        if i % 2 == 0:
            store(upper, 0, 0, where(bits, splat(ZERO), load(g, i, 0)))
            _two_rows(V, h, g, upper, i, images)
        while bits:
            t = lowest(bits)
            bits &= bits - 1
            _take_back(i, t, ZERO if i % 2 else g[i, t], W, V, a, h, mode)


@fast
def _end(a0, top, images, mode, a, h, a_first, h_first):
    """The run before the first on-pixel, whose state is known without any rounding: a's slopes are dL/da0 now."""
    n = a_first.shape[1]
    start(a0, top, images, mode, a_first, h_first)
    for t in range(images):
        for k in range(0, n, LANES):
            slope = load(h, t, n + k) * _slope(load(h_first, t, k), mode)
            store(a, t, n + k, load(a, t, n + k) + slope)


@fast
def backward(first, last, on, g, W, V, a0, states, width, mode, dW, dV, da0):
    """dL/dW and dL/dV (D, H), dL/da0 (B, H), for the units of tiles first..last - 1, each of that width.

    on (blocks, D) is what is on in each block, g (blocks, D, LANES) is dL/dlogits, W and V (D, H) are as they are, a0 is
    before the first pixel, a row an image or one for all, and states (B, whole tiles) are those after the last.
    """
    (count, hidden), (dims, _), rows, n = da0.shape, W.shape, on.shape[1], width
    w, v = page(2 * rows * n, 0).reshape(rows, 2 * n), page(2 * rows * n, 0).reshape(rows, 2 * n)
    a, h = page(2 * LANES * n, 0).reshape(LANES, 2 * n), page(2 * LANES * n, 0).reshape(LANES, 2 * n)
    a_first, h_first = np.zeros((LANES, n), np.float32), np.zeros((LANES, n), np.float32)
    wanted, largest = np.ones(dims, np.uint8), np.empty(1, np.float32)
    for left in range(first * n, last * n, n):
        right = min(left + n, hidden)
        prepare(0, dims, W[:, left:right], V[:, left:right], wanted, BACK, mode, n, w, v, largest)
        w[:, n:], v[:, n:] = ZERO, ZERO
        for block in range(len(on)):
            top, images = block * LANES, min(LANES, count - block * LANES)
            _begin(states[:, left : left + n], top, images, mode, a, h)
            _back(on[block], g[block], images, w, v, a, h, mode)
            _end(a0[:, left:right], top, images, mode, a, h, a_first, h_first)
            da0[top : top + images, left:right] = a[:images, n : n + right - left]
        dW[:, left:right], dV[:, left:right] = w[:dims, n : n + right - left], v[:dims, n : n + right - left]
    return False
