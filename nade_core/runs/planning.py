"""From what somebody asks for to the run that does it: the one builder, for the command line and the app."""

import math
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any

import torch

from ..checkpoint import ModelCard, find_model, read_card
from ..data import SOURCES, Dataset
from ..data.reading import looks_like, read_data
from ..data.understood import How, Understood
from ..distillation import check_teacher
from ..memory import AtMost, is_out_of_memory, memory_here
from ..messages import NadeError
from ..models import MODELS
from ..orderings import ORDERINGS
from ..training import TrainConfig, recommended, weight_decays
from .config import RunConfig


@dataclass(frozen=True)
class Request:
    """What to train, and on what: only what was asked for; the rest follows from the model and the data.

    ``data`` is an embedded name or a path. ``model`` "" is the usual one for rows of that kind. ``model_options`` and ``train_options`` hold fields of the model's
    configuration and of TrainConfig. ``classes``: condition on the labels. ``teacher`` and ``start`` are pretrained
    names, model files or run folders; with ``start`` the run goes on with that model as it is. ``reading`` holds
    fields of ``How``, by which a file is read.
    """

    data: str
    model: str = "NADE"
    model_options: dict = field(default_factory=dict)
    train_options: dict = field(default_factory=dict)
    title: str = ""
    ordering: str | None = None
    key: str | None = None
    classes: bool = False
    teacher: str = ""
    start: str = ""
    seed: int = 0
    reading: dict = field(default_factory=dict)


USUAL = {"binary": "NADE", "real": "RNADE", "levels": "CategoricalNADE"}


def usual_model(data: str, key: str | None = None, reading: dict | None = None) -> str:
    """The name of the model that learns from those data where none is named. NadeError if they cannot be read."""
    return USUAL[looks_like(data, How(key=key, **(reading or {})))]


BYTES, COPIES = 4, 5  # of a value of a model as it trains: the weights, their average, the gradients, two moments
Told = Callable[[Understood], None]


def plan(request: Request, device: torch.device, told: Told | None = None) -> RunConfig:
    """The run that was asked for. NadeError if the data, the model and the options do not go together.

    ``told`` is called with what was understood of a file.
    """
    if request.start:
        return _further(request, device, told)
    request = replace(request, model=request.model or usual_model(request.data, request.key, request.reading))
    _check_names(request)
    model_class, config_class = MODELS[request.model]
    data = _data(request, model_class.values, told)
    options = {**model_class.sizes_for(*data.train.shape), **request.model_options}
    if request.classes:
        if "classes" not in _names(config_class) or not data.class_names:
            raise NadeError("Classes need a model that takes them, and a data set with labels.")
        options["classes"] = len(data.class_names)
    config = _how(request, device, request.model, config_class(data.dims, **options), data, request.ordering)
    if request.teacher:
        _check_student(request, config, data)
    return config


def _data(request: Request, values: str, told: Told | None) -> Dataset:
    data = read_data(request.data, request.key, request.seed, values=values, how=How(**request.reading))
    if told and data.understood:
        told(data.understood)
    return data


def _names(config_class: type) -> set[str]:
    return {f.name for f in fields(config_class)}


def _check_names(request: Request) -> None:
    """NadeError for a model, an option or an ordering that there is none of."""
    if request.model not in MODELS:
        raise NadeError(
            "There is no model named {model}; there are {known}.", model=request.model, known=", ".join(MODELS)
        )
    known = _names(MODELS[request.model][1]) - {"dims", "classes"}
    if unknown := sorted(request.model_options.keys() - known):
        raise NadeError(
            "A {model} has no {options}; it has {known}.",
            model=request.model,
            options=", ".join(unknown),
            known=", ".join(sorted(known)),
        )
    if request.ordering not in (None, *ORDERINGS):
        raise NadeError(
            "There is no ordering named {ordering}; there are {known}.",
            ordering=request.ordering,
            known=", ".join(ORDERINGS),
        )


def _further(request: Request, device: torch.device, told: Told | None) -> RunConfig:
    """A run that goes on with the model of ``start``, as it is."""
    card = read_card(find_model(request.start))
    model_class, config_class = MODELS[card.model]
    other = request.model not in ("", Request.model, card.model)
    if other or request.model_options or request.ordering or request.classes or request.teacher:
        raise NadeError(
            "A run that starts from a model goes on with it as it is: leave out another model, its sizes, an ordering, "
            "classes and a teacher."
        )
    if model_class.counts:
        raise NadeError("A {model} learns by counting: it starts anew each time, from no other.", model=card.model)
    sizes = card.config
    data = _data(request, model_class.values, told)
    if sizes.dims != data.dims or getattr(sizes, "classes", 0) not in (0, len(data.class_names)):
        raise NadeError(
            "The model {name} is one of {dims} values and {classes} classes; the data have {width} and {labels}.",
            name=request.start,
            dims=sizes.dims,
            classes=len(card.classes),
            width=data.dims,
            labels=len(data.class_names),
        )
    return _how(request, device, card.model, sizes, data, card.header.get("ordering"))


def _how(
    request: Request, device: torch.device, model: str, sizes: Any, data: Dataset, ordering: str | None
) -> RunConfig:
    """The run of a model of that name and configuration on the data: one recipe, whoever asks."""
    given = request.train_options
    if unknown := sorted(given.keys() - _names(TrainConfig)):
        raise NadeError("There are no settings of training named {options}.", options=", ".join(unknown))
    if (given.get("shift") or given.get("flip")) and data.shape is None:
        raise NadeError("To move or mirror rows they must be images of 28 x 28 pixels.")
    _check_memory(model, sizes)
    _check_levels(sizes, data)
    return RunConfig(
        request.data if request.data in SOURCES else str(Path(request.data).resolve()),
        model,
        asdict(sizes),
        recommended(model, len(data.train), device, **{**given, "seed": request.seed}),
        ordering or "raster",
        request.title,
        request.key,
        () if "weight_decay" in given else weight_decays(model, *data.train.shape),
        _lasting(request.teacher),
        _lasting(request.start),
        reading=request.reading,
    )


def _check_levels(sizes: Any, data: Dataset) -> None:
    """NadeError for a level that the model does not have."""
    levels = getattr(sizes, "levels", math.inf)
    for part in (data.train, data.valid, data.test):
        if part.size and part.max() >= levels:
            raise NadeError(
                "The data hold the level {value}; the model knows those from 0 to {last}.",
                value=int(part.max()),
                last=levels - 1,
            )


def _check_memory(model: str, sizes: Any) -> None:
    """NadeError for a model that does not fit into this machine's memory as it trains."""
    try:
        with AtMost(memory_here() // (BYTES * COPIES)):
            MODELS[model][0](sizes)
    except (MemoryError, RuntimeError) as error:
        if not is_out_of_memory(error):
            raise
        raise NadeError(
            "A {model} of this size does not fit into the memory here: ask for a smaller one.", model=model
        ) from None


def _lasting(model: str) -> str:
    """A name of the model that holds in any working directory."""
    return str(Path(model).resolve()) if model and Path(model).exists() else model


def _check_student(request: Request, config: RunConfig, data: Dataset) -> None:
    """NadeError if the teacher cannot teach that model as asked; reads the head of its file alone."""
    model_class, _ = MODELS[config.model]
    if model_class.values != "binary" or model_class.counts:
        taught = [name for name, (other, _) in MODELS.items() if other.values == "binary" and not other.counts]
        raise NadeError(
            "Only a model of binary rows that learns by gradients can have a teacher: {models}.",
            models=", ".join(taught),
        )
    if request.classes:
        raise NadeError("A teacher tells no labels: leave out the classes.")
    if config.ordered and request.ordering:
        raise NadeError(
            "A {model} learns along the ordering of its teacher: leave the ordering out.", model=config.model
        )
    card: ModelCard = read_card(find_model(request.teacher))
    check_teacher(MODELS[card.model][0].values, card.dims, data.dims)
