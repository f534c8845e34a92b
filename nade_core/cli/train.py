"""nade train: a model of one's own, in a run folder that can be stopped, killed and resumed."""

import argparse
import json
import os
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread

from ..messages import NadeError
from .fields import ModelOptions, model_options, train_defaults
from .options import Status, add_reading, data_help, reading_of, seconds, tell

HELP = "train a model"
EXAMPLE = "nade train --model MADE --hidden 900 --data mnist --out runs/first --epochs 20 --time-budget 9m"
STOPPED = "Add --resume to go on."
FREE = ("verb", "out", "resume", "time_budget", "device", "threads", "json", "started")  # what --resume goes with
LOOK, GRACE = 0.2, 1.0  # seconds between two looks for a stop, and from a stop to the end of this process
TRAIN = {"batch": "batch_size", "lr": "learning_rate"}  # options that are not called as the field of TrainConfig is


def add_arguments(p: argparse.ArgumentParser, arguments: list[str]) -> None:
    """The options of the verb: those of every run, and those of the model that the arguments name."""
    models = model_options()
    model = models.get(_known(_named(arguments)), models["NADE"])
    run = p.add_argument_group("the run")
    run.add_argument("--out", type=Path, required=True, metavar="RUN", help="the run folder")
    run.add_argument("--resume", action="store_true", help="go on with the run in --out, with its own settings")
    run.add_argument("--time-budget", type=seconds, metavar="9m", help="end after this time, counted from the start")
    run.add_argument("--title", help="how the model is called in lists")
    run.add_argument("--data", help=f"{data_help()} (mnist)")
    run.add_argument("--seed", type=int, help="of all that is drawn at random (0)")
    add_reading(p)
    _add_model(p, model, models)
    _add_training(p, {**train_defaults(), **model.recipe})
    p.epilog = f"{p.epilog}\n\n{_listing(models)}"


def _named(arguments: list[str]) -> str:
    """What --model says, before the rest is parsed: it decides which options there are."""
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False, exit_on_error=False)
    parser.add_argument("--model")
    try:
        return parser.parse_known_args(arguments)[0].model or ""
    except argparse.ArgumentError:
        return ""


def _known(name: str) -> str:
    """The model of that name in upper or lower case; another name as it is."""
    return next((known for known in model_options() if known.lower() == name.lower()), name)


def _add_model(p: argparse.ArgumentParser, model: ModelOptions, models: dict[str, ModelOptions]) -> None:
    group = p.add_argument_group(f"the model, here {model.name}", textwrap.fill(model.meaning, 100))
    group.add_argument(
        "--model",
        type=_known,
        choices=models,
        metavar="NAME",
        help="which, below; it has options of its own (NADE, of real values RNADE)",
    )
    for name, default in model.defaults.items():
        if isinstance(default, bool):
            group.add_argument(
                _option(name), action=argparse.BooleanOptionalAction, help=f"({'yes' if default else 'no'})"
            )
        else:
            group.add_argument(
                _option(name), type=type(default), metavar=type(default).__name__.upper(), help=f"({default})"
            )
    if model.takes_classes:
        group.add_argument(
            "--classes", action="store_const", const=True, help="condition on the labels of the data set"
        )
    group.add_argument("--ordering", metavar="NAME", help="of the pixels: raster, reverse, spiral or random (raster)")
    group.add_argument("--start", metavar="MODEL", help="go on with this model, from its weights")
    group.add_argument(
        "--teacher", metavar="MODEL", help="learn from a better model too: its conditionals or its draws"
    )


def _add_training(p: argparse.ArgumentParser, defaults: dict) -> None:
    group = p.add_argument_group("the training", "In brackets: what suits this model. Small tables are seen longer.")
    for option, type_, text in (
        ("epochs", int, "passes over the rows"),
        ("batch", int, "rows in a step"),
        ("lr", float, "learning rate at the start"),
        ("weight-decay", float, "one value; left out, small tables try several, and the best on valid is kept"),
        ("average", float, "decay of the averaged weights"),
        ("patience", int, "epochs without gain before it ends"),
        ("shift", int, "move each image by up to so many pixels"),
    ):
        default = defaults[_field(option.replace("-", "_"))]
        group.add_argument(f"--{option}", type=type_, metavar=type_.__name__.upper(), help=f"{text} ({default})")
    group.add_argument("--flip", action=argparse.BooleanOptionalAction, help="mirror half of the images (no)")
    group.add_argument(
        "--precision",
        choices=("float32", "bfloat16"),
        help=f"of the loss, bfloat16 where the device gains by it ({defaults['precision']})",
    )
    group.add_argument(
        "--optimizer",
        choices=("adamw", "muon"),
        help=f"muon: Muon for the matrices between hidden features, AdamW for the rest ({defaults['optimizer']})",
    )
    group.add_argument(
        "--compile",
        action=argparse.BooleanOptionalAction,
        help="a slower start and quicker steps; needs a C++ compiler (no)",
    )


def _field(name: str) -> str:
    return TRAIN.get(name, name)


def _option(name: str) -> str:
    return f"--{name.replace('_', '-')}"


def _listing(models: dict[str, ModelOptions]) -> str:
    lines = ["models, and their own options with the defaults:"]
    for model in models.values():
        own = "  ".join(f"{_option(name)} {default}" for name, default in model.defaults.items())
        lines.append(f"  {model.name:18} {own}".rstrip())
    return "\n".join(lines)


def run(args) -> None:
    """Train in a run folder; Ctrl-C stops it, --resume goes on."""
    status = Status()
    if args.resume:
        _check_resumed(args)
    status.say("Reading the data…")
    from .. import __version__, together

    with together.joined(__version__):
        status.shown = status.shown and together.leads()
        with _leaving_when_stopped(args.out):
            _train(args, status)
        if together.leads():
            _end(args)


def _train(args, status: Status) -> None:
    from .. import runs, together
    from ..devices import as_device

    device = as_device(args.device)
    if not args.resume:
        together.led(lambda: _create(args, device))
    together.check_shared(args.out)
    epochs = runs.read_config(args.out).train.epochs
    status.say("Starting: the first report takes longest…")
    for report in runs.run(args.out, device, args.time_budget, started=args.started):
        if not together.leads():
            continue
        if args.json:
            print(json.dumps(report), flush=True)
        else:
            _report(report, epochs, status)
    status.clear()


def _create(args, device) -> None:
    """A new run folder, and told what was understood of the data."""
    from .. import runs

    understood: list = []
    runs.create(args.out, runs.plan(_request(args), device, understood.append))
    for one in understood:
        tell(one)


@contextmanager
def _leaving_when_stopped(folder: Path) -> Iterator[None]:
    """End this process if it still works a moment after somebody asked the run to stop: it may read data, or compute
    something long, and a run can be killed at any moment."""
    over = Event()

    def watch() -> None:
        while not over.wait(LOOK):
            if (folder / "stop").exists() and not over.wait(GRACE):
                os._exit(0)

    Thread(target=watch, daemon=True).start()
    try:
        yield
    finally:
        over.set()


def _end(args) -> None:
    """How the run ended, where its model is, and what it is worth."""
    from .. import checkpoint, runs

    state, model = runs.read_json(args.out / "status.json")["state"], args.out / "model.safetensors"
    card = checkpoint.read_card(model) if model.is_file() else None
    nats, standardised = (card.nats, card.standardised_nats) if card else ({}, {})
    if args.json:
        told = {"state": state, "model": str(model), "nats": nats, "standardised_nats": standardised}
        return print(json.dumps(told))
    print(f"{state}: {model}")
    for split in ("valid", "test"):
        if split in nats:
            also = f", {standardised[split]:.3f} for the variables standardised" if split in standardised else ""
            print(f"{split} {nats[split]:.3f} nats{also}")
    if rows := card.header.get("rows_in_the_end") if card else 0:
        print(f"The model was fitted once more, to all {rows:,} rows; valid is from before.")


def _check_resumed(args) -> None:
    """NadeError if there is nothing to go on with, or if something was asked that a run goes on without."""
    given = sorted(
        _option(name if value is not False else f"no-{name}")
        for name, value in vars(args).items()
        if name not in FREE and value is not None
    )
    if given:
        raise NadeError(
            "--resume goes on with the run's own settings, so these would be ignored: {options}. Leave them out.",
            options=", ".join(given),
        )
    if not (args.out / "config.json").is_file():
        raise NadeError(
            "There is no run in {folder} to go on with: look at its name, or leave out --resume for a new run.",
            folder=args.out,
        )


def _request(args):
    """What was asked for, in the library's terms."""
    from .. import runs

    given = {name: value for name, value in vars(args).items() if value is not None}
    options = model_options()[args.model or "NADE"].defaults.keys() & given.keys()
    training = {_field(name): value for name, value in given.items() if _field(name) in train_defaults()}
    rest = {
        name: given[name]
        for name in ("title", "ordering", "key", "classes", "teacher", "start", "seed")
        if name in given
    }
    return runs.Request(
        given.get("data", "mnist"),
        given.get("model", ""),
        {name: given[name] for name in options},
        {name: value for name, value in training.items() if name != "seed"},
        reading=reading_of(args),
        **rest,
    )


def _report(report: dict, epochs: int, status: Status) -> None:
    """The bar on the terminal, and a line for each epoch that ended."""
    filled = round(30 * report["progress"])
    bar, left = "#" * filled + "." * (30 - filled), report["seconds_left"]
    line = f"epoch {report['epoch']}/{epochs}  train {report['train_nats']:.3f} nats"
    if report["valid_nats"] is not None:
        status.clear()
        print(f"{line}  valid {report['valid_nats']:.3f} nats", flush=True)
    status.say(f"[{bar}] {line}" + ("" if left is None else f"  {left:.0f} s left"))
