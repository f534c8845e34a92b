"""The folder of a run: its configuration, its log, its state, and the lock that says whether somebody works on it."""

import json
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from ..files import write_atomic
from ..memory import is_out_of_memory
from ..messages import NadeError
from .config import RunConfig, from_json, to_json

STATES = ("queued", "running", "done", "stopped", "failed", "interrupted", "damaged")
WRITTEN = STATES[:-1]  # those that status.json may name
WIDE = re.compile(r"\{[^{}]*\d{4}")  # a gap filled with thousands of blanks
LOCK, CLAIM = "run.lock", "start.lock"  # held by the worker; by who starts it, until it has ended
REPORT = {"trial", "epoch", "progress", "train_nats", "valid_nats", "seconds", "seconds_left"}
_one_probe = threading.Lock()


@dataclass(frozen=True)
class RunState:
    """A run as others see it. ``state`` is one of STATES, ``error`` why it failed, was interrupted or cannot be read.

    ``asked`` and ``created`` are in seconds since 1970; ``config`` is None where it cannot be read.
    """

    folder: Path
    state: str
    error: NadeError | None
    asked: float
    created: float
    config: RunConfig | None

    @property
    def name(self) -> str:
        return self.folder.name

    @property
    def log(self) -> list[dict]:
        return read_log(self.folder)


def write_json(path: Path, value: Any) -> None:
    write_atomic(path, json.dumps(value, indent=1).encode())


def read_object(path: Path) -> dict:
    """The JSON object of a file. NadeError if it is not there, or holds anything else."""
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise NadeError("There is no file {file}.", file=str(path)) from error
    except (OSError, ValueError, RecursionError) as error:
        reason = str(error)
        raise NadeError("{file} is damaged and cannot be read: {reason}.", file=str(path), reason=reason) from error
    if not isinstance(value, dict):
        raise NadeError("{file} is damaged: it should hold a JSON object.", file=str(path))
    return value


def read_json(path: Path) -> dict:
    """The JSON object of a file, {} where there is none."""
    try:
        return read_object(path)
    except NadeError:
        return {}


def read_log(folder: Path) -> list[dict]:
    """The reports of a run, oldest first. A line that is no report, such as half a one, is passed over."""
    try:
        lines = (folder / "log.jsonl").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []
    return [report for report in map(_report, lines) if report is not None]


def _report(line: str) -> dict | None:
    try:
        report = json.loads(line)
    except (ValueError, RecursionError):
        return None
    whole = isinstance(report, dict) and report.keys() >= REPORT and isinstance(report["train_nats"], int | float)
    return report if whole else None


def create(folder: str | Path, config: RunConfig) -> Path:
    """A new run folder. NadeError if it already holds a run."""
    folder = Path(folder)
    if (folder / "config.json").exists():
        raise NadeError("{folder} already holds a run: go on with it, or choose another folder.", folder=str(folder))
    folder.mkdir(parents=True, exist_ok=True)
    write_json(folder / "config.json", to_json(config, time.time()))
    return folder


def read_config(folder: Path) -> RunConfig:
    """The configuration of a run folder. NadeError if there is none, or none that this program reads."""
    path = Path(folder) / "config.json"
    if not path.exists():
        raise NadeError("{folder} is no run: it has no config.json.", folder=str(folder))
    return _parsed(path, _changed(path))


@lru_cache(maxsize=256)
def _parsed(path: Path, changed: int) -> RunConfig:
    """The configuration in a file as it was written then: a list of many runs is looked at often."""
    return from_json(read_object(path), path)


def _changed(path: Path) -> int:
    """When a file was written, in nanoseconds; 0 where there is none."""
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0


def write_status(folder: Path, state: str, error: BaseException | None = None, asked: float | None = None) -> None:
    """Write down the state, and why; ``asked`` stays what it was where it is left out."""
    asked = read_json(folder / "status.json").get("asked") if asked is None else asked
    why = None
    if error is not None:
        known = as_error(error)
        why = known.as_json()
    write_json(folder / "status.json", {"state": state, "error": why, "asked": asked})


def as_error(error: BaseException) -> NadeError:
    """Any fault as a sentence."""
    if isinstance(error, NadeError):
        return error
    if isinstance(error, OSError):
        return NadeError("The system refused: {reason}.", reason=str(error))
    if is_out_of_memory(error):
        return NadeError("There is not enough memory for this.")
    return NadeError("An error that was not foreseen: {reason}.", reason=f"{type(error).__name__}: {error}")


def _read_status(folder: Path) -> tuple[str, NadeError | None, float | None]:
    """What status.json says: the state, why, and when it was asked for. NadeError if it is damaged."""
    path = folder / "status.json"
    if not path.exists():
        return "interrupted", None, None
    status = read_object(path)
    state, why, asked = status.get("state"), status.get("error"), status.get("asked")
    if status.get("message"):  # version 1 had the sentence itself
        why = {"message": "{reason}", "facts": {"reason": str(status["message"])}}
    try:
        error = NadeError(why["message"], **why["facts"]) if why else None
        state = state if why is None or not WIDE.search(why["message"]) else None
        str(error) if state else None
    except (TypeError, KeyError, IndexError, AttributeError, ValueError):
        state = None
    if state not in WRITTEN or not isinstance(asked, int | float | None):
        raise NadeError("{file} is damaged: it names no state of a run.", file=str(path))
    return state, error, asked


def look(folder: str | Path) -> RunState:
    """The state of a run. A worker that died without a word is "interrupted"; what cannot be read is "damaged"."""
    folder, config = Path(folder), None
    created = _created(folder)
    try:
        config = read_config(folder)
        state, error, asked = _read_status(folder)
        if state == "running" and not is_alive(folder):
            state, error, asked = _read_status(folder)  # it may have ended in between
            if state == "running":
                state, error = ("stopped", None) if stop_requested(folder) else _gone()
    except NadeError as problem:
        return RunState(folder, "running" if is_alive(folder) else "damaged", problem, created, created, config)
    return RunState(folder, state, error, created if asked is None else asked, created, config)


def _gone() -> tuple[str, NadeError]:
    return "interrupted", NadeError("The worker process is gone. The run can go on from its last finished epoch.")


def _created(folder: Path) -> float:
    path = folder / "config.json"
    return _said_created(path, _changed(path))


@lru_cache(maxsize=256)
def _said_created(path: Path, changed: int) -> float:
    """When a run was made, as its configuration says, else when that was written."""
    created = read_json(path).get("created")
    return created if isinstance(created, int | float) else changed / 1e9


def request_stop(folder: str | Path) -> None:
    """Ask a run to end; its worker does within a batch, or before it begins."""
    (Path(folder) / "stop").touch()


def stop_requested(folder: Path) -> bool:
    return (folder / "stop").exists()


def clear_stop(folder: str | Path) -> None:
    """Take back ``request_stop``: the run is to go on."""
    (Path(folder) / "stop").unlink(missing_ok=True)


def lock(folder: Path, name: str = LOCK) -> FileLock:
    return FileLock(folder / name, thread_local=False)


@contextmanager
def working_on(folder: Path) -> Iterator[None]:
    """Hold the run, as its worker does. NadeError if another worker does."""
    held = lock(folder)
    try:
        held.acquire(timeout=0.5, poll_interval=0.02)  # others look at the lock for moments
    except Timeout:
        raise NadeError("Another worker is training in {folder}.", folder=str(folder)) from None
    try:
        yield
    finally:
        held.release()


def is_held(folder: Path, name: str = LOCK) -> bool:
    """Whether somebody holds that lock of the run."""
    if not (folder / name).exists():
        return False
    try:
        with _one_probe, lock(folder, name).acquire(timeout=0.03, poll_interval=0.01):
            return False
    except Timeout:
        return True
    except OSError:  # a folder that cannot be written has no worker
        return False


def is_alive(folder: Path) -> bool:
    """Whether a worker runs, or is being started."""
    return is_held(folder) or is_held(folder, CLAIM)
