"""Files that are either there whole or not at all, and what they take."""

import os
import secrets
import time
from contextlib import suppress
from pathlib import Path

TRIES = 40 if os.name == "nt" else 1  # Windows refuses to replace a file while somebody reads it
PAUSE = 0.05


def write_atomic(path: str | Path, content: bytes) -> None:
    """Write to a temporary neighbour and rename: a reader, or a crash, never meets half a file."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    flags = os.O_CREAT | os.O_EXCL | os.O_WRONLY | getattr(os, "O_BINARY", 0)
    try:
        with os.fdopen(os.open(temporary, flags, 0o666), "wb") as file:  # less what the umask takes
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        _replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    _sync(path.parent)


def _replace(temporary: Path, path: Path) -> None:
    for _ in range(TRIES):
        try:
            return os.replace(temporary, path)  # noqa: PTH105
        except PermissionError as error:
            refused = error
            time.sleep(PAUSE)
    raise refused


def _sync(folder: Path) -> None:
    """Write the folder itself to the disk, where the system lets one: the new name outlives a power cut."""
    if hasattr(os, "O_DIRECTORY"):
        handle = os.open(folder, os.O_DIRECTORY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def leave_token(folder: Path) -> Path:
    """An empty file of a new name in the folder, by which another machine tells that it sees the same one."""
    token = folder / f".shared-{secrets.token_hex(8)}"
    token.touch()
    return token


def size_of(folder: Path) -> int:
    """The bytes of all files below a folder; one that goes meanwhile counts nothing."""
    total = 0
    for path in folder.rglob("*"):
        with suppress(OSError):
            total += path.stat().st_size
    return total
