"""How far counting reaches: which share of new patches of k binary pixels has been seen before, at the same places.

With k pixels there are 2^k cases; a table can say something only of those that occurred. Patches are compared bit by
bit, never by a hash that could collide.
"""

import numpy as np

from nade_core.messages import NadeError


def block(row: int, column: int, side: int, shape: tuple[int, int]) -> np.ndarray:
    """Pixels in the order in which a square grows around a place: (side^2,) indices.

    The first s^2 are an s x s block, the first s (s + 1) an s x (s + 1) rectangle. The block grows to the bottom right
    and to the top left in turn, so that (row, column) stays its middle. NadeError if it leaves the image.
    """
    (height, width), order, top, left = shape, [], row, column
    for s in range(1, side + 1):
        if s > 1 and s % 2:
            top, left = top - 1, left - 1
        if min(top, left) < 0 or top + s > height or left + s > width:
            raise NadeError("A block of {side} x {side} pixels around this place leaves the image.", side=side)
        edge = (top + s - 1, left + s - 1) if s % 2 == 0 else (top, left)
        order += [y * width + edge[1] for y in range(top, top + s) if y != edge[0]]
        order += [edge[0] * width + x for x in range(left, left + s)]
    return np.array(order)


def scattered(k: int, dims: int, seed: int) -> np.ndarray:
    """k of the pixels of an image, drawn at random, each once: (k,). A smaller k draws the first of these."""
    if not 0 < k <= dims:
        raise NadeError("Expected 1 to {dims} places; got {k}.", dims=dims, k=k)
    return np.random.default_rng(seed).permutation(dims)[:k]


def coverage(train: np.ndarray, test: np.ndarray, places: np.ndarray) -> np.ndarray:
    """For k = 1 .. K: the share of test rows whose bits at the first k places occur in some training row, (K,).

    ``train`` (N, D) and ``test`` (M, D) hold 0 and 1; ``places`` (K,) are columns. Rows with equal patches carry one
    number; each further pixel splits the groups in two, and groups without members on both sides are dropped. So
    a hundred k on 60,000 digits take less than a tenth of a second.
    """
    rows, alive = np.arange(len(train)), np.arange(len(test))
    group_of, mine, groups, shares = np.zeros(len(train), int), np.zeros(len(test), int), 1, []
    for place in places:
        group_of, mine = 2 * group_of + train[rows, place], 2 * mine + test[alive, place]
        both = _present(group_of, 2 * groups) & _present(mine, 2 * groups)
        rows, group_of = rows[both[group_of]], group_of[both[group_of]]
        alive, mine = alive[both[mine]], mine[both[mine]]
        renumbered, groups = np.cumsum(both) - 1, int(both.sum())
        group_of, mine = renumbered[group_of], renumbered[mine]
        shares.append(len(alive) / len(test))
    return np.array(shares)


def _present(numbers: np.ndarray, end: int) -> np.ndarray:
    found = np.zeros(end, bool)
    found[numbers] = True
    return found


def occurrences(train: np.ndarray, row: np.ndarray, places: np.ndarray) -> np.ndarray:
    """For k = 1 .. K: how many training rows (N, D) agree with a row (D,) at the first k places, (K,)."""
    agree, counts = np.arange(len(train)), []
    for place in places:
        agree = agree[train[agree, place] == row[place]]
        counts.append(len(agree))
    return np.array(counts)


def first_below(shares: np.ndarray, level: float = 0.5) -> int | None:
    """The smallest k whose share lies below the level, or None."""
    below = np.flatnonzero(np.asarray(shares) < level)
    return int(below[0]) + 1 if len(below) else None


def cases(n: int) -> int:
    """2^n, exactly."""
    return 2**n


def digits(n: int) -> str:
    """All digits of 2^n - 1, the number of free parameters of a table over n binary pixels."""
    return str(2**n - 1)
