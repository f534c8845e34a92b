"""nade score: exact log p(x) of pictures, or of every row of a table."""

import csv
import sys
from pathlib import Path

from ..messages import NadeError
from .evaluate import score_rows
from .options import Status, add_reading, data_help, print_json
from .tables import check_out, read_for, write_columns

HELP = "exact log p(x) of pictures, or of every row of a table, as CSV"
EXAMPLE = "nade score runs/table people.csv --out scores.csv"


def add_arguments(p, arguments: list[str]) -> None:
    """The options of the verb."""
    p.add_argument("model", help="a pretrained name, a model file or a run folder")
    p.add_argument("files", nargs="+", metavar="FILE", help=f"pictures, folders of pictures, or one of {data_help()}")
    p.add_argument("--threshold", type=float, help="binarise pictures at this level of 0..255 (default: automatic)")
    p.add_argument("--out", type=Path, metavar="FILE", help="where the scores go, .csv or .parquet (stdout, as CSV)")
    add_reading(p)


def run(args) -> None:
    """log p, bits/dim and percentile of each picture or row, among rows that the model did not learn from; bad
    pictures are named after the good ones are scored."""
    check_out(args.out)
    status = Status()
    status.say("Loading the model…")
    from .. import checkpoint
    from ..data import SOURCES
    from ..data.filetypes import IMAGE_SUFFIXES

    card, model = checkpoint.read_card(args.model), checkpoint.load_model(args.model, args.device)
    pictures = [file for name in args.files for file in _pictures(Path(name), IMAGE_SUFFIXES)]
    if len(pictures) < len(args.files) and len(args.files) == 1:
        args.data = args.files[0]
        return _rows(args, card, model, status)
    if any(name in SOURCES for name in args.files) or len(pictures) < len(args.files):
        raise NadeError("Pictures and tables are not scored together: name one table, or pictures alone.")
    _images(args, card, model, pictures, status)


def _pictures(path: Path, suffixes: tuple[str, ...]) -> list[Path]:
    """The pictures that a name stands for: itself, or those in the folder, in their order."""
    if path.is_dir():
        return [file for file in sorted(path.rglob("*")) if file.suffix.lower() in suffixes and file.is_file()]
    return [path] if path.suffix.lower() in suffixes else []


def _rows(args, card, model, status: Status) -> None:
    """The scores of every row of a table. Holes are unknown values where the model can leave some out."""
    table = read_for(args, card, "keep" if model.completes else None)
    model.log_prob(table.rows[:1])  # loads the kernels
    log_p = score_rows(model, table.rows, status)
    columns = {"row": range(1, len(log_p) + 1), **_measured(log_p, card, model, status)}
    status.clear()
    _tell(args, columns)


def _images(args, card, model, files: list[Path], status: Status) -> None:
    import numpy as np

    from .. import images

    if card.shape != (28, 28):
        raise NadeError(
            "The model {model} is not one of 28 x 28 images, so it cannot score pictures.", model=args.model
        )
    scored, values, failed = [], [], []
    for file in files:
        try:
            image = images.prepare(file, threshold=args.threshold, fit=card.fit).image
        except ValueError as error:
            failed.append(f"{file}: {error}")
            continue
        values.append(model.log_prob(image.reshape(1, -1)).item())
        scored.append(str(file))
    measured = _measured(np.array(values), card, model, status)
    status.clear()
    _tell(args, {"file": scored, **measured})
    if failed:
        raise NadeError("Not scored: {reasons}", reasons=" ".join(failed))


def _measured(log_p, card, model, status: Status) -> dict:
    """log p (N,), bits/dim, and the percentile among rows that the model did not learn from, None without any."""
    from .. import measures
    from ..data import load_dataset

    reference = list(card.valid_log_p)
    if card.embedded and len(log_p):
        reference = score_rows(model, load_dataset(card.embedded, card.values).test, status)
    percentiles = [measures.percentile(value, reference) if len(reference) else None for value in log_p]
    return {
        "log_p": log_p.tolist(),
        "bits_per_dim": measures.bits_per_dim(-log_p, card.dims).tolist(),
        "percentile": percentiles,
    }


def _tell(args, columns: dict) -> None:
    """Write the columns to a file, or print them, as CSV or JSON."""
    if args.out:
        write_columns(args.out, columns)
        n = len(columns["log_p"])
        return print_json({"out": str(args.out), "n": n}) if args.json else print(f"{n:,} scores in {args.out}")
    rows = [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]
    if args.json:
        return print_json(rows)
    if rows:
        writer = csv.DictWriter(sys.stdout, rows[0].keys())
        writer.writeheader()
        writer.writerows(rows)
