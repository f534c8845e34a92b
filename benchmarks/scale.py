"""Rows a second on Ray, on one core and on two, and what 10^9 images would take by that: python -m benchmarks.scale

All processes of a cluster are bound to so many cores (Linux), reading and scoring alike. The rate is that of the rows after
the first scores; how long those take, with the start of the cluster, stands beside it. The images are those of the embedded test part, again and again, one column a pixel.
"""

import argparse
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas
import pyarrow

from nade_core import read_card
from nade_core.data import load_dataset
from nade_core.data.understood import How
from nade_core.scale.cluster import connected
from nade_core.scale.score import BLOCK, scores, written
from nade_core.scale.sources import Reading, pieces_of

FILE_ROWS = 10_000  # in a file of images
BILLION = 10**9
MACHINES, CORES = 50, 64  # of the cluster on paper


@dataclass(frozen=True)
class Measured:
    """Seconds until the first scores, rows a second from there on, and bytes of a row as it is read and as it is written."""

    start: float
    rate: float
    read: float
    written: float


@contextmanager
def on_cores(n: int) -> Iterator[None]:
    """This process and those that it starts meanwhile run on n cores at most."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, sorted(before)[:n])
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.iterdir())


def images(folder: Path, rows: int, file_rows: int) -> list[str]:
    """Files of test images, so many rows in all."""
    x = load_dataset("mnist").test
    for i in range(0, rows, file_rows):
        places = np.arange(i, min(i + file_rows, rows)) % len(x)
        pandas.DataFrame(x[places], columns=[f"pixel {j}" for j in range(784)]).to_parquet(folder / f"{i:09}.parquet")
    return sorted(str(path) for path in folder.iterdir())


def measure(cores: int, model: str, files: list[str], rows: int, scratch: Path) -> Measured:
    """Score all files: how long the first scores take, and how fast the others follow."""
    card = read_card(model)
    reading, reference = Reading(card, How(holes="refuse")), np.array(card.valid_log_p)
    came: list[tuple[float, int]] = []
    out, began = scratch / f"scores-{cores}", time.perf_counter()
    with on_cores(cores), connected(num_cpus=cores, object_store_memory=32 * BLOCK):
        tables = timed(scores(*pieces_of(files, reading), reference, None, 1), came)
        told = written(tables, out)
    assert told.scored == rows, told
    rate = sum(n for _, n in came[1:]) / (came[-1][0] - came[0][0])
    source = sum(Path(file).stat().st_size for file in files)
    return Measured(came[0][0] - began, rate, source / rows, size(out) / rows)


def timed(tables: Iterator, came: list[tuple[float, int]]) -> Iterator:
    """The tables as they come; ``came`` takes when, and of how many rows."""
    for table in tables:
        came.append((time.perf_counter(), len(table)))
        yield table


def writing(rows: int, scratch: Path) -> float:
    """Rows a second that the one writer writes, where nothing else is to be done."""
    columns = {name: np.random.default_rng(0).normal(size=rows) for name in ("log_p", "bits_per_dim", "percentile")}
    table = pyarrow.table({"file": ["images/000000000.parquet"] * rows, "row": np.arange(rows), **columns})
    table = table.append_column("problem", pyarrow.nulls(rows, pyarrow.string()))
    began = time.perf_counter()
    written(iter(table[i : i + FILE_ROWS] for i in range(0, rows, FILE_ROWS)), scratch / "writing")
    return rows / (time.perf_counter() - began)


def on_paper(found: dict[int, Measured], writer: float) -> str:
    """What a billion images would take, with what is assumed of it."""
    most = max(found)
    last, core = found[most], found[most].rate / most
    cores = MACHINES * CORES
    rate = min(cores * core, writer)
    bound = "the cores" if cores * core < writer else "the one writer"
    return f"""
10^9 images on paper, from {core:,.0f} rows/s a core, as measured on {most}:
  {BILLION / core / 3600:,.0f} core-hours; with {MACHINES} machines of {CORES} cores {BILLION / rate / 60:,.0f} minutes, bounded by {bound}.
Assumed, and not measured:
  - rows/s grow with the cores as far as the writer goes, {writer:,.0f} rows/s by itself, so up to {writer / core:,.0f} cores;
  - storage gives {rate * last.read / 1e6:,.0f} MB/s ({last.read:.0f} bytes a row, {BILLION * last.read / 1e12:.2f} TB) to all machines together;
  - cores as fast as these, no machine lost, and files of about {FILE_ROWS:,} rows;
  - the scores take {BILLION * last.written / 1e9:,.0f} GB ({last.written:.0f} bytes a row)."""


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", default="nade-mnist")
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--file-rows", type=int, default=FILE_ROWS)
    parser.add_argument("--cores", type=int, nargs="+", default=[1, 2])
    options = parser.parse_args(arguments)
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, {time.strftime('%Y-%m-%d')}; {options.model}")
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        (scratch / "images").mkdir()
        files = images(scratch / "images", options.rows, options.file_rows)
        print("| cores | rows/s | seconds to the first scores |\n| ---: | ---: | ---: |")
        found = {}
        for cores in options.cores:
            found[cores] = measure(cores, options.model, files, options.rows, scratch)
            print(f"| {cores} | {found[cores].rate:,.0f} | {found[cores].start:.1f} |", flush=True)
        print(on_paper(found, writing(5 * options.rows, scratch)))


if __name__ == "__main__":
    main()
