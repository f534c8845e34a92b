"""Run-length NADE kernels for the CPU: the numbers of reference.py, tens of times faster.

The hidden state changes only at on-pixels (13 % of MNIST), so h = act(a) is computed once a *run*, the stretch between
two of them, and serves a whole run of rows of V. Four more ideas make it quick:

- Odds. The state of an image is kept as odds, and takes no exp (states.py).
- Tiles. Three rows of V meet four images at a time: twelve dot products stay in registers, and seven loads serve twelve
  multiply-adds; one row and one image at a time would take two a multiply-add, and wait for them.
- The later rows of a tile are wrong for an image whose pixel is on in an earlier one: its h has changed. What is on of
  a tile is taken into an image's state in one pass over its units, and each new h brings the dot products with the next
  rows along, a multiply-add a vector each, which replace them.
- Places. What is called often takes no arrays but their rows' places in memory (places.py).

Images go in blocks of LANES, one a lane where they are computed pixel by pixel. What is on in a block is an integer a
pixel, a bit an image, so that a pixel that is off in all of them is one comparison. A dot product is summed in the same
order in a tile and along the way: what an image is worth does not depend on what else is in its block.

Every kernel does a stretch of the work, blocks (rows, where it prepares) ``first`` to ``last``, writes it into arrays
that it is given, and needs no interpreter while it runs: runlength.py cuts the work, makes the arrays and owns the
threads. float32 only. H is padded to pairs of whole vectors with units whose h is 0, D with pixels that are off.
"""

import numpy as np

from .lanes import LANES, above, apart, exp, fast, least, lowest, splat, where
from .places import load, page, row, store, store_total, store_totals
from .states import (
    ODDS,
    ONE,
    PAIR,
    RELU,
    ROWS,
    SIGMOID,
    ZERO,
    activate,
    outside,
    rooms,
    sigmoid,
    start,
    step,
    steps_between,
)

EVERY = 0xFFFF  # image of a block
FACTORS = 64  # of 1 + exp(-|z|), each at most 2, that are multiplied before a logarithm is taken


@fast
def _dots(v, h, z, images, width):
    """z = V h^T of three rows from v on, four images at a time."""
    apart()
    for t in range(0, images, 4):
        a0 = a1 = a2 = a3 = b0 = b1 = b2 = b3 = c0 = c1 = c2 = c3 = splat(ZERO)
        for k in range(0, width, LANES):
            a, b, c = load(v + k), load(v + width + k), load(v + 2 * width + k)
            x = load(h + t * width + k)
            a0, b0, c0 = a0 + a * x, b0 + b * x, c0 + c * x
            x = load(h + (t + 1) * width + k)
            a1, b1, c1 = a1 + a * x, b1 + b * x, c1 + c * x
            x = load(h + (t + 2) * width + k)
            a2, b2, c2 = a2 + a * x, b2 + b * x, c2 + c * x
            x = load(h + (t + 3) * width + k)
            a3, b3, c3 = a3 + a * x, b3 + b * x, c3 + c * x
        store_totals(z + t, a0, a1, a2, a3)
        store_totals(z + LANES + t, b0, b1, b2, b3)
        store_totals(z + 2 * LANES + t, c0, c1, c2, c3)


@fast
def _advance(a, h, w, v, z, width, first, second, third, mode):
    """Take those pixels of a tile that are on into the state of an image, in one pass over its units.

    Each new h brings along the dot products with the rows of V that come before the next pixel that is on.
    """
    one = two = p = q = splat(ZERO)
    for k in range(0, width, PAIR):
        b, c = load(v + width + k), load(v + 2 * width + k)  # before anything is stored: at the same place in a page
        d, e = load(v + width + k + LANES), load(v + 2 * width + k + LANES)  # of memory, a load has to wait for a store
        r, s = load(a + k), load(a + k + LANES)
        if first:
            r, s = step(r, load(w + k), mode), step(s, load(w + k + LANES), mode)
            p, q = activate(r, s, mode)
            one = one + b * p + d * q
        if second:
            r, s = step(r, load(w + width + k), mode), step(s, load(w + width + k + LANES), mode)
            p, q = activate(r, s, mode)
        if first or second:
            two = two + c * p + e * q
        if third:
            r, s = step(r, load(w + 2 * width + k), mode), step(s, load(w + 2 * width + k + LANES), mode)
            p, q = activate(r, s, mode)
        store(a + k, r)
        store(a + k + LANES, s)
        store(h + k, p)
        store(h + k + LANES, q)
    if first:
        store_total(z + LANES, one)
    if first or second:
        store_total(z + 2 * LANES, two)


@fast
def _take(a, h, w, v, z, width, first, second, third, mode):
    """_advance, compiled for each mode on its own: nothing is asked between two vectors."""
    if mode == ODDS:
        _advance(a, h, w, v, z, width, first, second, third, ODDS)
    elif mode == RELU:
        _advance(a, h, w, v, z, width, first, second, third, RELU)
    else:
        _advance(a, h, w, v, z, width, first, second, third, SIGMOID)


@fast
def _of_tile(on, i):
    """What is on in the three rows from i on, side by side in one integer."""
    return np.int64(on[i]) | np.int64(on[i + 1]) << 16 | np.int64(on[i + 2]) << 32


@fast
def _walk(on, draws, u, b, sharp, images, W, V, mode, often, a, h, z):
    """z[i] = V_i . h of the images of a block, tile by tile; True if odds left their bounds.

    Which of them have pixel i on stands in on[i], or is drawn: those whose u[i] is below sigmoid(sharp (z[i] + b[i])).
    """
    steps, width = np.zeros(LANES, np.int64), W.shape[1]
    for i in range(0, len(on), ROWS):
        w, v, to = row(W, i), row(V, i), row(z, i)
        _dots(v, row(h, 0), to, images, width)
        for r in range(ROWS if draws else 1):  # what is drawn in a row changes the next
            if draws:
                p = sigmoid((load(to + r * LANES) + splat(b[i + r])) * splat(sharp))
                on[i + r] = above(p, load(row(u, i + r)))
                tile = np.int64(on[i + r]) << 16 * r
            else:
                tile = _of_tile(on, i)
            some = (tile | tile >> 16 | tile >> 32) & EVERY
            while some:
                t = lowest(some)
                some &= some - 1
                first, second, third = tile >> t & 1, tile >> t + 16 & 1, tile >> t + 32 & 1
                _take(row(a, t), row(h, t), w, v, to + t, width, first, second, third, mode)
                steps[t] += first + second + third
                if mode == ODDS and steps[t] > often - ROWS:
                    if outside(row(a, t), width):
                        return True
                    steps[t] = 0
    return False


@fast
def _log_p(z, b, on, part, result):
    """log p of the images of a block: sum_i log sigmoid(+-z_i) = sum_i min(y_i, 0) - log prod_i (1 + exp(-|y_i|))."""
    result[:] = ZERO
    for first in range(0, len(b), FACTORS):
        below, product = splat(ZERO), splat(ONE)
        for i in range(first, min(first + FACTORS, len(b))):
            logit = load(row(z, i)) + splat(b[i])
            y = where(np.int64(on[i]), logit, splat(ZERO) - logit)
            below = below + least(splat(ZERO), y)
            product = product * (splat(ONE) + exp(least(splat(ZERO) - y, y)))
        store(row(part, 0), below)
        store(row(part, 1), product)
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
    a, h = rooms(W)
    own, part, log_p = (
        page((len(W) + 2) * LANES, 0).reshape(-1, LANES),
        np.empty((2, LANES), np.float32),
        np.empty(LANES),
    )
    often = steps_between(largest) if mode == ODDS else ROWS
    if often < ROWS:
        return True
    for block in range(first, last):
        top, images = block * LANES, min(LANES, len(x) - block * LANES)
        here = z[block] if len(z) else own
        _take_block(x, top, on[block])
        if start(a0, top, images, mode, a, h) or _walk(
            on[block], False, here, b, ONE, images, W, V, mode, often, a, h, here
        ):
            return True
        _log_p(here, b, on[block], part, log_p)
        for t in range(images):
            result[top + t] = log_p[t]
            if len(states):
                states[top + t, : a.shape[1]] = a[t]
    return False


@fast
def sample(first, last, W, V, largest, a0, mode, u, b, sharp, x):
    """Images x (B, D) of blocks first..last - 1: x_i = 1 where u_i < sigmoid(sharp (V_i . h + b_i)), u (B, D)."""
    count, dims = x.shape
    a, h = rooms(W)
    z, here = page((len(W) + 2) * LANES, 0).reshape(-1, LANES), page(len(W) * LANES, 0).reshape(-1, LANES)
    biases, on = np.zeros(len(W), np.float32), np.zeros(len(W), np.uint16)
    biases[:dims] = b
    often = steps_between(largest) if mode == ODDS else ROWS
    if often < ROWS:
        return True
    for top in range(first * LANES, last * LANES, LANES):
        images = min(LANES, count - top)
        here[:] = ONE
        for t in range(images):
            for i in range(dims):
                here[i, t] = u[top + t, i]
        if start(a0, top, images, mode, a, h):
            return True
        if _walk(on, True, here, biases, sharp, images, W, V, mode, often, a, h, z):
            return True
        for t in range(images):
            for i in range(dims):
                x[top + t, i] = on[i] >> t & 1
    return False
