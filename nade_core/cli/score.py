"""nade score: exact log p(x) of pictures, or of every row of a table."""

import csv
import sys
from pathlib import Path

from ..messages import NadeError
from .evaluate import score_rows
from .options import Status, add_reading, data_help, print_json
from .tables import check_out, how_for, read_for, write_columns

HELP = "exact log p(x) of pictures, or of every row of a table, as CSV"
EXAMPLE = "nade score runs/table people.csv --out scores.csv"


def add_arguments(p, arguments: list[str]) -> None:
    """The options of the verb."""
    p.add_argument("model", help="a pretrained name, a model file or a run folder")
    p.add_argument("files", nargs="+", metavar="FILE", help=f"pictures, folders of pictures, or one of {data_help()}")
    p.add_argument(
        "--engine",
        choices=("here", "ray"),
        default="here",
        help="this process, or Ray, which reads any number of files, also where fsspec does, into a folder --out (here)",
    )
    p.add_argument("--address", default="", help="of a Ray cluster, such as auto (one is started on this machine)")
    p.add_argument("--threshold", type=float, help="binarise pictures at this level of 0..255 (default: automatic)")
    p.add_argument("--out", type=Path, metavar="FILE", help="where the scores go, .csv or .parquet (stdout, as CSV)")
    add_reading(p)


def run(args) -> None:
    """log p, bits/dim and percentile of each picture or row, among rows that the model did not learn from; bad
    pictures are named after the good ones are scored."""
    if args.engine == "ray":
        return _on_ray(args)
    if args.address:
        raise NadeError("An --address is one of a Ray cluster: add --engine ray.")
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
    columns = {"row": range(1, len(log_p) + 1), **_described(log_p, card, model, status)}
    status.clear()
    _tell(args, columns)


def _images(args, card, model, files: list[Path], status: Status) -> None:
    import numpy as np

    from .. import images

    card.check_pictures()
    scored, values, failed = [], [], []
    for file in files:
        try:
            image = images.prepare(file, threshold=args.threshold, fit=card.fit).image
        except ValueError as error:
            failed.append(f"{file}: {error}")
            continue
        values.append(model.log_prob(image.reshape(1, -1)).item())
        scored.append(str(file))
    described = _described(np.array(values), card, model, status)
    status.clear()
    _tell(args, {"file": scored, **described})
    if failed:
        raise NadeError("Not scored: {reasons}", reasons=" ".join(failed))


def _described(log_p, card, model, status: Status) -> dict:
    """log p (N,), bits/dim, and the percentile among rows that the model did not learn from, None without any."""
    from .. import measures

    found = measures.described(log_p, card.dims, _reference(card, model, status) if len(log_p) else ())
    return {name: [None] * len(log_p) if values is None else values.tolist() for name, values in found.items()}


def _reference(card, model, status: Status):
    """log p of rows that the model did not learn from (N,)."""
    import numpy as np

    from ..data import load_dataset

    if card.embedded:
        return score_rows(model, load_dataset(card.embedded, card.values).test, status)
    return np.array(card.valid_log_p)


def _on_ray(args) -> None:
    """The scores of any number of files in a folder of Parquet, by Ray; bad files and pictures are named in the end."""
    from ..hosting import check_ray_address

    if args.out is None or args.out.is_file() or (args.out.is_dir() and any(args.out.iterdir())):
        raise NadeError("Expected --out to be a new or an empty folder; got {out}.", out=args.out)
    if args.address:
        check_ray_address("--address", args.address)
    status = Status()
    status.say("Loading the model…")
    from .. import checkpoint
    from ..scale.cluster import check_installed
    from ..scale.score import score
    from ..scale.sources import Reading

    check_installed()
    card, model = checkpoint.read_card(args.model), checkpoint.load_model(args.model, args.device)
    reading = Reading(card, how_for(args, card, "keep" if model.completes else None), args.threshold)
    reference = _reference(card, model, status)
    status.say("Scoring on Ray…")
    told = score(args.files, reading, reference, args.out, args.address, args.device, args.threads or 1)
    status.clear()
    if args.json:
        print_json({"out": str(args.out), "n": told.scored, "failed": told.failed})
    else:
        print(f"{told.scored:,} scores in {args.out}")
    if told.failed:
        raise NadeError("Not scored, {n}: {reasons}", n=told.failed, reasons=" ".join(told.reasons))


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
