"""Models on disk: safetensors weights with one JSON header that says what they are and what they reach."""

import json
import math
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open
from safetensors.torch import save

from .data import SOURCES
from .data.layout import Layout
from .devices import as_device
from .files import write_atomic
from .headers import FORMAT_VERSION, PRETRAINED, config_of, read_header
from .images import SIDE, Fit
from .memory import A_TENSOR, AtMost
from .messages import NadeError
from .models import MODELS

DEFAULT = "nade-mnist"
REFERENCE = 1000  # values of log p that a model file keeps to compare with


@dataclass(frozen=True)
class ModelCard:
    """What a model file says of itself. ``nats`` maps a split to the mean negative log-likelihood there.

    ``embedded`` is the source of nade_core.data on whose very rows it is measured, "" for people's own data, whatever
    those are called. ``values`` is what its rows are made of ("binary", "real", "levels") and ``dims`` how many there
    are in a row.
    """

    name: str
    path: Path
    title: str
    model: str
    description: str
    parameters: int
    data: str
    embedded: str
    values: str
    dims: int
    classes: tuple[str, ...] = ()
    shape: tuple[int, int] | None = None
    nats: dict[str, float] = field(default_factory=dict)
    standardised_nats: dict[str, float] = field(default_factory=dict)
    layout: Layout | None = None
    valid_log_p: tuple[float, ...] = ()
    config: Any = None  # the model's configuration, of its own class, with what the header leaves out
    header: dict = field(default_factory=dict)

    @property
    def fit(self) -> Fit:
        """How a picture is prepared for it: as its data set has them, or as all pictures of people's own are."""
        return SOURCES[self.embedded].fit if self.embedded else Fit()

    def check_pictures(self) -> None:
        """NadeError unless it is a model of what pictures become."""
        if self.shape != (SIDE, SIDE):
            raise NadeError(
                "The model {model} is not one of 28 x 28 images, so it cannot score pictures.", model=self.name
            )


def save_model(model, path: str | Path, **info) -> Path:
    """Write weights and header to ``path`` (atomically), and return it.

    ``info`` goes into the header as it is: title, data, embedded, binarisation, classes (names), shape, nats by
    split, seed, command. It must be JSON.
    """
    kind = type(model).__name__
    header = {"format_version": FORMAT_VERSION, "model": kind, "config": asdict(model.config), "embedded": "", **info}
    header["parameters"] = sum(p.numel() for p in model.parameters())
    tensors = {name: t.detach().cpu().contiguous() for name, t in model.state_dict().items()}
    write_atomic(path, save(tensors, metadata={"nade": json.dumps(header)}))
    return Path(path)


def read_card(path: str | Path) -> ModelCard:
    """The card of a pretrained name, a model file or a run folder; reads the header alone."""
    return _card(find_model(path))


def _card(path: Path) -> ModelCard:
    """The card of a file, which is read again only when it has changed."""
    try:
        known = path.stat()
    except OSError as error:
        raise NadeError("There is no model file {path}.", path=path) from error
    return _card_as_written(path, known.st_mtime_ns, known.st_size)


@lru_cache(maxsize=512)
def _card_as_written(path: Path, changed: int, size: int) -> ModelCard:
    header = read_header(path)
    name = path.resolve().parent.name if path.stem == "model" else path.stem  # a run keeps RUN/model.safetensors
    model_class, shape = MODELS[header["model"]][0], header.get("shape")
    embedded, config = header.get("embedded", ""), config_of(header, path)
    return ModelCard(
        name=name,
        path=path,
        title=header.get("title") or name,
        model=header["model"],
        description=model_class.description,
        parameters=header["parameters"],
        data=header.get("data", ""),
        embedded=embedded if embedded in SOURCES else "",
        values=model_class.values,
        dims=config.dims,
        config=config,
        classes=tuple(header.get("classes", ())),
        shape=tuple(shape) if shape else None,
        nats=header.get("nats", {}),
        standardised_nats=header.get("standardised_nats", {}),
        layout=Layout.from_json(header["layout"]) if header.get("layout") else None,
        valid_log_p=tuple(header.get("valid_log_p", ())),
        header=header,
    )


def _values(sizes: list[int]) -> int:
    """How many values a model may take whose file has tensors of these sizes."""
    return (1 << 20) + 4 * sum(size + A_TENSOR for size in sizes)


def load_model(path: str | Path, device: str | torch.device | None = None):
    """The model of a pretrained name, a model file or a run folder, in eval mode on ``device`` (CUDA, else MPS, else
    CPU). Strict: NadeError if the weights are not those that the header announces, before memory is taken for them."""
    path, device = find_model(path), as_device(device)
    header = read_header(path)
    model_class, config = MODELS[header["model"]][0], config_of(header, path)
    try:
        with safe_open(path, "pt") as file:
            names = list(file.keys())
            with AtMost(_values([math.prod(file.get_slice(name).get_shape()) for name in names])):
                ordering = file.get_tensor("ordering") if "ordering" in names else None
                model = model_class(config, ordering=ordering)
            model.load_state_dict({name: file.get_tensor(name) for name in names}, strict=True)
    except Exception as error:  # whatever the bytes make of safetensors, torch and the model itself
        reason = (str(error) or type(error).__name__).splitlines()[0]
        raise NadeError(
            "{path} is damaged: its weights do not fit its header ({reason}).", path=path, reason=reason
        ) from error
    return model.to(device).eval().requires_grad_(False)


def list_models(extra_dirs: tuple[str | Path, ...] = ()) -> list[ModelCard]:
    """Cards of the pretrained models, then of the model files found in ``extra_dirs`` and their run folders.

    The first is DEFAULT, a quick one; the other pretrained ones follow by data set, the best first. Files that are
    no models are left out: ``model_faults`` says which, and why.
    """
    cards = sorted(_read(PRETRAINED.glob("*.safetensors"))[0], key=_place)
    return cards + _read(_run_models(extra_dirs))[0]


def model_faults(extra_dirs: tuple[str | Path, ...] = ()) -> list[tuple[Path, NadeError]]:
    """The files that ``list_models`` leaves out, and what is wrong with each."""
    return _read([*sorted(PRETRAINED.glob("*.safetensors")), *_run_models(extra_dirs)])[1]


def _run_models(folders: Iterable[str | Path]) -> list[Path]:
    return [path for folder in folders for path in sorted(Path(folder).glob("*/model.safetensors"))]


def _read(paths: Iterable[Path]) -> tuple[list[ModelCard], list[tuple[Path, NadeError]]]:
    cards, faults = [], []
    for path in paths:
        try:
            cards.append(_card(path))
        except NadeError as error:
            faults.append((path, error))
    return cards, faults


def _place(card: ModelCard) -> tuple:
    images = [source.name for source in SOURCES.values() if source.shape]
    order = images.index(card.embedded) if card.embedded in images else len(images)
    return card.name != DEFAULT, order, card.nats.get("test", math.inf), card.name


def find_model(name: str | Path) -> Path:
    """The file of a pretrained name, a model file, or a run folder. NadeError naming what there is."""
    pretrained = PRETRAINED / f"{name}.safetensors"
    for path in (pretrained, Path(name) / "model.safetensors", Path(name)):
        if path.is_file():
            return path
    if (Path(name) / "config.json").is_file():
        raise NadeError("The run {name} has no model yet: its first epoch has not ended.", name=name)
    known = ", ".join(card.name for card in list_models())
    raise NadeError(
        "Unknown model {name!r}: expected a model file, a run folder, or one of {known}.", name=str(name), known=known
    )


def load_pretrained(name: str | Path, device: str | torch.device | None = None):
    """A model that comes with the project, for example "nade-mnist": ``load_model``, read aloud."""
    return load_model(name, device)
