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

from .lanes import LANES, above, apart, fast, lowest, splat, where
from .places import load, page, row, splat_at, store, store_first
from .states import BACK, ODDS, ONE, PAIR, RELU, SIGMOID, ZERO, activate, prepare, sigmoid, start, step


@fast
def slopes(first, last, on, z, b, to_log_p, g):
    """g = dL/dlogits (blocks, D, LANES) = dL/dlog p (x - sigmoid(z + b)) of blocks first..last - 1, and 0 for rows beyond b."""
    for block in range(first, last):
        g[block, len(b) :] = ZERO
        for i in range(len(b)):
            p = sigmoid(load(row(z[block], i)) + splat(b[i]))
            x = where(np.int64(on[block, i]), splat(ONE), splat(ZERO))
            store(row(g[block], i), load(row(to_log_p, block)) * (x - p))
    return False


@fast
def _slope(h, mode):
    """act'(a), from h = act(a)."""
    return where(above(h, splat(ZERO)), splat(ONE), splat(ZERO)) if mode == RELU else h - h * h


@fast
def _two_rows(v, h, g, upper, n, images):
    """dL/dh += upper V_i + g_{i+1} V_{i+1}, and dL/dV of both rows grows by the same times h, four images at a time.

    v is the place of row i, g that of g_i.
    """
    apart()
    w, dv, dw = v + 2 * n, v + n, v + 3 * n
    for t in range(0, images, 4):
        g0, g1, g2, g3 = splat_at(upper + t), splat_at(upper + t + 1), splat_at(upper + t + 2), splat_at(upper + t + 3)
        lower = g + LANES + t
        g4, g5, g6, g7 = splat_at(lower), splat_at(lower + 1), splat_at(lower + 2), splat_at(lower + 3)
        h0 = h + 2 * n * t
        h1, h2, h3 = h0 + 2 * n, h0 + 4 * n, h0 + 6 * n
        for k in range(0, n, LANES):
            a, b, to_a, to_b = load(v + k), load(w + k), load(dv + k), load(dw + k)
            x = load(h0 + k)
            to_a, to_b = to_a + g0 * x, to_b + g4 * x
            store(h0 + n + k, load(h0 + n + k) + g0 * a + g4 * b)
            x = load(h1 + k)
            to_a, to_b = to_a + g1 * x, to_b + g5 * x
            store(h1 + n + k, load(h1 + n + k) + g1 * a + g5 * b)
            x = load(h2 + k)
            to_a, to_b = to_a + g2 * x, to_b + g6 * x
            store(h2 + n + k, load(h2 + n + k) + g2 * a + g6 * b)
            x = load(h3 + k)
            to_a, to_b = to_a + g3 * x, to_b + g7 * x
            store(h3 + n + k, load(h3 + n + k) + g3 * a + g7 * b)
            store(dv + k, to_a)
            store(dw + k, to_b)


@fast
def _back_through(w, v, a, h, g, n, mode):
    """An image goes back before its on-pixel i, with rows w and v; row i, with g_i = g, sees the h that was before."""
    slopes = splat(g)
    for k in range(0, n, PAIR):
        r, s = step(load(a + k), load(w + k), mode), step(load(a + k + LANES), load(w + k + LANES), mode)
        p, q = activate(r, s, mode)
        for at, state, before in ((k, r, p), (k + LANES, s, q)):
            to, to_v, to_w = load(v + at), load(v + n + at), load(w + n + at)  # all loads first, as in _advance
            down = load(a + n + at) + load(h + n + at) * _slope(load(h + at), mode)
            store(a + at, state)
            store(a + n + at, down)
            store(w + n + at, to_w + down)
            store(h + at, before)
            store(h + n + at, slopes * to)
            store(v + n + at, to_v + slopes * before)


@fast
def _take_back(w, v, a, h, g, n, mode):
    """_back_through, compiled for each mode on its own."""
    if mode == ODDS:
        _back_through(w, v, a, h, g, n, ODDS)
    elif mode == RELU:
        _back_through(w, v, a, h, g, n, RELU)
    else:
        _back_through(w, v, a, h, g, n, SIGMOID)


@fast
def _begin(states, top, images, mode, a, h):
    """What is known after the last pixel: the states, and no slope yet."""
    n = a.shape[1] // 2
    a[:, n:], h[:, n:] = ZERO, ZERO
    for t in range(images):
        a[t, :n] = states[top + t]
        for k in range(0, n, PAIR):
            p, q = activate(load(row(a, t) + k), load(row(a, t) + k + LANES), mode)
            store(row(h, t) + k, p)
            store(row(h, t) + k + LANES, q)


@fast
def _back(on, g, images, W, V, a, h, mode):
    """From the last pixel of a block to the first."""
    upper, n = np.empty(LANES, np.float32), a.shape[1] // 2
    for i in range(len(on) - 1, -1, -1):
        bits = np.int64(on[i])
        if i % 2 == 0:
            store(row(upper, 0), where(bits, splat(ZERO), load(row(g, i))))
            _two_rows(row(V, i), row(h, 0), row(g, i), row(upper, 0), n, images)
        while bits:
            t = lowest(bits)
            bits &= bits - 1
            _take_back(row(W, i), row(V, i), row(a, t), row(h, t), ZERO if i % 2 else g[i, t], n, mode)


@fast
def _end(a0, top, images, mode, a, h, a_first, h_first):
    """The run before the first on-pixel, whose state is known without any rounding: a's slopes are dL/da0 now."""
    n = a_first.shape[1]
    start(a0, top, images, mode, a_first, h_first)
    for t in range(images):
        for k in range(0, n, LANES):
            slope = load(row(h, t) + n + k) * _slope(load(row(h_first, t) + k), mode)
            store(row(a, t) + n + k, load(row(a, t) + n + k) + slope)


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
        for i in range(dims):
            for k in range(0, right - left, LANES):
                store_first(row(dW, i) + left + k, right - left - k, load(row(w, i) + n + k))
                store_first(row(dV, i) + left + k, right - left - k, load(row(v, i) + n + k))
    return False
