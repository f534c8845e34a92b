"""Arrays as numpy writes them: judged by their headers before memory is taken, and found by the names people use."""

import io
import re
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import IO

import numpy as np

from ..messages import N_, NadeError
from .bounds import check_unpacked
from .headings import label_of_mnist
from .rows import WHOLE, is_binary
from .understood import Content, How, Note, Understood

PART = {"train": "train", "training": "train", "valid": "valid", "val": "valid", "validation": "valid", "test": "test"}
ROWS = {"x", "images", "image", "data", "features", "samples", "rows", "inputs"}
LABELS = {"y", "labels", "label", "targets", "target", "class", "classes"}
MOST_MEMBERS = 10_000
HEAD = 1 << 16  # bytes that hold an array's header
UNREAD = N_("The arrays {names} were not read.")
ASIDE = N_("The array {name!r} was set aside as labels, of {n} classes.")
MNIST = N_("The column {place} was set aside as labels, of {n} classes: the others are greys of 28 x 28 pixels.")


def read_npy(path: Path, how: How) -> Content:
    """One array; of one with named fields, a column each."""
    with path.open("rb") as file:
        return _single(_load(file, path.stat().st_size, path.name), path.name, how, path.name)


def read_npz(path: Path, how: How) -> Content:
    """The array of ``how.key``; else the parts that names such as "train", "x_test", "val_images" tell; else the only
    table there is. NadeError that names the arrays where there are several. Nothing else is unpacked."""
    with zipfile.ZipFile(path) as archive:
        members = {item.filename.removesuffix(".npy"): item for item in archive.infolist()}
        if not members:
            raise NadeError("{name} holds no array.", name=path.name)
        if len(members) > MOST_MEMBERS:
            raise NadeError("{name} holds more than {limit:,} arrays.", name=path.name, limit=MOST_MEMBERS)
        rows, labels = _chosen(archive, members, how.key, path.name)
        labels = {} if how.labels == "" else labels
        used = {key: members[key] for key in (*rows.values(), *labels.values(), *({"packed"} & members.keys()))}
        check_unpacked(path.name, sum(item.file_size for item in used.values()), path.stat().st_size)

        def load(key: str) -> np.ndarray:
            with archive.open(members[key]) as file:
                return _load(file, members[key].file_size, key)

        arrays = {part: load(key) for part, key in rows.items()}
        found = {part: of for part, key in labels.items() if (of := _classes(load(key))) is not None}
        said = bool(load("packed").all()) if "packed" in members else None
        packed = any("packed" in _words(key) for key in rows.values()) if said is None else said
    unread = sorted(members.keys() - {*rows.values(), *(labels[part] for part in found)} - {"packed"})
    notes = [Note(UNREAD, {"names": ", ".join(unread[:10])})] if unread else []
    content = Content(arrays)
    if len(arrays) == 1:
        ((part, array),) = arrays.items()
        content = _single(array, path.name, replace(how, labels="") if found else how, part)
    about = content.understood
    if found:
        names, n = ", ".join(labels[part] for part in found), len(np.unique(np.concatenate(list(found.values()))))
        about = replace(about, labels=names, warnings=(*about.warnings, Note(ASIDE, {"name": names, "n": n})))
    about = replace(about, warnings=(*notes, *about.warnings))
    return Content(content.arrays, found or content.labels, about, packed)


def _single(array: np.ndarray, name: str, how: How, part: str) -> Content:
    """What an array alone holds, called ``part``: one with named fields, a column each."""
    if array.dtype.names:
        content = _structured(array, name, how)
        return replace(
            content,
            arrays={part: content.arrays[name]},
            labels={part: content.labels[name]} if content.labels else {},
        )
    array, labels, about = _mnist_labels(array, how, part)
    return Content({part: array}, labels, about)


def array_names(path: str | Path) -> list[str]:
    """The arrays of an .npz that is no damaged one, by which a person chooses; none for another file."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = [item.filename for item in archive.infolist()][:MOST_MEMBERS]
            return sorted(name.removesuffix(".npy") for name in names if name.endswith(".npy"))
    except (OSError, zipfile.BadZipFile, ValueError):
        return []


def _words(key: str) -> list[str]:
    """ "xTrain", "x_train" and "X-train" are x and train."""
    return re.findall(r"[a-z]+", re.sub(r"([a-z])([A-Z])", r"\1_\2", key).lower())


def _role(key: str) -> tuple[str, str] | None:
    """The part ("" without one) and what the name says of it, "rows" or "labels"; None for another name."""
    words = [word for word in _words(key) if word != "packed"]
    parts = [PART[word] for word in words if word in PART]
    others = [word for word in words if word not in PART]
    if len(parts) > 1 or len(others) > 1 or not words:
        return None
    part = parts[0] if parts else ""
    if not others or others[0] in ROWS:
        return part, "rows"
    return (part, "labels") if others[0] in LABELS else None


def _chosen(
    archive: zipfile.ZipFile, members: dict, key: str | None, name: str
) -> tuple[dict[str, str], dict[str, str]]:
    """The keys of the rows and of their labels, by part; a table without a part stands under its own name."""
    roles = {member: role for member in members if (role := _role(member))}
    if key is not None:
        if key not in members:
            known = ", ".join(sorted(members))
            raise NadeError(
                "{source} holds the arrays {known}: there is no {key!r}.", source=name, known=known, key=key
            )
        part = roles[key][0] if key in roles and roles[key][1] == "rows" else None
        labels = [member for member, role in roles.items() if role == (part, "labels")]
        return {key: key}, {key: labels[0]} if len(labels) == 1 else {}
    of = {
        what: [(part, member) for member, (part, role) in roles.items() if role == what] for what in ("rows", "labels")
    }
    rows = {part: member for part, member in of["rows"] if part}
    if len(rows) == sum(bool(part) for part, _ in of["rows"]) and rows:
        return rows, {part: member for part, member in of["labels"] if part in rows}
    tables = [member for member in members if member != "packed"]
    if len(tables) > 1:
        tables = [member for member in tables if roles.get(member) == ("", "rows")]
    if len(tables) != 1:
        known = ", ".join(sorted(members))
        raise NadeError("{source} holds the arrays {known}: choose one of them.", source=name, known=known)
    labels = [member for part, member in of["labels"] if not part and member != tables[0]]
    return {tables[0]: tables[0]}, {tables[0]: labels[0]} if len(labels) == 1 else {}


def _load(file: IO[bytes], size: int, name: str) -> np.ndarray:
    """An array of numbers from ``size`` bytes that begin with its header, in the machine's own order of bytes."""
    try:
        start = file.read(HEAD)
        file.seek(0)
        dtype, shape, head = _header(start)
        needed = int(np.prod([int(side) for side in shape], dtype=object)) * dtype.itemsize
        if dtype.hasobject or needed != size - head:
            raise ValueError("the header says something else than the file holds")
        array = np.lib.format.read_array(file, allow_pickle=False)
    except (ValueError, SyntaxError, MemoryError, EOFError, OverflowError, TypeError, RecursionError) as error:
        raise NadeError("{name!r} is not a plain array of numbers, or it is damaged.", name=name) from error
    if array.dtype.names is None and not array.dtype.isnative:
        array = array.astype(array.dtype.newbyteorder("="))
    if array.dtype.kind == "f" and array.dtype.itemsize > 8:
        with np.errstate(over="ignore"):  # what no float64 holds is inf, and refused
            array = array.astype(np.float64)
    return np.ascontiguousarray(array) if array.ndim else array


def _header(start: bytes) -> tuple[np.dtype, tuple[int, ...], int]:
    """Type, shape, and the number of bytes before the first value."""
    file = io.BytesIO(start)
    version = np.lib.format.read_magic(file)
    read: Callable = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    shape, _fortran, dtype = read(file)
    return dtype, shape, file.tell()


def _classes(array: np.ndarray) -> np.ndarray | None:
    """Labels (N,) from (N,), (N, 1), or rows of which one of the classes is 1; None from what are no classes."""
    if array.ndim == 2 and array.shape[1] > 1 and array.dtype.kind in "buif" and is_binary(array):
        return array.argmax(1) if np.all(array.sum(1) == 1) else None
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if array.dtype.kind == "S":
        array = np.char.decode(array, "utf-8", "backslashreplace")
    if array.ndim != 1 or array.dtype.kind not in "buifU":
        return None
    if array.dtype.kind != "U" and not np.all((array == np.floor(array)) & (np.abs(array.astype(float)) <= WHOLE)):
        return None
    return array if array.dtype.kind == "U" else array.astype(np.int64)


def _mnist_labels(array: np.ndarray, how: How, name: str) -> tuple[np.ndarray, dict[str, np.ndarray], Understood]:
    """Without the digit that stands beside 784 greys, if there is one."""
    if how.labels == "" or array.ndim != 2 or array.dtype.kind not in "uif" or not len(array):
        return array, {}, Understood()
    place = label_of_mnist(list(array.T))
    if place is None:
        return array, {}, Understood()
    labels = array[:, place].astype(np.int64)
    note = Note(MNIST, {"place": place + 1, "n": len(np.unique(labels))})
    about = Understood(labels=f"column {place + 1}", warnings=(note,))
    return np.delete(array, place, axis=1), {name: labels}, about


def _structured(array: np.ndarray, name: str, how: How) -> Content:
    """An array with named fields is a table, where each field is one value."""
    import pandas

    from .grids import grid_of_frame
    from .tables import table_of

    fields = array.dtype.names or ()
    if array.ndim != 1 or any(array.dtype[field].shape or array.dtype[field].names for field in fields):
        raise NadeError("{name} should hold one value in each field of a row.", name=name)
    columns = {field: array[field].astype(array.dtype[field].newbyteorder("=")) for field in fields}
    return table_of(grid_of_frame(pandas.DataFrame(columns), name), name, how)
