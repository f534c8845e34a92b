"""What a run trains, and on what, as the program and as config.json have it."""

from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from ..data.understood import How
from ..messages import NadeError
from ..models import MODELS
from ..training import TrainConfig

VERSION = 2


@dataclass(frozen=True)
class RunConfig:
    """What a run trains, and on what: a model's name and configuration, a data source, and how.

    ``data`` is an embedded name or a file; a relative one lies in the run folder. ``data_name`` is what the data are
    called, if not by their file. ``teacher`` is a pretrained name or a model file: a model of one ordering learns the
    teacher's conditionals, along the teacher's ordering; a model of several learns from rows that the teacher draws.
    ``reading`` holds the fields of ``How`` that were asked for, by which a file is read. ``start``, likewise, is a model of the same kind and configuration, whose weights are the first ones.
    """

    data: str
    model: str
    model_config: dict
    train: TrainConfig
    ordering: str = "raster"
    title: str = ""
    key: str | None = None
    weight_decays: tuple[float, ...] = ()
    teacher: str = ""
    start: str = ""
    data_name: str = ""
    reading: dict = field(default_factory=dict)

    @property
    def sizes(self) -> Any:
        """The model's configuration, of its own class."""
        return MODELS[self.model][1](**self.model_config)

    @property
    def how(self) -> How:
        """How the file of the data is read."""
        return How(**self.reading)

    @property
    def ordered(self) -> bool:
        """Whether the model has one ordering."""
        return not has_many_orderings(self.model, self.sizes)

    @property
    def trials(self) -> list[TrainConfig]:
        """One training after another: a weight decay each, or the one of ``train``."""
        return [replace(self.train, weight_decay=value) for value in self.weight_decays] or [self.train]


def has_many_orderings(model: str, sizes: Any) -> bool:
    """Whether a model of that name and configuration knows several orderings."""
    for count in ("masks", "orderings", "scans"):
        if hasattr(sizes, count):
            return getattr(sizes, count) > 1
    if hasattr(sizes, "order_agnostic"):
        return sizes.order_agnostic
    return MODELS[model][0].many_orderings


def to_json(config: RunConfig, created: float) -> dict:
    """The content of config.json; ``created`` in seconds since 1970."""
    return {"version": VERSION, "created": created, **asdict(config)}


def from_json(values: dict, path: Path) -> RunConfig:
    """The configuration that ``to_json`` wrote, or an older version did. NadeError naming the file and what is wrong.

    Version 1, without a number, had the same fields or fewer: what is missing has its default.
    """
    version = values.get("version", 1)
    if version not in range(1, VERSION + 1):
        raise NadeError(
            "{file} has the format version {version}; this program reads up to {known}. Update nade-lab.",
            file=str(path),
            version=str(version),
            known=VERSION,
        )
    try:
        given = {name: value for name, value in values.items() if name not in ("version", "created")}
        return _checked(RunConfig(**{**given, **_converted(given)}))
    except (TypeError, KeyError, ValueError, AttributeError) as error:
        reason = str(error) if not isinstance(error, KeyError) else f"there is no {error}"
        raise NadeError(
            "{file} does not fit this version of the program: {reason}.", file=str(path), reason=reason.rstrip(".")
        ) from error


def _converted(given: dict) -> dict:
    """What JSON holds in another type."""
    return {"train": TrainConfig(**given["train"]), "weight_decays": tuple(given.get("weight_decays", ()))}


def _checked(config: RunConfig) -> RunConfig:
    """The configuration, if each text is one and the model is one that can be built."""
    for known in fields(RunConfig):
        value = getattr(config, known.name)
        if known.type in ("str", str) and not isinstance(value, str):
            raise TypeError(f"{known.name} is {value!r}")
    if not isinstance(config.key, str | None):
        raise TypeError(f"key is {config.key!r}")
    if config.model not in MODELS:
        raise ValueError(f"there is no model named {config.model!r}")
    config.sizes, config.trials, config.how  # noqa: B018 (all are checked as they are built)
    return config
