"""Clouds of points in the plane, for densities that can be seen."""

import numpy as np

DRAWING = """
....................##....
....................####..
.##................######.
..#................#######
..##...............#######
...##.............#####...
....##################....
....##################....
....##################....
....#################.....
....#################.....
....###.......#######.....
....###........###.##.....
....##.#.......##.#.##....
....##..#......##..#.##...
....##..##.....##..##.....
....###.###....###.###....
"""
POINTS = {"train": 10_000, "valid": 2_000, "test": 2_000}


def rings(n: int, rng: np.random.Generator) -> np.ndarray:
    """Three circles of radius 1, 2 and 3, in proportion to their lengths: (n, 2)."""
    radius = rng.choice([1.0, 2.0, 3.0], n, p=np.array([1, 2, 3]) / 6)
    angle = rng.uniform(0, 2 * np.pi, n)
    return (radius * np.stack([np.cos(angle), np.sin(angle)])).T + rng.normal(0, 0.08, (n, 2))


def moons(n: int, rng: np.random.Generator) -> np.ndarray:
    """Two half circles that reach into each other: (n, 2)."""
    angle, upper = rng.uniform(0, np.pi, n), rng.random(n) < 0.5
    x = np.where(upper, np.cos(angle), 1 - np.cos(angle))
    y = np.where(upper, np.sin(angle), 0.5 - np.sin(angle))
    return np.stack([x, y], 1) + rng.normal(0, 0.08, (n, 2))


def spirals(n: int, rng: np.random.Generator) -> np.ndarray:
    """Two arms that turn once and a half: (n, 2)."""
    turn = 3 * np.pi * np.sqrt(rng.uniform(0.02, 1, n))
    sign = rng.choice([-1.0, 1.0], n)
    return (sign * turn / np.pi * np.stack([np.cos(turn), np.sin(turn)])).T + rng.normal(0, 0.08, (n, 2))


def dog(n: int, rng: np.random.Generator) -> np.ndarray:
    """Spread evenly over the drawing above: (n, 2)."""
    row, column = np.nonzero([[dot == "#" for dot in line] for line in DRAWING.split()])
    at = rng.integers(len(row), size=n)
    return (np.stack([column[at], -row[at]], 1) + rng.uniform(-0.5, 0.5, (n, 2))) / 4


SHAPES = {"rings": rings, "moons": moons, "spirals": spirals, "dog": dog}


def points(name: str, values: str) -> dict:
    """The parts of the shape of that name, always the same points: (N, 2) float32."""
    rng = np.random.default_rng(0)
    return {part: SHAPES[name](n, rng).astype(np.float32) for part, n in POINTS.items()}
