"""nade report: everything about a training run, in one zip."""

from pathlib import Path

from .export import languages
from .options import Status, print_json

HELP = "everything about a training run, in one zip"
EXAMPLE = "nade report runs/first --out first.zip"


def add_arguments(p, arguments: list[str]) -> None:
    """The options of the verb."""
    p.add_argument("run", type=Path, metavar="RUN", help="the run folder")
    p.add_argument("--out", type=Path, required=True, metavar="FILE.zip", help="where the report goes")


def run(args) -> None:
    """Write the zip, and say what is in it."""
    status = Status()
    status.say("Collecting…")
    from .. import export
    from ..files import write_atomic

    files = export.report(args.run, *languages())
    write_atomic(args.out, export.zipped(files, args.out.stem))
    status.clear()
    names = list(files)
    print_json({"out": str(args.out), "files": names}) if args.json else print(f"{args.out}: {', '.join(names)}")
