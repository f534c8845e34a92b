"""What the verbs' parsers share."""

import argparse
import json
import re
import sys
from typing import NoReturn


class Parser(argparse.ArgumentParser):
    """A parser whose errors are one line, as all errors of the command are, and that takes no shortened options."""

    def __init__(self, **kwargs):
        super().__init__(**{"formatter_class": argparse.RawDescriptionHelpFormatter, "allow_abbrev": False, **kwargs})

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"nade: {' '.join(message.split())} ({self.prog} --help tells more)\n")


def add_common(p: argparse.ArgumentParser, computes: bool) -> None:
    """--json, and for a verb that computes, where and with how many threads."""
    p.add_argument("--json", action="store_true", help="print JSON")
    if computes:
        p.add_argument("--device", help="cuda, mps or cpu (default: the best there is)")
        p.add_argument(
            "--threads", type=int, metavar="N", help="how many threads compute (default: NADE_THREADS, or all)"
        )


def seconds(text: str) -> float:
    """ "90", "90s", "9m" or "1h" in seconds."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)([smh]?)", text)
    if not match:
        raise argparse.ArgumentTypeError(f"expected a time such as 90s, 9m or 1h; got {text!r}")
    return float(match[1]) * {"": 1, "s": 1, "m": 60, "h": 3600}[match[2]]


def data_help() -> str:
    """What may be named as data: the embedded sources and the kinds of files."""
    from ..data import SOURCES
    from ..data.filetypes import suffixes

    return f"{', '.join(SOURCES)}, or a file ({', '.join(suffixes())}) or a folder of pictures"


def add_reading(p: argparse.ArgumentParser) -> None:
    """How a file is read, where it looks like something else than it is."""
    group = p.add_argument_group("how a file is read", "Left out: as it looks; `nade read FILE` tells.")
    group.add_argument("--key", help="which array of the file, if it holds several")
    group.add_argument("--header", action=argparse.BooleanOptionalAction, help="the first row is one of names")
    group.add_argument(
        "--decimal",
        choices=(".", ","),
        help="the decimal mark of numbers that are texts; the other one parts thousands",
    )
    group.add_argument("--labels", metavar="COLUMN", help='set this column aside as labels ("": none)')
    group.add_argument("--holes", choices=("drop", "fill"), help="rows with empty cells, or the cells: by the median")
    group.add_argument(
        "--binarise",
        choices=("threshold", "bernoulli"),
        help="greys to 0 and 1, on above the middle or by one draw each",
    )
    group.add_argument("--packed", action="store_const", const=True, help="eight bits a byte, as numpy.packbits does")


def reading_of(args) -> dict:
    """What was asked of the reading, by the names of the fields of ``How``; the key stands apart."""
    names = ("header", "decimal", "labels", "holes", "binarise", "packed")
    return {name: value for name in names if (value := getattr(args, name)) is not None}


def tell(understood) -> None:
    """What is worth knowing of a file that was read, on stderr."""
    Status.clear()
    for one in understood.skipped:
        print(f"nade: left out: {one.name}: {one.why}", file=sys.stderr)
    for note in understood.warnings:
        print(f"nade: note: {note}", file=sys.stderr)


def print_json(value) -> None:
    """The value as JSON, for another program to read."""
    print(json.dumps(value, indent=1))


class Status:
    """One line on the terminal's stderr that says what goes on, and nothing where stderr is no terminal."""

    width = 0  # of what stands on the line now, whoever said it: a terminal has one

    def __init__(self) -> None:
        self.shown = sys.stderr.isatty()

    def say(self, text: str) -> None:
        """Show this text in place of the last one."""
        if self.shown:
            print("\r" + text.ljust(Status.width), end="", file=sys.stderr, flush=True)
            Status.width = len(text)

    @staticmethod
    def clear() -> None:
        """Leave the line empty, for other output."""
        if Status.width:
            print("\r" + " " * Status.width + "\r", end="", file=sys.stderr, flush=True)
            Status.width = 0
