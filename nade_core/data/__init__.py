"""Data: the sources that come with the project (``sources``), and people's own files (``filetypes``, ``reading``)."""

from .dataset import Dataset
from .packed import EMBEDDED
from .sources import SOURCES, Source, load_dataset, other_data

__all__ = ["EMBEDDED", "SOURCES", "Dataset", "Source", "load_dataset", "other_data"]
