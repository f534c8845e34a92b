"""What the first page shows before any model is asked: draws by seed, four images to rank, and their exact log p.

``sheet.npz`` holds it, computed once from the model ``MODEL`` and the test part of its data by ``make``
(python -m benchmarks.sheet). All log p are in nats.
"""

from dataclasses import dataclass, fields
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from . import corruptions
from .drawing import draw

FILE = Path(__file__).with_name("sheet.npz")
MODEL, SHOWN = "pixelcnn-animals", "dog"
SEEDS, LOTS = 100, 12  # draws of each class, by seeds from 0 on; lots of four images
FOUR = ("real", "damaged", "noise", "blank")
DAMAGE = {
    "damaged": "flipped-10",
    "noise": "coin-flips",
    "blank": "all-off",
}  # what lesson.corruptions makes of a real one
ASKED = ("one-pixel", "all-on", "pixel-means")  # what the closing question sets beside a real image
PACKED = ("draws", "four", "asked")


@dataclass(frozen=True, eq=False)
class Sheet:
    """K classes, D pixels.

    ``draws`` (K, SEEDS, D) are draws x ~ p(x | y), each from its own seed; ``given`` (K, SEEDS) are their log p(x | y),
    ``log_p`` their log p(x). ``four`` (LOTS, 4, D) are images in the order of FOUR with ``four_log_p`` (LOTS, 4), ``asked``
    (3, D) those of ASKED with ``asked_log_p``. ``test_log_p`` (N,) is of every test image; ``off`` the share of their pixels
    that are off.
    """

    classes: np.ndarray
    ordering: np.ndarray
    draws: np.ndarray
    given: np.ndarray
    log_p: np.ndarray
    four: np.ndarray
    four_log_p: np.ndarray
    asked: np.ndarray
    asked_log_p: np.ndarray
    test_log_p: np.ndarray
    off: np.ndarray

    @property
    def entropy(self) -> float:
        """H, in nats: the mean of -log p over the test images."""
        return float(-self.test_log_p.mean())


def four_of(real, means, seed: int) -> np.ndarray:
    """A real image (D,) and what FOUR sets beside it: (4, D)."""
    made = {name: corruptions.corrupt(kind, real[None], (28, 28), means, seed)[0] for name, kind in DAMAGE.items()}
    return np.stack([real, *made.values()])


def asked_of(means) -> np.ndarray:
    """The images of ASKED, (3, D): blank but for one pixel in the middle, all on, and coins with the data's means."""
    one = np.zeros((1, len(means)), np.uint8)
    one[0, 14 * 28 + 14] = 1
    return np.concatenate([one, *(corruptions.corrupt(kind, one, (28, 28), means) for kind in ASKED[1:])])


def make(model, data, seeds: int = SEEDS, lots: int = LOTS, tests: int | None = None) -> Sheet:
    """The sheet of a model with classes of 28 x 28 images; ``tests``: how many test images are scored (None: all)."""
    from nade_core.scoring import log_probs

    draws = np.stack([draw(model, label, range(seeds)) for label in range(model.classes)])
    real = data.test[data.test_labels == data.class_names.index(SHOWN)]
    real = real[np.random.default_rng(0).permutation(len(real))[:lots]]
    means, test = data.train.mean(0), data.test[:tests]
    four, asked = np.stack([four_of(one, means, seed) for seed, one in enumerate(real)]), asked_of(means)
    return Sheet(
        np.array(data.class_names),
        model.ordering.cpu().numpy(),
        draws,
        np.stack([log_probs(model, rows, label) for label, rows in enumerate(draws)]),
        np.stack([log_probs(model, rows) for rows in draws]),
        four,
        np.stack([log_probs(model, rows) for rows in four]),
        asked,
        log_probs(model, asked),
        log_probs(model, test),
        1 - test.mean(),
    )


def save(sheet: Sheet, path: Path) -> None:
    """Write the sheet, eight pixels a byte."""
    whole = {field.name: getattr(sheet, field.name) for field in fields(Sheet)}
    parts: dict[str, Any] = {name: np.packbits(v, -1) if name in PACKED else v for name, v in whole.items()}
    np.savez_compressed(path, **parts)


@lru_cache
def load(path: Path = FILE) -> Sheet:
    """The sheet, shared by all callers and read-only."""
    with np.load(path, allow_pickle=False) as file:
        parts = {name: np.unpackbits(file[name], axis=-1) if name in PACKED else file[name] for name in file.files}
    for array in parts.values():
        array.flags.writeable = False
    return Sheet(**parts)
