"""What can be trained on what, and how it goes where nothing else is asked for: for whoever offers a choice."""

from dataclasses import dataclass

from ..data import SOURCES, load_dataset
from ..devices import as_device
from ..models import MODELS
from ..training import recommended


@dataclass(frozen=True)
class Usual:
    """A training for which nothing was asked; None where the model has no such thing, or where the data decide."""

    counts: bool  # learns by counting: without epochs or steps
    epochs: int | None
    learning_rate: float
    hidden: int | None
    values: str  # the kind of rows that it takes


def sources() -> dict[str, str]:
    """The embedded data that a model can be trained on, by name, with their titles."""
    return {source.name: source.title for source in SOURCES.values() if source.trains}


def models_for(data: str) -> dict[str, str]:
    """The models that can learn from an embedded source, by name, with what each is; all of them for other data."""
    return {name: cls.description for name, (cls, _) in MODELS.items() if data not in SOURCES or _fits(name, data)}


def _fits(model: str, data: str) -> bool:
    """Whether the source has rows of the values and the width that the model takes."""
    model_class, config_class = MODELS[model]
    if model_class.values not in SOURCES[data].values:
        return False
    try:
        return bool(config_class(load_dataset(data, model_class.values).dims))
    except ValueError:
        return False


def usual(model: str, data: str) -> Usual:
    """How that model is trained on an embedded source, or on other data, of which the number of rows is not known."""
    model_class, config_class = MODELS[model]
    rows = len(load_dataset(data, model_class.values).train) if data in SOURCES else None
    how = recommended(model, rows or 1, as_device(None))
    hidden = getattr(config_class, "hidden", None)  # the default of a dataclass is an attribute of the class
    return Usual(model_class.counts, how.epochs if rows else None, how.learning_rate, hidden, model_class.values)
