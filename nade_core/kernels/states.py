"""The hidden state of an image, and the weights as it takes them.

The state kept is r = exp(-a/4), the fourth root of the odds: a pixel that is on multiplies it by exp(-W_i/4), computed
once a call, and h = 1 / (1 + r^4) needs no exp at all. float32 holds r for |a| up to 345: it is looked at after so many
steps that from 276 it cannot get there, and a call in which it went beyond 276 is done again on a itself.
"""

import numpy as np

from .lanes import LANES, above, exp, fast, inverses, least, splat, where
from .places import load, load_first, page, row, store

ODDS, SIGMOID, RELU = 0, 1, 2  # the state: exp(-a/4) for a sigmoid, a for a sigmoid, a for a ReLU
SMALLEST, LARGEST = np.float32(1e-30), np.float32(1e30)  # r is looked at to be between: |a| < 276
SAFE, LOST = np.float32(276), np.float32(345)  # |a| where odds are taken back, and where float32 loses them
NONE = np.float32(-100)  # a of a unit that is not there: h = 0
FLAT = np.float32(5e4)  # at r above this h is below 2e-19, and two times 1 + r^4 still are a number
ZERO, ONE, QUARTER, STEEP = np.float32(0), np.float32(1), np.float32(-0.25), np.float32(80)
FORTH, BACK = np.float32(1), np.float32(-1)  # the directions in which a pixel that is on changes the state
ROWS = 3  # of V in a tile
ROWS_UP = 6  # what the number of rows is rounded up to, for these tiles and for those of two rows in gradient.py
PAIR = 2 * LANES  # what the number of units is rounded up to
APART = 176  # float32 between two beginnings: 11 lines of the cache


@fast
def sigmoid(y):
    """1 / (1 + exp(-y))"""
    return splat(ONE) / (splat(ONE) + exp(least(splat(STEEP), splat(ZERO) - y)))


@fast
def activate(a, b, mode):
    """h of two states."""
    if mode == ODDS:
        x, y = least(splat(FLAT), a), least(splat(FLAT), b)
        x, y = x * x, y * y
        return inverses(splat(ONE) + x * x, splat(ONE) + y * y)
    if mode == RELU:
        return where(above(splat(ZERO), a), splat(ZERO), a), where(above(splat(ZERO), b), splat(ZERO), b)
    return sigmoid(a), sigmoid(b)


@fast
def step(a, w, mode):
    """The state after a pixel that is on; before it, where w is of the way back."""
    return a * w if mode == ODDS else a + w


@fast
def outside(a, width):
    """Whether an image's odds are where float32 might lose them soon."""
    bits = 0
    for k in range(0, width, LANES):
        r = load(a + k)
        bits |= above(splat(SMALLEST), r) | above(r, splat(LARGEST))
    return bits != 0


@fast
def prepare(first, last, W, V, wanted, way, mode, width, factors, rows, largest):
    """Rows first..last - 1 of exp(-W/4), or of W where the state is a, if they are wanted, and of V, to that width.

    With ``way`` BACK it is exp(W/4), or -W. largest[first] becomes the largest |W| in them.
    """
    hidden, most, lane = W.shape[1], splat(ZERO), np.empty(LANES, np.float32)
    for i in range(first, last):
        for k in range(0, width, LANES):
            store(row(rows, i) + k, load_first(row(V, i) + k, hidden - k))
        if wanted[i]:
            for k in range(0, width, LANES):
                w = load_first(row(W, i) + k, hidden - k) * splat(way)
                size = where(above(w, splat(ZERO)), w, splat(ZERO) - w)
                most = where(above(size, most), size, most)
                store(row(factors, i) + k, exp(w * splat(QUARTER)) if mode == ODDS else w)
    store(row(lane, 0), most)
    largest[first] = lane.max()
    return False


@fast
def steps_between(largest):
    """After how many steps odds are to be looked at: so many cannot lead from SAFE to LOST; 0 if one may."""
    most = largest.max()
    return np.int64((LOST - SAFE) / max(most, np.float32(1e-3))) if most < LOST - SAFE else 0


@fast
def rooms(W):
    """a and h of a block, LANES rows each, of zeros.

    A load waits for an earlier store at the same place in a page of memory, though the page be another: so the rows of
    a, of h and of the weights begin at places that are far from each other (but for odd widths).
    """
    shape, first = (LANES, W.shape[1]), W.ctypes.data // 4 + APART
    size = LANES * W.shape[1]
    return page(size, first).reshape(shape), page(size, first + size + APART).reshape(shape)


@fast
def start(a0, top, images, mode, a, h):
    """The states of a block's images before the first pixel, from a row of a0 each or one for all; True if no odds can be."""
    hidden, beyond = a0.shape[1], 0
    for t in range(images):
        if t and len(a0) == 1:
            a[t], h[t] = a[0], h[0]
            continue
        a[t, :hidden], a[t, hidden:] = a0[top + t if len(a0) > 1 else 0], NONE
        for k in range(0, a.shape[1], PAIR):
            p, q = load(row(a, t) + k), load(row(a, t) + k + LANES)
            if mode == ODDS:
                beyond |= above(p, splat(SAFE)) | above(q, splat(SAFE))
                beyond |= above(splat(ZERO) - p, splat(SAFE)) | above(splat(ZERO) - q, splat(SAFE))
                p, q = exp(p * splat(QUARTER)), exp(q * splat(QUARTER))
            store(row(a, t) + k, p)
            store(row(a, t) + k + LANES, q)
            p, q = activate(p, q, mode)
            store(row(h, t) + k, p)
            store(row(h, t) + k + LANES, q)
    return beyond != 0
