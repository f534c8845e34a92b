"""nade complete: the empty cells of a table, filled by what the model makes of the others."""

from pathlib import Path

from ..messages import NadeError
from .options import Status, add_reading, data_help, print_json
from .tables import check_out, layout_for, read_for, write_columns

HELP = "fill the empty cells of a table"
EXAMPLE = "nade complete runs/any-order holes.csv --out whole.csv"


def add_arguments(p, arguments: list[str]) -> None:
    """The options of the verb."""
    p.add_argument("model", help="a model file or a run folder, of a model of any ordering")
    p.add_argument("data", help=data_help())
    p.add_argument("--out", type=Path, required=True, metavar="FILE", help="where the table goes, .csv or .parquet")
    p.add_argument(
        "--by", choices=("draw", "mean"), default="draw", help="a draw of what is missing, or its mean (draw)"
    )
    p.add_argument("--seed", type=int, default=0, help="of the draws (0)")
    add_reading(p)


def run(args) -> None:
    """Each row with holes becomes one draw of x_missing given x_known, or the mean of p(x_i | x_known) at each hole."""
    check_out(args.out)
    status = Status()
    status.say("Loading the model…")
    from .. import checkpoint
    from ..scoring import filled

    card, model = checkpoint.read_card(args.model), checkpoint.load_model(args.model, args.device)
    if not model.completes:
        raise NadeError(
            "A {model} knows each value given those before it, not given any others: to fill empty cells, train an {other} "
            "on the table.",
            model=card.model,
            other="OrderAgnosticRNADE" if model.values == "real" else "OrderAgnosticNADE",
        )
    rows = read_for(args, card, "keep").rows
    status.say("Filling…")
    whole, holes = filled(model, rows, args.by, args.seed)
    status.clear()
    write_columns(args.out, layout_for(card).restored(whole))
    result = {"out": str(args.out), "rows": len(rows), "filled": int(holes.sum()), "by": args.by}
    print_json(result) if args.json else print(f"{result['filled']:,} cells filled in {args.out}")
