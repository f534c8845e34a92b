"""What can be said to ``nade train``, and the run that it asks for."""

import argparse
import re
from collections import defaultdict
from dataclasses import asdict, fields
from pathlib import Path

from . import checkpoint, runs
from .data.reading import EMBEDDED_NAMES, read_data
from .devices import as_device
from .distillation import check_teacher
from .models import MODELS
from .orderings import ORDERINGS
from .training import TrainConfig, recommended, weight_decays


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
    """The run that was asked for. ValueError if the data and the options do not go together."""
    if args.start:
        return _started(args)
    name = args.model or "NADE"
    model_class, config_class = MODELS[name]
    data = read_data(args.data, args.key, args.seed, values=model_class.values)
    if args.classes and not data.class_names:
        raise ValueError("--classes needs a data set with labels.")
    options = _model_options(args)
    if args.classes:
        options["classes"] = len(data.class_names)
    known = {f.name for f in fields(config_class)}
    if unknown := sorted(options.keys() - known):
        raise ValueError(f"A {name} has no {', '.join(unknown)}; it has {', '.join(sorted(known - {'dims'}))}.")
    config = _how(args, name, config_class(data.dims, **options), data, args.ordering or "raster")
    if args.teacher:
        _check_student(args, config, data)
    return config


def _started(args) -> runs.RunConfig:
    """A run that goes on with the model of --start, as it is."""
    card = checkpoint.read_card(checkpoint.find_model(args.start))
    model_class, config_class = MODELS[card.model]
    if args.model or args.ordering or args.classes or args.teacher or _model_options(args):
        raise ValueError(
            "--start goes on with a model as it is: leave out --model, its sizes, --ordering, --classes and --teacher."
        )
    if model_class.counts:
        raise ValueError(f"A {card.model} learns by counting: it starts anew each time, without --start.")
    model = config_class(**card.header["config"])
    data = read_data(args.data, args.key, args.seed, values=model_class.values)
    if model.dims != data.dims or getattr(model, "classes", 0) not in (0, len(data.class_names)):
        raise ValueError(
            f"The model {args.start} is one of {model.dims} values and {len(card.classes)} classes; "
            f"the data have {data.dims} and {len(data.class_names)}."
        )
    return _how(args, card.model, model, data, card.header.get("ordering", "raster"))


def _model_options(args) -> dict:
    """What was given of the fields of a model's configuration."""
    return {name: getattr(args, name) for name in MODEL_FIELDS if getattr(args, name) is not None}


def _how(args, name: str, model, data, ordering: str) -> runs.RunConfig:
    """The run of a model of that name and configuration on the data."""
    if (args.shift or args.flip) and data.shape is None:
        raise ValueError("--shift and --flip need 28 x 28 images.")
    given = {f.name: getattr(args, f.name) for f in fields(TrainConfig) if getattr(args, f.name) is not None}
    source = args.data if args.data in EMBEDDED_NAMES else str(Path(args.data).resolve())
    start = str(Path(args.start).resolve()) if Path(args.start).exists() and args.start else args.start
    tried = () if args.weight_decay is not None else weight_decays(name, *data.train.shape)
    how = recommended(name, len(data.train), as_device(args.device), **given)
    return runs.RunConfig(source, name, asdict(model), how, ordering, args.title, args.key, tried, args.teacher, start)


def _check_student(args, config: runs.RunConfig, data) -> None:
    """ValueError if the teacher cannot teach that model as asked."""
    model_class, _ = MODELS[config.model]
    if model_class.values != "binary" or model_class.counts:
        raise ValueError(
            "--teacher needs a model of binary rows that learns by gradients: "
            "FVSBN, NADE, MADE, OrderAgnosticNADE or PixelCNN."
        )
    if args.classes:
        raise ValueError("A teacher tells no labels: leave out --classes.")
    if config.ordered and args.ordering:
        raise ValueError(f"A {config.model} learns along the ordering of its teacher: leave out --ordering.")
    check_teacher(checkpoint.load_pretrained(args.teacher, args.device), data.dims)
