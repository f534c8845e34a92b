"""How many numbers one RGB pixel needs, measured on a photo: a table, independent channels, and a chain compete.

The split: the photo is cut into blocks of 8 x 8 pixels, and every fifth block, drawn by a seed, is held out. Of a
held-out block only the inner 6 x 6 pixels are scored, so no scored pixel touches a training pixel. (Single pixels drawn
at random would each have neighbours of nearly the same colour in training.) The other blocks are four parts; what is
chosen is chosen by leaving out one of these parts in turn, never by the held-out pixels.
"""

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from nade_core.data import EMBEDDED
from nade_core.images import decode
from nade_core.messages import NadeError

from . import counting
from .channels import chain_log_probs

SIDE, PARTS = 8, 5
MOST = 20_000  # pixels: of a larger picture every s-th row and column is taken, so that colours stay what they were
LEVELS = (2, 4, 8, 16, 32, 64, 128, 256)
RIVALS = ("table", "independent", "chain")
ALPHAS = 10.0 ** np.arange(-3, 1.01, 0.125)


@dataclass(frozen=True, eq=False)
class Split:
    """Pixels (N, 3) for training, each with the number 1 .. PARTS - 1 of its part (N,); and held-out ones (M, 3).

    ``block`` (M,) says from which block each held-out pixel is.
    """

    train: np.ndarray
    part: np.ndarray
    test: np.ndarray
    block: np.ndarray


@dataclass(frozen=True)
class Contest:
    """Held-out bits per pixel at L levels, and the number of parameters, by the ids of RIVALS.

    ``full`` says how many bits each pixel costs at its own 256 levels, if the colours inside a bin are called equally
    probable: bits + log2 of the number of colours in the bin. Only these compare across L. ``alpha`` is what was added
    to each count of the table. ``errors`` holds for each rival of the table the standard error of the difference in
    bits, over held-out blocks (pixels of one block are alike, so they count as one draw).
    """

    levels: int
    bits: dict[str, float]
    full: dict[str, float]
    parameters: dict[str, int]
    alpha: float
    errors: dict[str, float]


@lru_cache
def photo(name: str = "cat") -> np.ndarray:
    """An embedded photo, (H, W, 3) uint8, read-only."""
    return picture(EMBEDDED / f"{name}.png")


def picture(source) -> np.ndarray:
    """Any picture (path or bytes) as (H, W, 3) uint8 of at most about MOST pixels."""
    image = np.array(decode(source).convert("RGB"))
    step = math.ceil(math.sqrt(image.shape[0] * image.shape[1] / MOST))
    image = image[::step, ::step]
    image.flags.writeable = False
    return image


def split(image: np.ndarray, seed: int = 0) -> Split:
    """The pixels of a picture (H, W, 3) uint8 in blocks, as said above. NadeError for fewer than 10 blocks."""
    height, width, _ = image.shape
    rows, columns = np.arange(height) // SIDE, np.arange(width) // SIDE
    across, blocks = columns[-1] + 1, (rows[-1] + 1) * (columns[-1] + 1)
    if blocks < 2 * PARTS:
        raise NadeError("The picture is too small to hold a part of it out: {h} x {w} pixels.", h=height, w=width)
    block = rows[:, None] * across + columns
    part = (np.random.default_rng(seed).permutation(blocks) % PARTS)[block]
    scored = (part == 0) & _inner(height)[:, None] & _inner(width)
    return Split(image[part > 0], part[part > 0], image[scored], block[scored])


def scored_squares(pixels: Split, shape: tuple[int, ...]) -> list[list[int]]:
    """Where the held-out pixels of a picture (H, W, ...) lie: [x, y, width, height] of each square."""
    height, width = shape[:2]
    places = (divmod(int(block), -(-width // SIDE)) for block in np.unique(pixels.block))
    corners = [(column * SIDE + 1, row * SIDE + 1) for row, column in places]
    return [[x, y, min(SIDE - 2, width - x), min(SIDE - 2, height - y)] for x, y in corners]


def _inner(length: int) -> np.ndarray:
    """Whether a row or column lies inside its block, not at the block's edge: (length,)."""
    return ~np.isin(np.arange(length) % SIDE, (0, SIDE - 1))


def quantise(values: np.ndarray, levels: int) -> np.ndarray:
    """Levels 0 .. L - 1 of values 0 .. 255: v L // 256."""
    if not 2 <= levels <= 256:
        raise NadeError("Expected 2 to 256 levels a channel; got {levels}.", levels=levels)
    return values.astype(np.int64) * levels // 256


def unseen(pixels: Split, levels: int) -> float:
    """The share of the held-out pixels whose colour no training pixel has, at L levels a channel."""
    codes = (_code(quantise(part, levels), levels) for part in (pixels.train, pixels.test))
    return float((_counts(*codes) == 0).mean())


def table_log_probs(train, part, test, cases: int) -> tuple[np.ndarray, float]:
    """log p of test codes (M,) by (count + alpha) / (N + alpha cases), in nats (M,), and the alpha.

    alpha is that of ALPHAS which gives the training parts the highest log-likelihood, each counted from the others.
    """
    scores = np.zeros(len(ALPHAS))
    for left_out in np.unique(part):
        inside = part != left_out
        counts, times = np.unique(_counts(train[inside], train[~inside]), return_counts=True)
        smoothed = (counts + ALPHAS[:, None]) / (inside.sum() + ALPHAS[:, None] * cases)
        scores += np.log(smoothed) @ times
    alpha = float(ALPHAS[scores.argmax()])
    return np.log((_counts(train, test) + alpha) / (len(train) + alpha * cases)), alpha


def _counts(train, test) -> np.ndarray:
    """How often each code of test (M,) occurs in train (N,): (M,)."""
    codes, counts = np.unique(train, return_counts=True)
    at = np.minimum(np.searchsorted(codes, test), len(codes) - 1)
    return np.where(codes[at] == test, counts[at], 0)


def _code(levels_of: np.ndarray, levels: int) -> np.ndarray:
    """One number for each colour (N, 3): r L^2 + g L + b."""
    return (levels_of[:, 0] * levels + levels_of[:, 1]) * levels + levels_of[:, 2]


def compete(pixels: Split, levels: int, seed: int = 0) -> Contest:
    """Table, independent channels and chain at L levels. About half a second, nearly all for the chain: cache it."""
    train, test = quantise(pixels.train, levels), quantise(pixels.test, levels)
    table, alpha = table_log_probs(_code(train, levels), pixels.part, _code(test, levels), levels**3)
    alone = sum(table_log_probs(train[:, c], pixels.part, test[:, c], levels)[0] for c in range(3))
    chain, size = chain_log_probs(train, test, levels, seed)
    sizes = (counting.rgb_pixel(levels).parameters, counting.rgb_independent(levels).parameters, size)
    costs = _named(-log_p / math.log(2) for log_p in (table, alone, chain))
    within = np.log2(np.bincount(quantise(np.arange(256), levels)))[test].sum(1).mean()
    bits = {name: float(cost.mean()) for name, cost in costs.items()}
    full = {name: float(value + within) for name, value in bits.items()}
    errors = {name: _error(costs["table"] - costs[name], pixels.block) for name in RIVALS[1:]}
    return Contest(levels, bits, full, _named(sizes), alpha, errors)


def _error(differences, block) -> float:
    """The standard error of a mean of (M,) numbers that come in blocks: sqrt(sum_b (sum_b (d - mean))^2) / M."""
    sums = np.bincount(block, differences - differences.mean())
    return float(math.sqrt((sums**2).sum()) / len(differences))


def _named(values) -> dict:
    return dict(zip(RIVALS, values, strict=True))


def crossing(contests, rival: str = "chain") -> int | None:
    """The number of levels from which on the table loses to this rival, each time by over two standard errors."""
    lost = None
    for contest in sorted(contests, key=lambda c: -c.levels):
        if contest.bits["table"] - contest.bits[rival] <= 2 * contest.errors[rival]:
            break
        lost = contest.levels
    return lost
