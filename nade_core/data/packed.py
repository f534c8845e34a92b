"""The embedded binary images: files of bits, eight pixels a byte, with splits that do not leak. See README.md here."""

from pathlib import Path

import numpy as np

EMBEDDED = Path(__file__).parent / "embedded"
PARTS = ("train", "valid", "test")


def packed(name: str, values: str) -> dict:
    """The parts (N, 784) of uint8, their labels (N,) and the names of the classes, read-only."""
    with np.load(EMBEDDED / f"{name}.npz", allow_pickle=False) as file:
        parts = {part: np.unpackbits(file[part], axis=1) for part in PARTS}
        labels = {f"{part}_labels": file[f"{part}_labels"] for part in PARTS}
        class_names = tuple(file["class_names"].tolist())
    for array in (*parts.values(), *labels.values()):
        array.flags.writeable = False
    return {**parts, **labels, "class_names": class_names}
