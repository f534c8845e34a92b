"""Names beside marks: each on the side where it covers least, and a column of names pushed apart."""

PLOT = (250, 400)  # pixels of a plot on a phone; where there is more room, there is less to collide
LETTER, LINE, MARK = 6.2, 14, 8  # pixels: a letter's width, a line's height, half a mark
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
SWEEPS = 3
Box = tuple[float, float, float, float]  # left, low, right, high


def _box(x: float, y: float, width: float, side: str) -> Box:
    """The pixels that a name takes beside a mark at (x, y)."""
    vertical, horizontal = side.split()
    left = {"left": x - MARK - width, "center": x - width / 2, "right": x + MARK}[horizontal]
    low = {"bottom": y - MARK - LINE, "middle": y - LINE / 2, "top": y + MARK}[vertical]
    return left, low, left + width, low + LINE


def _shared(a: Box, b: Box) -> float:
    """The area that two boxes share."""
    return max(0, min(a[2], b[2]) - max(a[0], b[0])) * max(0, min(a[3], b[3]) - max(a[1], b[1]))


def beside(x: list[float], y: list[float], names: list[str], blocked: tuple[Box, ...] = ()) -> list[str]:
    """The plotly text position of each name; x and y are the marks' places in the plot, 0 to 1.

    ``blocked`` boxes, in the same units, are to be kept free as well. A few sweeps: each name moves to the side
    that is best among the others as they stand.
    """
    points = [(PLOT[0] * a, PLOT[1] * b) for a, b in zip(x, y, strict=True)]
    fixed = 4 * [(a - MARK, b - MARK, a + MARK, b + MARK) for a, b in points]  # to cover a mark is worst
    fixed += [(PLOT[0] * box[0], PLOT[1] * box[1], PLOT[0] * box[2], PLOT[1] * box[3]) for box in blocked]
    boxes = [
        {side: _box(a, b, LETTER * len(name), side) for side in SIDES}
        for (a, b), name in zip(points, names, strict=True)
    ]
    chosen = {}
    for i in [*range(len(names))] * SWEEPS:
        taken = fixed + [boxes[j][side] for j, side in chosen.items() if j != i]
        cost = {
            side: sum(_shared(box, other) for other in taken) + 3 * LINE * _outside(box)
            for side, box in boxes[i].items()
        }
        chosen[i] = min(SIDES, key=cost.get)
    return [chosen[i] for i in range(len(names))]


def _outside(box: Box) -> float:
    return max(0, -box[0]) + max(0, box[2] - PLOT[0]) + max(0, -box[1]) + max(0, box[3] - PLOT[1])


def apart(values: list[float], gap: float) -> list[float]:
    """The values, moved as little as needed so that neighbours are ``gap`` apart; the order stays."""
    order = sorted(range(len(values)), key=values.__getitem__)
    groups = []  # each: the sum of its members' wishes for the lowest place, and how many members
    for place, i in enumerate(order):
        groups.append([values[i] - place * gap, 1])
        while len(groups) > 1 and groups[-2][0] / groups[-2][1] >= groups[-1][0] / groups[-1][1]:
            wish, size = groups.pop()
            groups[-1][0] += wish
            groups[-1][1] += size
    lowest = [wish / size for wish, size in groups for _ in range(size)]
    moved = {i: low + place * gap for place, (i, low) in enumerate(zip(order, lowest, strict=True))}
    return [moved[i] for i in range(len(values))]
