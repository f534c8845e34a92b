"""The JSON header of a model file: read whole or refused in a sentence, and brought to the newest format."""

import json
import math
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path

from safetensors import SafetensorError, safe_open

from .data import SOURCES
from .data.layout import Layout
from .messages import NadeError
from .models import MODELS

FORMAT_VERSION = 3
HERE = Path(__file__).parent
PRETRAINED = next((p for p in (HERE / "pretrained", HERE.parent / "pretrained") if p.is_dir()), HERE.parent)


def read_header(path: str | Path) -> dict:
    """The JSON header of a model file, in the newest format. NadeError if it is missing, damaged, foreign or newer."""
    path = Path(path)
    if not path.is_file():
        raise NadeError("There is no model file {path}.", path=path)
    try:
        with safe_open(path, "pt") as file:
            header = json.loads((file.metadata() or {})["nade"])
    except (SafetensorError, KeyError, ValueError, OSError, RecursionError) as error:
        raise NadeError("{path} is not a NADE Lab model, or it is damaged: no readable header.", path=path) from error
    if not isinstance(header, dict):
        raise NadeError("{path} is not a NADE Lab model, or it is damaged: no readable header.", path=path)
    header = _newest(header, path)
    _check(header, path)
    return header


def _newest(header: dict, path: Path) -> dict:
    """The header as this version writes it: each older format becomes the next one."""
    version = header.get("format_version")
    if version == 1:
        return _newest({**header, "format_version": 2, "embedded": _embedded_by_content(header, path)}, path)
    if version == 2:  # knew nothing of the columns of a table
        return {**header, "format_version": 3, "layout": None, "valid_log_p": []}
    if version != FORMAT_VERSION:
        raise NadeError(
            "{path} has format version {version}; this program reads up to {known}. Update nade-lab.",
            path=path,
            version=version,
            known=FORMAT_VERSION,
        )
    return header


def _embedded_by_content(header: dict, path: Path) -> str:
    """Format 1 named the data by a file's stem: believed of what comes with the project, and where the binarisation
    is one that no file of one's own has."""
    data = header.get("data")
    source = SOURCES.get(data) if isinstance(data, str) else None
    if source is None:
        return ""
    told = header.get("binarisation") in source.values.values() and source.shape is not None
    return source.name if told or path.resolve().parent == PRETRAINED.resolve() else ""


def _is_count(value) -> bool:
    return type(value) is int and value >= 0


def _is_text(value) -> bool:
    return isinstance(value, str) and not any("\ud800" <= letter <= "\udfff" for letter in value)  # half a character


def _is_names(value) -> bool:
    return isinstance(value, list) and all(map(_is_text, value))


def _is_shape(value) -> bool:
    return value is None or (isinstance(value, list) and len(value) == 2 and all(_is_count(side) for side in value))


def _is_layout(value) -> bool:
    try:
        return value is None or bool(Layout.from_json(value))
    except (ValueError, TypeError, KeyError, OverflowError):
        return False


def _are_numbers(value) -> bool:
    return isinstance(value, list) and all(map(_is_number, value))


def _is_number(value) -> bool:
    try:
        return type(value) in (int, float) and not math.isnan(float(value))
    except OverflowError:
        return False


def _is_nats(value) -> bool:
    return isinstance(value, dict) and all(map(_is_number, value.values()))


CHECKS: dict[str, tuple[Callable, object]] = {  # of each field: what it must be, and what it is where it is missing
    "model": (_is_text, None),
    "config": (lambda value: isinstance(value, dict), None),
    "parameters": (_is_count, None),
    "title": (_is_text, ""),
    "data": (_is_text, ""),
    "embedded": (_is_text, ""),
    "classes": (_is_names, []),
    "shape": (_is_shape, None),
    "nats": (_is_nats, {}),
    "standardised_nats": (_is_nats, {}),
    "layout": (_is_layout, None),
    "valid_log_p": (_are_numbers, []),
}


def _check(header: dict, path: Path) -> None:
    """NadeError that names the first field which is not what it should be."""
    for name, (is_right, missing) in CHECKS.items():
        if not is_right(header.get(name, missing)):
            raise _bad(path, name, header.get(name))
    if header["model"] not in MODELS:
        kind, known = header["model"][:80], ", ".join(MODELS)
        raise NadeError("{path} holds a model named {kind!r}; known here: {known}.", path=path, kind=kind, known=known)
    config = config_of(header, path)
    if header.get("classes") and len(header["classes"]) != getattr(config, "classes", 0):
        raise _bad(path, "classes", header.get("classes"))
    if header.get("layout") and len(header["layout"]["names"]) not in (0, config.dims):
        raise _bad(path, "layout", header["layout"]["names"])
    if header.get("shape") and math.prod(header["shape"]) != config.dims:
        raise _bad(path, "shape", header["shape"])


def _bad(path: Path, name: str, value: object) -> NadeError:
    return NadeError("{path} has a bad header: its {field} is {value}.", path=path, field=name, value=repr(value)[:80])


def config_of(header: dict, path: str | Path):
    """The configuration that a header holds, every value of the type of its default. NadeError if it is none."""
    config_class, given = MODELS[header["model"]][1], header["config"]
    for known in fields(config_class):
        value = given.get(known.name, known.default)
        if type(value) is not type(known.default) and not (type(value) is int and type(known.default) is float):
            raise _bad(Path(path), known.name, value)
    try:
        return config_class(**given)
    except (TypeError, ValueError, OverflowError) as error:
        raise NadeError("{path} has a bad header: {reason}", path=path, reason=error) from error
