"""The process of a worker: how it is started, ended, and what is said of it when it has ended."""

import math
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from filelock import BaseFileLock

from ..messages import NadeError
from .folder import clear_stop, is_held, read_json, stop_requested, write_status


@dataclass
class Worker:
    """A process that this app started, the run it works on, and the lock that says so until it has ended."""

    folder: Path
    process: subprocess.Popen
    claim: BaseFileLock
    stop_seen: float | None = None
    until: float = math.inf  # a time.monotonic() after which it is asked to stop, in the middle of an epoch too

    @property
    def is_overdue(self) -> bool:
        return time.monotonic() > self.until


def _command(folder: Path) -> list[str]:
    return [sys.executable, "-m", "nade_core", "train", "--out", str(folder), "--resume", "--json"]


def environment() -> dict[str, str]:
    """In which another process of this Python finds the same packages, with UTF-8 whatever the system's encoding is."""
    return {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path)), "PYTHONUTF8": "1"}


def spawn(
    folder: Path, seconds: float | None = None, command: Callable[[Path], list[str]] | None = None
) -> subprocess.Popen:
    """A worker process for the run, on its own: what ends the app does not end it. Its words are of this attempt.

    It trains for so many ``seconds`` at most, its last epoch under way is finished. The ``command`` is that of a worker
    on this machine, unless another is given.
    """
    limit = [] if seconds is None else ["--time-budget", f"{seconds:f}s"]
    apart = getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)  # on Windows; a session of its own elsewhere
    with (folder / "worker.log").open("wb") as log:
        return subprocess.Popen(
            [*(command or _command)(folder), *limit],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=log,
            env=environment(),
            start_new_session=os.name == "posix",
            creationflags=apart,
        )


def end(process: subprocess.Popen) -> None:
    """End a process at once: a run can be killed at any moment and goes on from its last finished epoch."""
    process.terminate()
    try:
        process.wait(0.5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(5)


def bury(folder: Path, code: int) -> None:
    """Say of a worker that ended without saying so itself how it ended."""
    if is_held(folder):  # by another worker, which refused this one: the run is that one's
        return
    stopped = stop_requested(folder)
    if read_json(folder / "status.json").get("state") in (None, "running"):
        if stopped:
            write_status(folder, "stopped")
        elif code < 0:
            write_status(folder, "interrupted", NadeError("The worker process was killed by signal {n}.", n=-code))
        elif words := _last_words(folder):
            write_status(folder, "failed", NadeError("The worker process ended: {reason}", reason=words))
        else:
            write_status(
                folder, "failed", NadeError("The worker process ended without a word (exit status {n}).", n=code)
            )
    clear_stop(folder)


def _last_words(folder: Path) -> str:
    """The last line that the worker of this attempt wrote."""
    try:
        lines = (folder / "worker.log").read_text(encoding="utf-8", errors="replace").strip().splitlines()
    except OSError:
        lines = []
    return lines[-1] if lines else ""
