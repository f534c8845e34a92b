"""The embedded data sets: binary images, packed into bits, with splits that do not leak. See README.md here."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

EMBEDDED = Path(__file__).parent / "embedded"
DATASETS = ("mnist", "animals", "fashion")


@dataclass(frozen=True, eq=False)
class Dataset:
    """Binary rows in three parts, (N, D) uint8 of 0 and 1; a part may be empty, (0, D). ``shape`` is (H, W) or None."""

    name: str
    title: str
    train: np.ndarray
    valid: np.ndarray
    test: np.ndarray
    train_labels: np.ndarray | None = None
    valid_labels: np.ndarray | None = None
    test_labels: np.ndarray | None = None
    class_names: tuple[str, ...] = ()
    shape: tuple[int, int] | None = None
    binarisation: str = "binary as given"
    source: str = ""

    @property
    def dims(self) -> int:
        return self.train.shape[1]


@lru_cache
def load_dataset(name: str) -> Dataset:
    """The embedded data set of that name, read-only. ValueError for a name that is not in DATASETS."""
    if name not in DATASETS:
        raise ValueError(f"Unknown data set {name!r}: expected one of {', '.join(DATASETS)}.")
    with np.load(EMBEDDED / f"{name}.npz", allow_pickle=False) as file:
        text = {key: str(file[key]) for key in ("title", "binarisation", "source")}
        parts = {part: np.unpackbits(file[part], axis=1) for part in ("train", "valid", "test")}
        labels = {f"{part}_labels": file[f"{part}_labels"] for part in parts}
        class_names = tuple(file["class_names"].tolist())
    for array in (*parts.values(), *labels.values()):
        array.flags.writeable = False
    return Dataset(name, class_names=class_names, shape=(28, 28), **text, **parts, **labels)
