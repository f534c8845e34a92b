"""Exact log p(x) of many files on a Ray cluster: readers, models held by actors, and one writer, each at its own pace.

    pieces  ->  rows, read by tasks  ->  log p, scored by actors  ->  Parquet, written here in the order of the rows

Ray Data streams through all of it, so that memory is bounded whatever the number of rows. A worker that dies is replaced,
and what it had in hand is done again: it is written once, here.
"""

import io
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from ..checkpoint import load_model
from ..devices import set_threads
from ..files import write_atomic
from ..measures import described
from ..messages import NadeError
from ..scoring import ensemble_log_probs
from .cluster import check_machines, connected, first_line
from .sources import Piece, Reading, pieces_of, read

ROWS = 1_000_000  # in a file of scores
BLOCK = 16 << 20  # bytes that travel at once
SHARE = 0.5  # of a core, for a reader and for a scorer: where one waits, the other computes
TASKS = 2_000  # at most, into which the pieces are divided
NAMED = 10  # of what cannot be scored


@dataclass
class Told:
    """What became of the rows: how many were scored, how many not, and why the first of those were not."""

    scored: int = 0
    failed: int = 0
    reasons: list[str] = field(default_factory=list)


def score(
    sources: list[str],
    reading: Reading,
    reference: np.ndarray,
    out: Path,
    address: str = "",
    device: str | None = None,
    threads: int = 1,
    **options,
) -> Told:
    """Write the scores of all rows into the folder ``out``: file, row (from 1), log_p, bits_per_dim, percentile among the
    ``reference`` values (null without any), and problem, where a row has no score.

    The model is that of ``reading.card``. With an empty address a cluster of this machine alone is started, with the
    ``options`` of ray.init. NadeError for what is wrong with the sources as a whole, or with the cluster.
    """
    pieces, reading = pieces_of(sources, reading)
    with connected(address, **options):
        import ray

        check_machines()
        try:
            return written(scores(pieces, reading, reference, device, threads), out)
        except ray.exceptions.RayError as error:
            raise NadeError("The Ray cluster gave up: {reason}", reason=first_line(error)) from error


def scores(pieces: list[Piece], reading: Reading, reference: np.ndarray, device: str | None, threads: int) -> Iterator:
    """Tables of scores, in the order of the rows, as they are ready."""
    import ray

    context = ray.data.DataContext.get_current().copy()
    context.enable_progress_bars, context.target_max_block_size = False, BLOCK
    context.execution_options.preserve_order = True
    found = ray.cluster_resources()
    gpus, cores = int(found.get("GPU", 0)) if device in (None, "cuda") else 0, int(found.get("CPU", 1))
    needs = {"num_cpus": 0, "num_gpus": 1} if gpus else {"num_cpus": max(SHARE, threads - SHARE)}
    known = ray.put((pieces, reading))
    held = ray.put((reading.card.path.read_bytes(), reference))  # stays here, so that a scorer that died can begin anew
    with ray.data.DataContext.current(context):
        rows = ray.data.range(len(pieces), override_num_blocks=min(len(pieces), TASKS)).flat_map(
            _read, fn_args=[known], num_cpus=SHARE
        )
        scored = rows.map_batches(
            Scorer,
            fn_constructor_args=[held, device, threads],
            batch_size=1,
            batch_format="pyarrow",
            compute=ray.data.ActorPoolStrategy(min_size=1, max_size=gpus or max(1, cores)),
            **needs,
        )
        yield from scored.iter_batches(batch_size=None, batch_format="pyarrow")


def _read(row: dict, known) -> Iterator[dict]:
    """The chunks of a piece."""
    import ray

    pieces, reading = ray.get(known)
    return read(pieces[row["id"]], reading)


class Scorer:
    """An actor that holds the model, whose weights travel with it: no machine needs its file."""

    def __init__(self, held, device: str | None, threads: int):
        import ray

        set_threads(threads)
        weights, self.reference = ray.get(held)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "model.safetensors"
            path.write_bytes(weights)
            self.model = load_model(path, device)

    def __call__(self, chunk):
        """A table of one chunk (sources.read) as one of its scores."""
        import pyarrow

        (known,) = chunk.to_pylist()
        dims, good = self.model.config.dims, np.array([why is None for why in known["problem"]])
        x = np.frombuffer(known["x"], known["type"]).reshape(-1, dims)
        found = described(ensemble_log_probs(self.model, x, 1), dims, self.reference)
        columns = {name: pyarrow.array(_spread(values, good), pyarrow.float64()) for name, values in found.items()}
        problem = pyarrow.array(known["problem"], pyarrow.string())
        return pyarrow.table({"file": known["file"], "row": known["row"], **columns, "problem": problem})


def _spread(values: np.ndarray | None, good: np.ndarray) -> list:
    """Values (M,) at the M places of good (N,), None elsewhere; None everywhere where there are no values."""
    found: list = [None] * len(good)
    for place, value in zip(np.flatnonzero(good), [] if values is None else values.tolist(), strict=False):
        found[place] = value
    return found


def written(tables: Iterator, out: Path) -> Told:
    """Write the tables into files of ROWS rows, each there whole or not at all."""
    import pyarrow

    told, waiting, number = Told(), [], 0
    for table in tables:
        _count(table, told)
        waiting.append(table)
        while sum(map(len, waiting)) >= ROWS:
            whole = pyarrow.concat_tables(waiting)
            _write(whole[:ROWS], out, number)
            waiting, number = [whole[ROWS:]], number + 1
    if sum(map(len, waiting)) or not number:
        _write(pyarrow.concat_tables(waiting), out, number)
    return told


def _write(table, out: Path, number: int) -> None:
    from pyarrow import parquet

    content = io.BytesIO()
    parquet.write_table(table, content)
    write_atomic(out / f"part-{number:06d}.parquet", content.getvalue())


def _count(table, told: Told) -> None:
    bad = table.filter(table["problem"].is_valid())
    told.scored, told.failed = told.scored + len(table) - len(bad), told.failed + len(bad)
    for row in bad[: NAMED - len(told.reasons)].select(["file", "problem"]).to_pylist():
        told.reasons.append(f"{row['file']}: {row['problem']}")
