"""nade read: what a picture, a table or an archive is taken for, before anything is learned from it."""

import sys
from dataclasses import asdict
from pathlib import Path

from ..messages import NadeError
from .options import Status, add_reading, data_help, print_json, reading_of, tell

HELP = "what a file is taken for"
EXAMPLE = "nade read table.csv --values real --json"


def add_arguments(p, arguments: list[str]) -> None:
    """The options of the verb."""
    p.add_argument("source", help=f"a picture, {data_help()}")
    p.add_argument("--values", choices=("binary", "real", "levels"), help="the kind of rows (as it looks)")
    add_reading(p)


def run(args) -> None:
    """Print what was understood; a picture becomes 28 x 28, but its pixels are rows where real values are asked for."""
    from ..data.filetypes import IMAGE_SUFFIXES
    from ..data.reading import understand
    from ..data.understood import How

    if Path(args.source).suffix.lower() in IMAGE_SUFFIXES and args.values in (None, "binary"):
        return _picture(args)
    status = Status()
    status.say("Reading…")
    understood = understand(args.source, How(args.values, args.key, **reading_of(args)))
    status.clear()
    report = _report(understood)
    if args.json:
        return print_json(report)
    tell(understood)
    for name, value in report.items():
        if name not in ("warnings", "skipped", "first_rows") and value not in (None, "", (), []):
            print(f"{name}: {_shown(value)}")
    for row in report.get("first_rows", []):
        print(_shown(row))


def _picture(args) -> None:
    """The 28 x 28 image, as letters, and the steps that led to it."""
    if reading_of(args) or args.key is not None:
        raise NadeError("A picture is no table: leave out how its columns are read.")
    from .. import images

    prepared = images.prepare(args.source)
    rows = ["".join(map(str, row)) for row in prepared.image.tolist()]
    steps = [{"name": step.name, "explanation": step.explanation.format(**step.facts)} for step in prepared.steps]
    warnings = [str(note) for note in prepared.notes]
    if args.json:
        return print_json({"kind": "picture", "image": rows, "steps": steps, "warnings": warnings})
    for step in steps:
        print(f"{step['name']}: {step['explanation']}", file=sys.stderr)
    for warning in warnings:
        print(f"nade: note: {warning}", file=sys.stderr)
    print("\n".join(rows).translate({ord("0"): ".", ord("1"): "#"}))


def _report(understood) -> dict:
    """What was understood, as JSON has it."""
    report = {**asdict(understood), "warnings": [str(note) for note in understood.warnings]}
    report["skipped"] = [{"name": one.name, "why": str(one.why)} for one in understood.skipped]
    if understood.kind == "pictures":
        return {name: report[name] for name in ("kind", "rows", "skipped", "warnings")}
    return {name: value for name, value in report.items() if name != "skipped"}


def _shown(value: object) -> str:
    """A value on one line, a long list cut."""
    if not isinstance(value, list | tuple):
        return str(value)
    return ", ".join(map(str, value[:12])) + (f", … ({len(value)})" if len(value) > 12 else "")
