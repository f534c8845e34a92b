"""Photos of digits on paper, drawn: the same digit under any light, noise, angle, lines, pen, on a sheet or a desk."""

from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw
from scipy import ndimage

PAPER, DESK, RULED = 245, 40, 185
WIDTH, HEIGHT = 480, 360


@dataclass(frozen=True)
class Scene:
    """What a photo is taken under. Light is one of LIGHTS; noise in grey levels; the angle in degrees; lines and sheet
    one of LINES and SHEETS; the pen, in pixels of the photo (0: as thick as the digit is); ink and rules in grey levels;
    the rules are turned by ``turn`` degrees."""

    light: str = "even"
    noise: float = 0
    angle: float = 0
    lines: str = "none"
    sheet: str = "all"
    pen: float = 0
    ink: int = 40
    speck: bool = False
    rule: int = RULED
    turn: float = 0


LIGHTS = ("even", "side", "above", "corner", "shadow")
LINES = ("none", "ruled", "squared")
SHEETS = ("all", "desk", "desk, turned", "desk, cut")


def clean(digit: np.ndarray) -> Image.Image:
    """The digit (28, 28) alone, in black ink on white, large and smooth."""
    return Image.fromarray(255 - (_shape(digit, 0, 0) * np.uint8(255)))


def photo(digit: np.ndarray, scene: Scene, seed: int = 0) -> Image.Image:
    """A photo of the digit (28, 28), 480 x 360, in grey levels."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
    paper = np.full((HEIGHT, WIDTH), float(PAPER))
    slope = np.tan(np.radians(scene.turn))
    if scene.lines != "none":
        paper[(y - slope * x) % 32 < 2] = scene.rule
    if scene.lines == "squared":
        paper[(x + slope * y) % 32 < 2] = scene.rule
    shape = _shape(digit, scene.pen, scene.angle)
    top, left = (
        (HEIGHT - shape.shape[0]) // 2 + rng.integers(-8, 9),
        (WIDTH - shape.shape[1]) // 2 + rng.integers(-30, 31),
    )
    here = paper[top : top + shape.shape[0], left : left + shape.shape[1]]
    here[:] = np.where(shape, scene.ink, here)
    if scene.speck:
        paper[HEIGHT - 60 : HEIGHT - 57, 60:63] = scene.ink
    seen = np.where(_sheet(scene.sheet), paper, DESK) * _light(scene.light)
    seen = ndimage.gaussian_filter(seen, 0.8) + rng.normal(0, scene.noise, seen.shape)
    return Image.fromarray(np.clip(seen.round(), 0, 255).astype(np.uint8))


def _shape(digit: np.ndarray, pen: float, angle: float, side: int = 280) -> np.ndarray:
    """Where there is ink, (side, side) bool."""
    if pen:
        drawn = _with_pen(_thinned(digit), pen, side)
    else:
        drawn = Image.fromarray(digit.reshape(28, 28) * np.uint8(255)).resize((side, side), Image.Resampling.BICUBIC)
    return np.asarray(drawn.rotate(angle, Image.Resampling.BICUBIC)) > 127


def _with_pen(line: np.ndarray, pen: float, side: int) -> Image.Image:
    """Strokes through the middle of neighbouring pixels of a line that is one pixel thick."""
    sheet, scale, on = Image.new("L", (side, side)), side / len(line), set(map(tuple, np.argwhere(line).tolist()))
    draw = ImageDraw.Draw(sheet)
    for y, x in on:
        for down, right in ((0, 1), (1, 0), (1, 1), (1, -1)):
            if (y + down, x + right) in on:
                ends = [((x + 0.5) * scale, (y + 0.5) * scale), ((x + right + 0.5) * scale, (y + down + 0.5) * scale)]
                draw.line(ends, 255, round(pen))
    return sheet


def _thinned(digit: np.ndarray) -> np.ndarray:
    """The middle line of the strokes, one pixel thick (Zhang & Suen, 1984)."""
    on = np.pad(digit.reshape(28, 28).astype(bool), 1)
    places = ((-1, 0), (-1, 1), (0, 1), (1, 1), (1, 0), (1, -1), (0, -1), (-1, -1))
    changed = True
    while changed:
        changed = False
        for first in (True, False):
            around = np.array([np.roll(on, (-dy, -dx), (0, 1)) for dy, dx in places])
            n, east, south, west = around[0], around[2], around[4], around[6]
            steps = (~around & np.roll(around, -1, 0)).sum(0)
            count = around.sum(0)
            cut = ~(n & east & south) & ~(east & south & west) if first else ~(n & east & west) & ~(n & south & west)
            gone = on & (count >= 2) & (count <= 6) & (steps == 1) & cut
            changed |= bool(gone.any())
            on &= ~gone
    return on[1:-1, 1:-1]


def _sheet(sheet: str) -> np.ndarray:
    """Where the paper lies, (HEIGHT, WIDTH) bool."""
    if sheet == "all":
        return np.ones((HEIGHT, WIDTH), bool)
    turn = {"desk": 0, "desk, turned": 7, "desk, cut": -5}[sheet]
    canvas = Image.new("L", (WIDTH, HEIGHT))
    right = WIDTH + 60 if sheet == "desk, cut" else WIDTH - 40
    ImageDraw.Draw(canvas).rectangle((40, 15, right, HEIGHT - 16), 255)
    return np.asarray(canvas.rotate(turn)) > 127


def _light(light: str) -> np.ndarray:
    """The share of light that falls on each place, (HEIGHT, WIDTH)."""
    y, x = np.mgrid[0 : 1 : HEIGHT * 1j, 0 : 1 : WIDTH * 1j]
    falling = 1 - 0.72 * {"side": x, "above": y, "corner": (x**2 + y**2) / 2}.get(light, 0 * x)
    if light == "shadow":  # a hand's, with a soft edge
        falling = 1 - 0.5 / (1 + np.exp(-(x + 0.4 * y - 0.75) * 30))
    return falling
