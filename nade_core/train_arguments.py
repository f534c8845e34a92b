"""What can be said to ``nade train``, and the run that it asks for."""

import argparse
import re
from collections import defaultdict
from dataclasses import fields
from pathlib import Path

from . import runs
from .data.reading import EMBEDDED_NAMES
from .devices import as_device
from .models import MODELS
from .orderings import ORDERINGS
from .training import TrainConfig


def _model_fields() -> dict[str, tuple]:
    """What can be set of a model: the default of each field, and the models that have it."""
    found = defaultdict(list)
    for name, (_, config_class) in MODELS.items():
        for field in fields(config_class):
            if field.name not in ("dims", "classes"):
                found[field.name, field.default].append(name)
    return {name: (default, models) for (name, default), models in found.items()}


MODEL_FIELDS = _model_fields()


def add_arguments(p: argparse.ArgumentParser) -> None:
    """The options of the verb."""
    p.add_argument("--data", default="mnist", help=f"{', '.join(EMBEDDED_NAMES)}, or a file")
    p.add_argument("--key", help="which array of the file, if it holds several")
    p.add_argument("--out", type=Path, required=True, metavar="RUN", help="the run folder")
    p.add_argument("--resume", action="store_true", help="go on with the run in --out, with its own settings")
    p.add_argument("--time-budget", type=_seconds, metavar="9m", help="stop at the end of an epoch after this time")
    p.add_argument("--title", default="", help="how the model is called in lists")
    p.add_argument("--model", choices=MODELS, help="which model (NADE)")
    for name, (default, models) in MODEL_FIELDS.items():
        p.add_argument(f"--{name.replace('_', '-')}", type=type(default), help=f"of {', '.join(models)} ({default})")
    p.add_argument("--ordering", choices=ORDERINGS, help="of the pixels (raster)")
    p.add_argument("--start", default="", metavar="MODEL", help="go on with this model, from its weights")
    p.add_argument(
        "--teacher",
        default="",
        metavar="MODEL",
        help="learn from a better model too: its conditionals along its ordering, or its draws",
    )
    p.add_argument("--classes", action="store_true", help="condition on the labels of the data set (NADE)")
    p.add_argument("--epochs", type=int)
    p.add_argument("--batch", dest="batch_size", type=int)
    p.add_argument("--lr", dest="learning_rate", type=float)
    p.add_argument("--weight-decay", type=float, help="one value; left out, small tables try several, best on valid")
    p.add_argument("--average", type=float, help="decay of the averaged weights")
    p.add_argument("--patience", type=int, help="epochs without gain before it stops")
    p.add_argument("--shift", type=int, help="move each image by up to so many pixels")
    p.add_argument("--flip", action="store_true", default=None, help="mirror half of the images")
    p.add_argument("--precision", choices=("float32", "bfloat16"), help="of the loss; weights stay in float32")
    p.add_argument("--seed", type=int, default=0)


def _seconds(text: str) -> float:
    """ "90", "90s", "9m" or "1h" in seconds."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)([smh]?)", text)
    if not match:
        raise argparse.ArgumentTypeError(f"expected a time such as 90s, 9m or 1h; got {text!r}")
    return float(match[1]) * {"": 1, "s": 1, "m": 60, "h": 3600}[match[2]]


def run_config(args) -> runs.RunConfig:
    """The run that was asked for. NadeError if the data and the options do not go together."""
    request = runs.Request(
        args.data,
        args.model or "NADE",
        {name: getattr(args, name) for name in MODEL_FIELDS if getattr(args, name) is not None},
        {f.name: getattr(args, f.name) for f in fields(TrainConfig) if getattr(args, f.name) is not None},
        title=args.title,
        ordering=args.ordering,
        key=args.key,
        classes=args.classes,
        teacher=args.teacher,
        start=args.start,
        seed=args.seed,
    )
    return runs.plan(request, as_device(args.device))
