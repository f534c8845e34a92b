"""The command line, one file a verb. Only this package of the library prints.

What is slow to load (torch, and all that needs it) is imported where a verb runs, so that help and a usage error
answer at once.
"""

import sys
import time
from typing import NoReturn

from .. import __version__
from . import complete, evaluate, export, models, rank, read, report, sample, score, train
from .options import Parser, Status, add_common

VERBS = {
    "models": models,
    "read": read,
    "evaluate": evaluate,
    "score": score,
    "rank": rank,
    "sample": sample,
    "complete": complete,
    "train": train,
    "export": export,
    "report": report,
}
QUICK = models, read, export, report  # those that compute nothing to speak of: no device to choose


def main(arguments: list[str] | None = None) -> None:
    """Run one verb. Bad input is one line on stderr and exit status 2; Ctrl-C is 130."""
    started = time.monotonic()
    arguments = sys.argv[1:] if arguments is None else arguments
    args, unknown = _parser(arguments).parse_known_args(arguments)
    args.started = started
    if unknown:
        model = f" --model {args.model}" if args.verb == "train" and args.model else ""
        _end(2, f"unknown here: {' '.join(unknown)} (nade {args.verb}{model} --help tells more)")
    try:
        if getattr(args, "threads", None) is not None:
            from ..devices import set_threads

            set_threads(args.threads)
        VERBS[args.verb].run(args)
    except (ValueError, OSError) as error:
        _end(2, str(error))
    except (MemoryError, RuntimeError) as error:
        from ..memory import is_out_of_memory

        if not is_out_of_memory(error):
            raise
        _end(2, "There is not enough memory for this: ask for less.")
    except KeyboardInterrupt:
        print(file=sys.stderr)
        _end(130, f"stopped. {getattr(VERBS[args.verb], 'STOPPED', '')}")


def _end(code: int, message: str) -> NoReturn:
    """Leave with that exit status and one line on stderr."""
    Status.clear()
    print(f"nade: {' '.join(message.split())}", file=sys.stderr)
    raise SystemExit(code) from None


def _parser(arguments: list[str]) -> Parser:
    """The parser of all verbs; that of ``train`` depends on the model that the arguments name."""
    parser = Parser(prog="nade", description="Exact neural densities: log p(x), samples, and models of your own.")
    parser.add_argument("--version", action="version", version=f"nade {__version__}")
    verbs = parser.add_subparsers(required=True, dest="verb", metavar="VERB")
    for name, verb in VERBS.items():
        p = verbs.add_parser(name, help=verb.HELP, description=f"{verb.HELP}.", epilog=f"example: {verb.EXAMPLE}")
        add_common(p, computes=verb not in QUICK)
        verb.add_arguments(p, arguments)
    return parser
