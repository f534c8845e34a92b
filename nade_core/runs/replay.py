"""What a training looked like on its way: a sheet of samples after every epoch, always from the same random numbers.

Of each training at most MOST sheets are kept: of epochs that are multiples of 1, then of 2, 4, ..., and the latest. So
which ones there are is a function of the epoch alone, whether the run was killed in between or not. A sheet is
replay/<trial>-<epoch>.npy, its bits packed; its nats stand in the log.
"""

import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from ..data import Dataset
from ..files import write_atomic
from ..models.base import DensityModel
from .folder import read_config, read_log

MOST = 64
SAMPLES = 16
SEED = 0


@dataclass(frozen=True, eq=False)
class Sheet:
    """A training after an epoch: rows (16, D) of 0 and 1 that it drew, and the nats it had on train and valid."""

    trial: int
    epoch: int
    train_nats: float
    valid_nats: float
    rows: np.ndarray


def keeps_sheets(model: type[DensityModel] | DensityModel, shape: tuple[int, int] | None) -> bool:
    """Whether sheets are kept: of images, by models that draw them in a small part of an epoch."""
    return shape is not None and model.values == "binary" and not model.draws_slowly


def kept(epoch: int) -> set[int]:
    """Of which epochs there are sheets once that one has ended."""
    step = 1
    while -(-epoch // step) > MOST:
        step *= 2
    return {*range(step, epoch + 1, step), epoch}


def keep_sheet(folder: Path, trial: int, epoch: int, model: DensityModel, data: Dataset) -> None:
    """Write the sheet of an epoch that has ended, and drop those that are no longer kept."""
    if not keeps_sheets(model, data.shape):
        return
    rows = model.sample(SAMPLES, generator=torch.Generator().manual_seed(SEED)).cpu().numpy()
    content = io.BytesIO()
    np.save(content, np.packbits(rows.astype(np.uint8), axis=1))
    write_atomic(_file(folder, trial, epoch), content.getvalue())
    stay = {_file(folder, trial, k) for k in kept(epoch)}
    for path in set((folder / "replay").glob(f"{trial}-*.npy")) - stay:
        path.unlink()


def read_replay(folder: str | Path) -> list[Sheet]:
    """The sheets of a run in the order of its log; none where none are kept. One that is damaged is passed over."""
    folder, sheets = Path(folder), []
    dims = read_config(folder).sizes.dims
    for end in (report for report in read_log(folder) if report["valid_nats"] is not None):
        rows = _read(_file(folder, end["trial"], end["epoch"]), dims)
        if rows is not None:
            sheets.append(Sheet(end["trial"], end["epoch"], end["train_nats"], end["valid_nats"], rows))
    return sheets


def _file(folder: Path, trial: int, epoch: int) -> Path:
    return folder / "replay" / f"{trial}-{epoch}.npy"


def _read(path: Path, dims: int) -> np.ndarray | None:
    try:
        packed = np.load(path, allow_pickle=False)
        return np.unpackbits(packed, axis=1, count=dims) if packed.shape == (SAMPLES, -(-dims // 8)) else None
    except (OSError, ValueError, EOFError, TypeError):
        return None
