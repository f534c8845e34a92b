"""Names beside marks: each on the side where it covers least, long ones in several lines."""

from functools import lru_cache
from unicodedata import east_asian_width

PLOT = (265, 400)  # pixels of a plot on a phone; where there is more room, there is less to collide
LETTER, LINE, MARK = 6.6, 17, 8  # pixels: a letter's width, a line's height, half a mark
LONGEST = 16  # letters in a line
BREAK = "<br>"
SIDES = (
    "middle right",
    "middle left",
    "top center",
    "bottom center",
    "top right",
    "bottom right",
    "top left",
    "bottom left",
)
ASKEW = 200  # square pixels of covering that it takes to put a name at a corner, where it is less clear whose it is
SWEEPS = 5
Box = tuple[float, float, float, float]  # left, low, right, high


def wrapped(name: str, longest: int = LONGEST) -> str:
    """The name in as few lines of at most so many letters as words allow, evenly long, as plotly breaks them."""
    lines = _lines(name, longest)
    even = next(some for some in range(1, longest + 1) if len(_lines(name, some)) <= len(lines))
    return BREAK.join(_lines(name, even))


def _lines(name: str, longest: int) -> list[str]:
    """The words of a name in lines of at most so many letters; a word longer than that has a line of its own."""
    lines: list[str] = []
    for word in name.split():
        if lines and letters(f"{lines[-1]} {word}") <= longest:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines


def letters(line: str) -> int:
    """How many letters wide a line of text is: a syllable of Hangul has the width of two."""
    return sum(2 if east_asian_width(letter) in "WF" else 1 for letter in line)


def _box(x: float, y: float, name: str, side: str) -> Box:
    """The pixels that a name takes beside a mark at (x, y)."""
    vertical, horizontal = side.split()
    lines = name.split(BREAK)
    wide, high = LETTER * max(map(letters, lines)), LINE * len(lines)
    left = {"left": x - MARK - wide, "center": x - wide / 2, "right": x + MARK}[horizontal]
    low = {"bottom": y - MARK - high, "middle": y - high / 2, "top": y + MARK}[vertical]
    return left, low, left + wide, low + high


def _shared(a: Box, b: Box) -> float:
    """The area that two boxes share."""
    return max(0, min(a[2], b[2]) - max(a[0], b[0])) * max(0, min(a[3], b[3]) - max(a[1], b[1]))


def beside(x: list[float], y: list[float], names: list[str], blocked: tuple[Box, ...] = ()) -> list[str]:
    """The plotly text position of each name, as ``_beside`` says; the same names at the same places are set once."""
    return list(_beside(tuple(x), tuple(y), tuple(names), tuple(blocked)))


@lru_cache(maxsize=64)
def _beside(
    x: tuple[float, ...], y: tuple[float, ...], names: tuple[str, ...], blocked: tuple[Box, ...]
) -> tuple[str, ...]:
    """The plotly text position of each name; x and y are the marks' places in the plot, 0 to 1.

    ``blocked`` boxes, in the same units, are to be kept free as well. A few sweeps: each name moves to the side
    that is best among the others as they stand. Each name begins once, and the best end counts.
    """
    points = [(PLOT[0] * a, PLOT[1] * b) for a, b in zip(x, y, strict=True)]
    fixed = 4 * [(a - MARK, b - MARK, a + MARK, b + MARK) for a, b in points]  # to cover a mark is worst
    fixed += [(PLOT[0] * box[0], PLOT[1] * box[1], PLOT[0] * box[2], PLOT[1] * box[3]) for box in blocked]
    boxes = [{side: _box(a, b, name, side) for side in SIDES} for (a, b), name in zip(points, names, strict=True)]
    alone = [
        {side: sum(_shared(box, other) for other in fixed) + _price(side, box) for side, box in sides.items()}
        for sides in boxes
    ]
    ends = [_swept(boxes, alone, first) for first in range(len(names))]
    return min(ends, key=lambda end: end[0], default=(0.0, ()))[1]


def _swept(boxes: list[dict[str, Box]], alone: list[dict[str, float]], first: int) -> tuple[float, tuple[str, ...]]:
    """The sides after a few sweeps over the names, of which one is the first, and what they cost together."""
    n, chosen = len(boxes), dict[int, str]()

    def cost(i: int, side: str) -> float:
        shared = sum(_shared(boxes[i][side], boxes[j][other]) for j, other in chosen.items() if j != i)
        return alone[i][side] + shared

    for i in [(first + k) % n for k in range(n)] * SWEEPS:
        chosen[i] = min(SIDES, key=lambda side: cost(i, side))
    return sum(cost(i, side) for i, side in chosen.items()), tuple(chosen[i] for i in range(n))


def _price(side: str, box: Box) -> float:
    """What a place costs by itself: at a corner, or beyond the plot."""
    corner = "middle" not in side and "center" not in side
    return ASKEW * corner + 3 * LINE * _outside(box)


def _outside(box: Box) -> float:
    return max(0, -box[0]) + max(0, box[2] - PLOT[0]) + max(0, -box[1]) + max(0, box[3] - PLOT[1])
