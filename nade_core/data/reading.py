"""People's own data: .npz, .npy, .csv, a folder or a .zip of images, into rows or one clear sentence.

What the rows are is said by ``values``: "binary" (0 and 1), "real" (finite numbers), "levels" (whole numbers
from 0). The last two may be the red, green and blue of each pixel of one picture.
"""

import io
import zipfile
from pathlib import Path

import numpy as np

from . import DATASETS, Dataset, load_dataset
from .photo import PHOTOS, load_photo, read_pixels
from .shapes import SHAPES, load_shape

MAX_FILE_BYTES = 1 << 30
MAX_VALUES = 1 << 30
MAX_IMAGES = 100_000
IMAGE_SUFFIXES = (".png", ".jpg", ".jpeg", ".gif", ".webp", ".bmp", ".tif", ".tiff")
EMBEDDED_NAMES = (*DATASETS, *SHAPES, *PHOTOS)
PARTS = ("train", "valid", "test")
GIVEN = {"binary": "binary as given", "real": "real values", "levels": "levels as given"}


def read_data(
    source: str | Path, key: str | None = None, seed: int = 0, valid_fraction: float = 0.1, values: str = "binary"
) -> Dataset:
    """An embedded name, or a file, as a data set with at least ``train`` and ``valid``.

    Binary names are in DATASETS, real ones (points in the plane) in SHAPES, real ones and levels in PHOTOS.

    An .npz with arrays ``train`` and ``valid`` (and ``test``) is taken as it is; any other source is one table,
    shuffled and split by the seed. See ``rows_of`` for what a table may be. ValueError says what is wrong.
    """
    if (data := _embedded(source, values)) is not None:
        if not len(data.train):
            raise ValueError(f"The data set {source!r} has only a test part, so nothing can be trained on it.")
        return data
    arrays = _arrays(source, values)
    if key is None and {"train", "valid"} <= arrays.keys():
        parts = {part: rows_of(arrays[part], part, seed, values) for part in PARTS if part in arrays}
    else:
        parts = _split(rows_of(*_choose(arrays, key, source), seed, values), seed, valid_fraction)
    widths = {part: rows.shape[1] for part, rows in parts.items()}
    if len(set(widths.values())) > 1:
        raise ValueError(f"The parts of {source} have different widths: {widths}.")
    width = parts["train"].shape[1]
    parts.setdefault("test", parts["train"][:0])
    name, shape = Path(source).stem, (28, 28) if width == 784 and values == "binary" else None
    return Dataset(name, name, shape=shape, binarisation=GIVEN[values], source=Path(source).name, **parts)


def _embedded(source: str | Path, values: str) -> Dataset | None:
    if str(source) in SHAPES and values == "real":
        return load_shape(str(source))
    if str(source) in PHOTOS and values != "binary":
        return load_photo(str(source), values)
    if str(source) in EMBEDDED_NAMES:
        if str(source) not in DATASETS or values != "binary":
            kind = "binary" if str(source) in DATASETS else "real" if str(source) in SHAPES else "real or level"
            raise ValueError(f"The data set {source!r} holds {kind} values; this model takes {values} ones.")
        return load_dataset(str(source))
    return None


def read_rows(source: str | Path, key: str | None = None, values: str = "binary") -> np.ndarray:
    """One table of rows (N, D) to evaluate: the ``test`` part of an embedded name, or an array of a file.

    Without a key, a file's ``test``, else ``valid``, else its only array is taken.
    """
    if (data := _embedded(source, values)) is not None:
        part = key or "test"
        if part not in PARTS:
            raise ValueError(f"The data set {source!r} has the parts {', '.join(PARTS)}; got {part!r}.")
        rows = getattr(data, part)
        if not len(rows):
            raise ValueError(f"The part {part!r} of {source!r} is empty.")
        return rows
    arrays = _arrays(source, values)
    key = key or next((part for part in ("test", "valid") if part in arrays), None)
    return rows_of(*_choose(arrays, key, source), values=values)


def _arrays(source: str | Path, values: str) -> dict[str, np.ndarray]:
    if values != "binary" and str(source).lower().endswith(IMAGE_SUFFIXES):
        return {"data": read_pixels(source, values)}
    return read_arrays(source)


def read_arrays(source: str | Path) -> dict[str, np.ndarray]:
    """Every array of a file, by name; a source that holds one table names it ``data``."""
    path = Path(source)
    if not path.exists():
        raise ValueError(f"There is no file {path}; expected one of {', '.join(DATASETS)}, or a file or folder.")
    if path.is_dir():
        return {"data": _read_images((file.name, file) for file in sorted(path.rglob("*")))}
    if path.stat().st_size > MAX_FILE_BYTES:
        raise ValueError(f"{path} is larger than {MAX_FILE_BYTES >> 20} MB.")
    readers = {".npz": _read_npz, ".npy": _read_npy, ".csv": _read_csv, ".zip": _read_zip}
    if path.suffix.lower() not in readers:
        raise ValueError(f"{path.name} is not a kind of file that is read: expected {', '.join(readers)}, or a folder.")
    try:
        return readers[path.suffix.lower()](path)
    except (zipfile.BadZipFile, EOFError, OSError, KeyError, UnicodeDecodeError, NotImplementedError) as error:
        raise ValueError(f"{path} cannot be read: it is damaged, or not what its name says.") from error


def rows_of(array: np.ndarray, name: str, seed: int = 0, values: str = "binary") -> np.ndarray:
    """Rows (N, D) from an array of numbers, float32 where values are real, uint8 or int64 where they are levels.

    Binary: (N, D) of 0 and 1 is taken as it is. A uint8 (N, M) with values above 1 is bit-packed, as numpy.packbits
    makes it: D = 8 M. A uint8 (N, H, W) with values above 1 is grey: each pixel is drawn once, on with
    probability grey / 255, from the seed. ValueError for anything else, and for an empty table.
    """
    if array.dtype.kind not in "buif" or array.ndim < 2:
        kind = {"binary": "0 and 1", "real": "numbers", "levels": "whole numbers"}[values]
        raise ValueError(f"{name!r} should be rows of {kind}; it has shape {array.shape} and type {array.dtype}.")
    if array.size == 0:
        raise ValueError(f"{name!r} is empty: its shape is {array.shape}.")
    if values != "binary":
        return _numbers(array.reshape(len(array), -1), name, values)
    binary = (array == 0) | (array == 1)
    if not binary.all():
        if array.dtype != np.uint8:
            raise ValueError(f"{name!r} should hold only 0 and 1; it also holds {array[~binary].flat[0]}.")
        if array.ndim == 2:
            return np.unpackbits(array, axis=1)
        array = np.random.default_rng(seed).random(array.shape, dtype=np.float32) < array / np.float32(255)
    return np.ascontiguousarray(array.reshape(len(array), -1).astype(np.uint8))


def _numbers(array: np.ndarray, name: str, values: str) -> np.ndarray:
    if not np.isfinite(array).all():
        raise ValueError(f"{name!r} holds {array[~np.isfinite(array)][0]}: drop or fill such rows first.")
    if values == "real":
        return array.astype(np.float32)
    bad = (array < 0) | (array != array.astype(np.int64))
    if bad.any():
        raise ValueError(f"{name!r} should hold whole numbers from 0; it also holds {array[bad][0]}.")
    return array if array.dtype == np.uint8 else array.astype(np.int64)


def _choose(arrays: dict, key: str | None, source) -> tuple[np.ndarray, str]:
    if key is None and len(arrays) == 1:
        key = next(iter(arrays))
    if key not in arrays:
        wanted = "name one with --key" if key is None else f"there is no {key!r}"
        raise ValueError(f"{source} holds the arrays {', '.join(sorted(arrays))}: {wanted}.")
    return arrays[key], key


def _split(rows: np.ndarray, seed: int, valid_fraction: float) -> dict[str, np.ndarray]:
    if len(rows) < 2:
        raise ValueError(f"Training needs at least 2 rows, one of them to validate; got {len(rows)}.")
    order, n_valid = np.random.default_rng(seed).permutation(len(rows)), max(1, int(len(rows) * valid_fraction))
    return {"train": rows[np.sort(order[n_valid:])], "valid": rows[np.sort(order[:n_valid])]}


def _read_npz(path: Path) -> dict[str, np.ndarray]:
    with zipfile.ZipFile(path) as archive:
        if sum(item.file_size for item in archive.infolist()) > MAX_VALUES:
            raise ValueError(f"{path.name} would unpack to more than {MAX_VALUES >> 20} MB.")
    with np.load(path, allow_pickle=False) as file:
        arrays = {name: _load(lambda name=name: file[name], name) for name in file.files}
    if not arrays:
        raise ValueError(f"{path.name} holds no array.")
    return arrays


def _read_npy(path: Path) -> dict[str, np.ndarray]:
    return {"data": _load(lambda: np.load(path, allow_pickle=False), path.name)}


def _load(read, name: str) -> np.ndarray:
    try:
        array = read()
    except (ValueError, SyntaxError, MemoryError) as error:  # pickled objects, a header that lies
        raise ValueError(f"{name!r} is not a plain array of numbers, or it is damaged.") from error
    if not isinstance(array, np.ndarray) or array.size > MAX_VALUES:
        raise ValueError(f"{name!r} is not one array of at most {MAX_VALUES:,} numbers.")
    return array


def _read_csv(path: Path) -> dict[str, np.ndarray]:
    lines = [line for line in path.read_text().splitlines() if line.strip()]
    if lines and not _is_number(lines[0].split(",")[0]):
        lines = lines[1:]  # a line of column names
    if not lines:
        raise ValueError(f"{path.name} holds no rows.")
    widths = {line.count(",") + 1 for line in lines}
    if len(widths) > 1:
        raise ValueError(f"The rows of {path.name} have different numbers of columns: {sorted(widths)}.")
    try:
        return {"data": np.loadtxt(io.StringIO("\n".join(lines)), delimiter=",", ndmin=2)}
    except ValueError as error:
        raise ValueError(f"{path.name} should hold only numbers, 0 and 1, between commas: {error}.") from error


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _read_zip(path: Path) -> dict[str, np.ndarray]:
    from ..images import MAX_BYTES

    with zipfile.ZipFile(path) as archive:
        names = [item for item in archive.infolist() if not item.is_dir()]
        too_big = next((item.filename for item in names if item.file_size > MAX_BYTES), None)
        if too_big:
            raise ValueError(f"{too_big} in {path.name} is larger than {MAX_BYTES >> 20} MB.")
        return {"data": _read_images((item.filename, archive.read(item)) for item in names)}


def _read_images(files) -> np.ndarray:
    """Every picture among (name, path or bytes) as a row of 784; what is no picture by its name is passed over."""
    from ..images import prepare

    rows = []
    for name, source in files:
        if not name.lower().endswith(IMAGE_SUFFIXES) or "__MACOSX" in name:
            continue
        if len(rows) >= MAX_IMAGES:
            raise ValueError(f"There are more than {MAX_IMAGES:,} pictures.")
        try:
            rows.append(prepare(source).image.ravel())
        except ValueError as error:
            raise ValueError(f"{name}: {error}") from error
    if not rows:
        raise ValueError(f"No pictures were found; expected files ending in {', '.join(IMAGE_SUFFIXES)}.")
    return np.stack(rows)
