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
