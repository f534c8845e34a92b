"""nade export: a model as one HTML file for a browser, or as a short PyTorch script."""

import importlib
from importlib.util import find_spec
from pathlib import Path

from ..messages import NadeError
from .options import Status, print_json

HELP = "take a model home: one HTML file, or a short PyTorch script"
EXAMPLE = "nade export nade-mnist --html digits.html --script digits"
WORDS = "texts"  # the app's words, where they stand beside the library; alone it speaks English


def add_arguments(p, arguments: list[str]) -> None:
    """The options of the verb."""
    p.add_argument("model", help="a pretrained name, a model file or a run folder")
    p.add_argument("--html", type=Path, metavar="FILE", help="a page that draws, samples and scores without a server")
    p.add_argument("--script", type=Path, metavar="FOLDER", help="the weights, and a script that needs torch alone")


def run(args) -> None:
    """Write what was asked for, and say how large it is."""
    if args.html is None and args.script is None:
        raise NadeError("Nothing to write: name a file with --html, a folder with --script, or both.")
    status = Status()
    status.say("Loading the model…")
    from .. import export
    from ..files import write_atomic

    files = {args.html: export.page(args.model, *languages())} if args.html else {}
    if args.script:
        files |= {args.script / name: content for name, content in export.script(args.model).items()}
    for path, content in files.items():
        write_atomic(path, content)
    status.clear()
    written = [{"file": str(path), "bytes": len(content)} for path, content in files.items()]
    print_json(written) if args.json else print(*(f"{w['file']}: {w['bytes']:,} bytes" for w in written), sep="\n")


def languages() -> tuple:
    """What a page is told its words by: a function and the names of the languages, nothing where there is no catalog."""
    beside = Path(__file__).parents[2] / WORDS / "__init__.py"
    found = find_spec(WORDS)
    if found is None or found.origin is None or not beside.exists() or not beside.samefile(found.origin):
        return ()
    try:
        catalog = importlib.import_module(WORDS)
    except ImportError:  # the app's requirements are not installed
        return ()
    return catalog.translate, {code: catalog.name(code) for code in catalog.LANGUAGES}
