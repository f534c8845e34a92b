"""Models on disk: safetensors weights with one JSON header that says what they are and what they reach."""

import json
import math
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save

from .data import DATASETS
from .devices import as_device
from .files import write_atomic
from .models import MODELS

FORMAT_VERSION = 1
DEFAULT = "nade-mnist"
HERE = Path(__file__).parent
PRETRAINED = next((p for p in (HERE / "pretrained", HERE.parent / "pretrained") if p.is_dir()), HERE.parent)


@dataclass(frozen=True)
class ModelCard:
    """What a model file says of itself. ``nats`` maps a split to the mean negative log-likelihood there."""

    name: str
    path: Path
    title: str
    model: str
    description: str
    parameters: int
    data: str
    classes: tuple[str, ...] = ()
    shape: tuple[int, int] | None = None
    nats: dict[str, float] = field(default_factory=dict)
    header: dict = field(default_factory=dict)


def save_model(model, path: str | Path, **info) -> Path:
    """Write weights and header to ``path`` (atomically), and return it.

    ``info`` goes into the header as it is: title, data, binarisation, classes (names), shape, nats by split,
    seed, command. It must be JSON.
    """
    kind = type(model).__name__
    header = {"format_version": FORMAT_VERSION, "model": kind, "config": asdict(model.config), **info}
    header["parameters"] = sum(p.numel() for p in model.parameters())
    tensors = {name: t.detach().cpu().contiguous() for name, t in model.state_dict().items()}
    write_atomic(path, save(tensors, metadata={"nade": json.dumps(header)}))
    return Path(path)


def read_header(path: str | Path) -> dict:
    """The JSON header of a model file. ValueError if it is missing, damaged, foreign or from a newer version."""
    path = Path(path)
    if not path.is_file():
        raise ValueError(f"There is no model file {path}.")
    try:
        with safe_open(path, "pt") as file:
            header = json.loads((file.metadata() or {})["nade"])
    except (SafetensorError, KeyError, ValueError, OSError) as error:
        raise ValueError(f"{path} is not a NADE Lab model, or it is damaged: no readable header.") from error
    version = header.get("format_version")
    if version != FORMAT_VERSION:
        raise ValueError(f"{path} has format version {version}; this program reads {FORMAT_VERSION}. Update nade-lab.")
    if header.get("model") not in MODELS:
        raise ValueError(f"{path} holds a model named {header.get('model')!r}; known here: {', '.join(MODELS)}.")
    return header


def read_card(path: str | Path) -> ModelCard:
    """The card of a model file; reads the header alone."""
    path, header = Path(path), read_header(path)
    name = path.parent.name if path.stem == "model" else path.stem  # a run keeps its model as RUN/model.safetensors
    shape = header.get("shape")
    return ModelCard(
        name=name,
        path=path,
        title=header.get("title", name),
        model=header["model"],
        description=MODELS[header["model"]][0].description,
        parameters=header["parameters"],
        data=header.get("data", "unknown"),
        classes=tuple(header.get("classes", ())),
        shape=tuple(shape) if shape else None,
        nats=header.get("nats", {}),
        header=header,
    )


def load_model(path: str | Path, device: str | torch.device | None = None):
    """The model of a file, in eval mode on ``device`` (CUDA, else MPS, else CPU). Strict: ValueError if damaged."""
    header, device = read_header(path), as_device(device)
    model_class, config_class = MODELS[header["model"]]
    try:
        with safe_open(path, "pt") as file:
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (no iterator here)
        model = model_class(config_class(**header["config"]), ordering=tensors.get("ordering"))
        model.load_state_dict(tensors, strict=True)
    except (SafetensorError, RuntimeError, TypeError, ValueError, KeyError, OSError) as error:
        reason = str(error).splitlines()[0]
        raise ValueError(f"{path} is damaged: its weights do not fit its header ({reason}).") from error
    return model.to(device).eval().requires_grad_(False)


def list_models(extra_dirs: tuple[str | Path, ...] = ()) -> list[ModelCard]:
    """Cards of the pretrained models, then of the model files found in ``extra_dirs`` and their run folders.

    The first is DEFAULT, a quick one; the other pretrained ones follow by data set, the best first.
    """
    cards = sorted(_cards(PRETRAINED.glob("*.safetensors")), key=_place)
    for folder in map(Path, extra_dirs):
        cards += _cards(sorted(folder.glob("*/model.safetensors")))
    return cards


def _cards(paths: Iterable[Path]) -> list[ModelCard]:
    cards = []
    for path in paths:
        try:
            cards.append(read_card(path))
        except ValueError:
            continue  # a listing shows what can be loaded; loading the file by name tells what is wrong with it
    return cards


def _place(card: ModelCard) -> tuple:
    order = DATASETS.index(card.data) if card.data in DATASETS else len(DATASETS)
    return card.name != DEFAULT, order, card.nats.get("test", math.inf), card.name


def find_model(name: str | Path) -> Path:
    """The file of a pretrained name, a model file, or a run folder. ValueError naming what there is."""
    pretrained = PRETRAINED / f"{name}.safetensors"
    for path in (pretrained, Path(name) / "model.safetensors", Path(name)):
        if path.is_file():
            return path
    known = ", ".join(card.name for card in list_models())
    raise ValueError(f"Unknown model {str(name)!r}: expected a model file, a run folder, or one of {known}.")


def load_pretrained(name: str, device: str | torch.device | None = None):
    """A model that comes with the project, for example "nade-mnist" or "nade-animals"."""
    return load_model(find_model(name), device)
