"""Pictures in a folder or an archive: a row each, and a word on each one that is left out."""

import zipfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import numpy as np

from ..images import MAX_BYTES, Prepared, prepare
from ..messages import N_, NadeError, Note
from .bounds import MAX_UNPACKED
from .encodings import two_bytes
from .remarks import listed
from .understood import Content, How, Skipped, Understood

MAX_IMAGES = 100_000
LONGEST = 200  # letters of a name
DOUBTFUL = N_("Of {n} pictures there is something to know, which one of them read alone tells: {names}.")
IMAGE_SUFFIXES = (".png", ".jpg", ".jpeg", ".gif", ".webp", ".bmp", ".tif", ".tiff", ".heic", ".heif", ".avif", ".mpo")
TABLES = (".csv", ".tsv", ".data", ".parquet", ".xlsx", ".npy", ".npz")
ARCHIVES = (".zip", ".tar", ".gz", ".tgz", ".7z", ".rar")
UTF8, LOCKED = 0x800, 0x1  # flags of a file in an archive
PIECE = 1 << 12  # bytes: some packings unpack a whole piece at once, whatever was asked for


def read_folder(path: Path, how: How) -> Content:
    """Every picture in a folder and in the folders within it."""
    files = (file for file in sorted(path.rglob("*")) if file.is_file())
    return _pictures(path.name, ((str(file.relative_to(path)), partial(Path, file)) for file in files))


def read_zip(path: Path, how: How) -> Content:
    """Every picture of an archive. Nothing is written to the disk, so that names cannot lead anywhere."""
    with zipfile.ZipFile(path) as archive:
        items = [item for item in archive.infolist() if not item.is_dir()]
        if sum(item.file_size for item in items if is_picture(item.filename)) > 4 * MAX_UNPACKED:
            raise NadeError(
                "{name} would unpack to more than {limit} MB.", name=path.name, limit=4 * MAX_UNPACKED >> 20
            )
        if items and all(item.flag_bits & LOCKED for item in items):
            raise NadeError("{name} is locked by a password: pack it again without one.", name=path.name)
        return _pictures(path.name, ((_name(item), partial(_unpacked, archive, item)) for item in items))


def _name(item: zipfile.ZipInfo) -> str:
    """The name of a file as it was written: without a flag that says UTF-8, it may be so, or as Windows writes it in
    Korea, Japan or China."""
    if item.flag_bits & UTF8:
        return item.filename
    try:
        raw = item.filename.encode("cp437")
    except UnicodeEncodeError:
        return item.filename
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        encoding = two_bytes(raw)
        return raw.decode(encoding) if encoding else item.filename


def _unpacked(archive: zipfile.ZipFile, item: zipfile.ZipInfo) -> bytes:
    if item.flag_bits & LOCKED:
        raise NadeError("It is locked by a password.")
    if item.file_size > MAX_BYTES:
        raise NadeError("It is larger than {limit} MB.", limit=MAX_BYTES >> 20)
    content = bytearray()
    try:
        with archive.open(item) as file:
            while len(content) <= MAX_BYTES and (piece := file.read(PIECE)):
                content += piece
    except Exception as error:  # whatever a damaged stream makes of zlib, bz2, lzma and zipfile
        raise NadeError("It is damaged: it cannot be unpacked.") from error
    if len(content) > MAX_BYTES:
        raise NadeError("It is larger than {limit} MB.", limit=MAX_BYTES >> 20)
    return bytes(content)


def is_picture(name: str) -> bool:
    """Whether a file is one of the pictures that are read, by the end of its name."""
    return name.lower().endswith(IMAGE_SUFFIXES)


def is_hidden(name: str) -> bool:
    """Whether a system put this file beside the pictures, such as ``._a.png``, ``.DS_Store`` and ``Thumbs.db``, or into a
    hidden folder."""
    parts = [part for part in name.replace("\\", "/").split("/") if part not in ("", ".", "..")] or [""]
    return (
        "__MACOSX" in parts
        or any(part.startswith(".") for part in parts)
        or parts[-1].lower() in ("thumbs.db", "desktop.ini")
    )


def _pictures(source: str, files: Iterator[tuple[str, Callable[[], Path | bytes]]]) -> Content:
    """A row of 784 for every picture among (name, how to get it); others are listed. NadeError if there is none."""
    rows: list[np.ndarray] = []
    skipped: list[Skipped] = []
    doubtful: list[str] = []
    for name, get in files:
        if is_hidden(name):
            continue
        name = "".join(letter if letter.isprintable() else "?" for letter in name[-LONGEST:])
        if len(rows) + len(skipped) >= MAX_IMAGES:
            raise NadeError("There are more than {limit:,} pictures.", limit=MAX_IMAGES)
        try:
            picture = _prepared(name, get)
            rows.append(picture.image.ravel())
            doubtful += [name] if picture.notes else []
        except NadeError as error:
            skipped.append(Skipped(name, error))
    if not rows:
        raise _none(source, skipped)
    notes = (Note(DOUBTFUL, {"n": len(doubtful), "names": listed(doubtful)}),) if doubtful else ()
    about = Understood("pictures", len(rows), rows[0].size, skipped=tuple(skipped), warnings=notes)
    return Content({source: np.stack(rows)}, {}, about)


def _prepared(name: str, get: Callable[[], Path | bytes]) -> Prepared:
    if name.lower().endswith(ARCHIVES):
        raise NadeError("An archive within the archive is not opened.")
    if not is_picture(name):
        raise NadeError(
            "It is not a kind of picture that is read here: expected {known}.", known=", ".join(IMAGE_SUFFIXES)
        )
    try:
        return prepare(get())
    except OSError as error:
        raise NadeError("It cannot be read.") from error


def _none(source: str, skipped: list[Skipped]) -> NadeError:
    known = ", ".join(IMAGE_SUFFIXES)
    pictures = [one for one in skipped if is_picture(one.name)]
    table = next((one.name for one in skipped if one.name.lower().endswith(TABLES)), None)
    if table and not pictures:
        return NadeError(
            "{name} holds {table}: take it out, a table is not read within an archive.", name=source, table=table
        )
    if not pictures:
        return NadeError(
            "No pictures were found in {name}; expected files ending in {known}.", name=source, known=known
        )
    first = pictures[0]
    return NadeError(
        "No picture in {name} can be read. {picture}: {reason}", name=source, picture=first.name, reason=first.why
    )
