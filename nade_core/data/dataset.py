"""What a data set is: rows in three parts, and what they are called."""

from dataclasses import dataclass

import numpy as np

from .layout import Layout
from .understood import Understood


@dataclass(frozen=True, eq=False)
class Dataset:
    """Rows in three parts, (N, D): uint8 of 0 and 1, float32, or whole numbers; a part may be empty, (0, D).

    ``shape`` is (H, W) of an image or None. ``title``, ``binarisation`` and ``class_names`` are words for people, in
    English. ``embedded`` is the name of the source that comes with the project and holds these very rows, "" for
    people's own data, whatever they are called. ``understood`` is what a file was taken for, ``layout`` what its columns are.
    """

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
    embedded: str = ""
    understood: Understood | None = None
    layout: Layout | None = None

    @property
    def dims(self) -> int:
        """D, how many values a row has."""
        return self.train.shape[1]
