"""Run-length NADE kernels for the CPU: the numbers of reference.py, tens of times faster.

The hidden state changes only at on-pixels (13 % of MNIST), so h = act(a) is computed once a *run*, the stretch between
two of them, and serves a whole run of rows of V. Three more ideas make it quick:

- Odds. The state kept is r = exp(-a/4), the fourth root of the odds: a pixel that is on multiplies it by
  exp(-W_i/4), computed once a call, and h = 1 / (1 + r^4) needs no exp at all. float32 holds r for |a| up to 345: it is
  looked at after so many steps that from 276 it cannot get there, and a call in which it went beyond 276 is done again
  on a itself.
- Tiles. Three rows of V meet four images at a time: twelve dot products stay in registers, and seven loads serve twelve
  multiply-adds; one row and one image at a time would take two a multiply-add, and wait for them.
- The later rows of a tile are wrong for an image whose pixel is on in an earlier one: its h has changed. Computing the
  new h brings the dot products with the next two rows along, a multiply-add a vector each, and these replace them.

Images go in blocks of LANES, one a lane where they are computed pixel by pixel. What is on in a block is an integer a
pixel, a bit an image, so that a pixel that is off in all of them is one comparison. A dot product is summed in the same
order in a tile and along the way: what an image is worth does not depend on what else is in its block.

Every kernel does a stretch of the work, blocks (rows, where it prepares) ``first`` to ``last``, writes it into arrays
that it is given, and needs no interpreter while it runs: runlength.py cuts the work, makes the arrays and owns the
threads. float32 only. H is padded to pairs of whole vectors with units whose h is 0, D with pixels that are off.
"""

import numpy as np

from .lanes import (
    LANES,
    above,
    apart,
    exp,
    fast,
    inverses,
    least,
    load,
    lowest,
    page,
    splat,
    store,
    store_totals,
    total,
    where,
)

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
FACTORS = 64  # of 1 + exp(-|z|), each at most 2, that are multiplied before a logarithm is taken


@fast
def activate(a, b, mode):
    """h of two states."""
    if mode == ODDS:
        x, y = least(splat(FLAT), a), least(splat(FLAT), b)
        x, y = x * x, y * y
        return inverses(splat(ONE) + x * x, splat(ONE) + y * y)
    if mode == RELU:
        return where(above(splat(ZERO), a), splat(ZERO), a), where(above(splat(ZERO), b), splat(ZERO), b)
    one, zero = splat(ONE), splat(ZERO)
    return one / (one + exp(least(splat(STEEP), zero - a))), one / (one + exp(least(splat(STEEP), zero - b)))


@fast
def step(a, w, mode):
    """The state after a pixel that is on; before it, where w is of the way back."""
    return a * w if mode == ODDS else a + w


@fast
def _outside(a, t):
    """Whether the odds of image t are where float32 might lose them soon."""
    bits = 0
    for k in range(0, a.shape[1], LANES):
        r = load(a, t, k)
        bits |= above(splat(SMALLEST), r) | above(r, splat(LARGEST))
    return bits != 0


@fast
def prepare(first, last, W, V, wanted, way, mode, width, factors, rows, largest):
    """Rows first..last - 1 of exp(-W/4), or of W where the state is a, if they are wanted, and of V, to that width.

    With ``way`` BACK it is exp(W/4), or -W. largest[first] becomes the largest |W| in them.
    """
    hidden = W.shape[1]
    row, most = np.zeros((1, width), np.float32), splat(ZERO)
    for i in range(first, last):
        rows[i, :hidden], rows[i, hidden:width] = V[i], ZERO
        if wanted[i]:
            row[0, :hidden] = W[i]
            for k in range(0, width, LANES):
                w = load(row, 0, k) * splat(way)
                size = where(above(w, splat(ZERO)), w, splat(ZERO) - w)
                most = where(above(size, most), size, most)
                store(factors, i, k, exp(w * splat(QUARTER)) if mode == ODDS else w)
    store(row, 0, 0, most)
    largest[first] = row[0, :LANES].max()
    return False


@fast
def steps_between(largest):
    """After how many steps odds are to be looked at: so many cannot lead from SAFE to LOST; 0 if one may."""
    most = largest.max()
    return np.int64((LOST - SAFE) / max(most, np.float32(1e-3))) if most < LOST - SAFE else 0


@fast
def _dots(V, h, i, images, z):
    """z[i : i + 3] = V h^T of three rows, four images at a time."""
    apart()
    for t in range(0, images, 4):
        a0 = a1 = a2 = a3 = b0 = b1 = b2 = b3 = c0 = c1 = c2 = c3 = splat(ZERO)
        for k in range(0, V.shape[1], LANES):
            a, b, c = load(V, i, k), load(V, i + 1, k), load(V, i + 2, k)
            x = load(h, t, k)
            a0, b0, c0 = a0 + a * x, b0 + b * x, c0 + c * x
            x = load(h, t + 1, k)
            a1, b1, c1 = a1 + a * x, b1 + b * x, c1 + c * x
            x = load(h, t + 2, k)
            a2, b2, c2 = a2 + a * x, b2 + b * x, c2 + c * x
            x = load(h, t + 3, k)
            a3, b3, c3 = a3 + a * x, b3 + b * x, c3 + c * x
        store_totals(z, i, t, a0, a1, a2, a3)
        store_totals(z, i + 1, t, b0, b1, b2, b3)
        store_totals(z, i + 2, t, c0, c1, c2, c3)


@fast
def _advance(a, h, W, V, t, i, mode, z):
    """Take pixel i into the state of image t; with the new h come the dot products with the two next rows of V."""
    one = two = splat(ZERO)
    for k in range(0, a.shape[1], PAIR):
        b, c = load(V, i + 1, k), load(V, i + 2, k)  # before anything is stored: at the same place in a page of memory,
        d, e = load(V, i + 1, k + LANES), load(V, i + 2, k + LANES)  # a load has to wait for a store
        r, s = step(load(a, t, k), load(W, i, k), mode), step(load(a, t, k + LANES), load(W, i, k + LANES), mode)
        p, q = activate(r, s, mode)
        one, two = one + b * p + d * q, two + c * p + e * q
        store(a, t, k, r)
        store(a, t, k + LANES, s)
        store(h, t, k, p)
        store(h, t, k + LANES, q)
    z[i + 1, t], z[i + 2, t] = total(one), total(two)


@fast
def _take(a, h, W, V, t, i, mode, z):
    """_advance, compiled for each mode on its own: nothing is asked between two vectors."""
    if mode == ODDS:
        _advance(a, h, W, V, t, i, ODDS, z)
    elif mode == RELU:
        _advance(a, h, W, V, t, i, RELU, z)
    else:
        _advance(a, h, W, V, t, i, SIGMOID, z)


@fast
def _states(W):
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
            p, q = load(a, t, k), load(a, t, k + LANES)
            if mode == ODDS:
                beyond |= above(p, splat(SAFE)) | above(q, splat(SAFE))
                beyond |= above(splat(ZERO) - p, splat(SAFE)) | above(splat(ZERO) - q, splat(SAFE))
                p, q = exp(p * splat(QUARTER)), exp(q * splat(QUARTER))
            store(a, t, k, p)
            store(a, t, k + LANES, q)
            p, q = activate(p, q, mode)
            store(h, t, k, p)
            store(h, t, k + LANES, q)
    return beyond != 0


@fast
def _walk(on, draws, limits, images, W, V, mode, often, a, h, z):
    """z[i] = V_i . h of the images of a block, pixel by pixel; True if odds left their bounds.

    Which of them have pixel i on stands in on[i], or is drawn: those whose z is above their limits[i].
    """
    steps = np.zeros(LANES, np.int64)
    for i in range(len(on)):
        if i % ROWS == 0:
            _dots(V, h, i, images, z)
        if draws:
            on[i] = above(load(z, i, 0), load(limits, i, 0))
        bits = np.int64(on[i])
        while bits:
            t = lowest(bits)
            bits &= bits - 1
            _take(a, h, W, V, t, i, mode, z)
            steps[t] += 1
            if mode == ODDS and steps[t] % often == 0 and _outside(a, t):
                return True
    return False


@fast
def _log_p(z, b, on, part, result):
    """log p of the images of a block: sum_i log sigmoid(+-z_i) = sum_i min(y_i, 0) - log prod_i (1 + exp(-|y_i|))."""
    result[:] = ZERO
    for first in range(0, len(b), FACTORS):
        below, product = splat(ZERO), splat(ONE)
        for i in range(first, min(first + FACTORS, len(b))):
            logit = load(z, i, 0) + splat(b[i])
            y = where(np.int64(on[i]), logit, splat(ZERO) - logit)
            below = below + least(splat(ZERO), y)
            product = product * (splat(ONE) + exp(least(splat(ZERO) - y, y)))
        store(part, 0, 0, below)
        store(part, 1, 0, product)
        for t in range(len(result)):
            result[t] += part[0, t] - np.log(np.float64(part[1, t]))


@fast
def _take_block(x, top, on):
    """Bit t of on[i] says whether pixel i is on in image top + t."""
    on[:] = 0
    for t in range(min(LANES, len(x) - top)):
        for i in range(x.shape[1]):
            on[i] |= np.uint16(x[top + t, i]) << t


@fast
def score(first, last, W, V, largest, a0, mode, x, b, on, z, states, result):
    """log p(x) (B,) of images x (B, D) of 0.0 and 1.0 in blocks first..last - 1; True if odds left their bounds.

    on (blocks, D) receives what is on in each. Where there is room for them, z (blocks, D + 2, LANES) receives the
    logits without b, and states (B, H) the states after the last pixel.
    """
    a, h = _states(W)
    own, part, log_p = (
        page((len(W) + 2) * LANES, 0).reshape(-1, LANES),
        np.empty((2, LANES), np.float32),
        np.empty(LANES),
    )
    often = steps_between(largest) if mode == ODDS else 1
    if often == 0:
        return True
    for block in range(first, last):
        top, images = block * LANES, min(LANES, len(x) - block * LANES)
        here = z[block] if len(z) else own
        _take_block(x, top, on[block])
        if start(a0, top, images, mode, a, h) or _walk(on[block], False, here, images, W, V, mode, often, a, h, here):
            return True
        _log_p(here, b, on[block], part, log_p)
        for t in range(images):
            result[top + t] = log_p[t]
            if len(states):
                states[top + t, : a.shape[1]] = a[t]
    return False


@fast
def sample(first, last, W, V, largest, a0, mode, limits, x):
    """Images x (B, D) of blocks first..last - 1: x_i = 1 where V_i . h is above limits (B, D)."""
    count, dims = x.shape
    a, h = _states(W)
    z, here = page((len(W) + 2) * LANES, 0).reshape(-1, LANES), page(len(W) * LANES, 0).reshape(-1, LANES)
    on, often = np.zeros(len(W), np.uint16), steps_between(largest) if mode == ODDS else 1
    if often == 0:
        return True
    for top in range(first * LANES, last * LANES, LANES):
        images = min(LANES, count - top)
        here[:] = np.inf
        for t in range(images):
            for i in range(dims):
                here[i, t] = limits[top + t, i]
        if start(a0, top, images, mode, a, h) or _walk(on, True, here, images, W, V, mode, often, a, h, z):
            return True
        for t in range(images):
            for i in range(dims):
                x[top + t, i] = on[i] >> t & 1
    return False
