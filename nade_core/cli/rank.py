"""nade rank: the least likely rows of a table, with the columns that make them so."""

import csv
import sys
from pathlib import Path

from ..messages import NadeError
from .options import Status, add_reading, data_help, print_json
from .tables import check_out, layout_for, read_for, write_columns

HELP = "the least likely rows of a table, and the columns that make them so"
EXAMPLE = "nade rank runs/table people.csv -n 20"


def add_arguments(p, arguments: list[str]) -> None:
    """The options of the verb."""
    p.add_argument("model", help="a pretrained name, a model file or a run folder")
    p.add_argument("data", help=data_help())
    p.add_argument("-n", type=int, default=10, help="how many rows (10)")
    p.add_argument("--columns", type=int, default=3, metavar="K", help="how many columns are named of each row (3)")
    p.add_argument("--out", type=Path, metavar="FILE", help="-log p of every column of those rows, .csv or .parquet")
    add_reading(p)


def run(args) -> None:
    """-log p(x_i | x_<i) adds up to -log p(x): the columns with the largest terms, whatever their unit, are those that
    surprise."""
    check_out(args.out)
    for name, value in (("-n", args.n), ("--columns", args.columns)):
        if value < 1:
            raise NadeError("Expected {option} of at least 1; got {value}.", option=name, value=value)
    status = Status()
    status.say("Loading the model…")
    from .. import checkpoint
    from ..data.headings import apart
    from ..measures import as_written
    from ..scoring import least_likely, surprises

    card, model = checkpoint.read_card(args.model), checkpoint.load_model(args.model, args.device)
    rows, names = read_for(args, card).rows, layout_for(card).columns(card.dims)
    status.say("Scoring…")
    places, terms = least_likely(model, rows, args.n)
    status.clear()
    if args.out:
        heads = apart(["row", "log_p", *names])
        columns = dict(zip(heads, [places + 1, terms.sum(1), *(-terms.T)], strict=True))
        write_columns(args.out, columns)
    shown = [
        _row(place, log_p, surprise, row, names, args.columns)
        for place, log_p, surprise, row in zip(places, terms.sum(1), surprises(model, terms), rows[places], strict=True)
    ]
    if args.json:
        return print_json(shown)
    writer = csv.writer(sys.stdout)
    writer.writerow(("row", "log_p", "because"))
    for one in shown:
        because = "; ".join(f"{c['column']} = {as_written(c['value'])} ({c['nats']:.2f} nats)" for c in one["because"])
        writer.writerow((one["row"], f"{one['log_p']:.4f}", because))


def _row(place: int, log_p: float, surprise, row, names: tuple[str, ...], k: int) -> dict:
    """One row: its number from 1, its log p, and the columns that surprise most, with -log p of their standardised values."""
    because = [
        {"column": names[j], "value": float(row[j]), "nats": float(surprise[j])} for j in surprise.argsort()[::-1][:k]
    ]
    return {"row": int(place) + 1, "log_p": float(log_p), "because": because}
