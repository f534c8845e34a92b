"""Training runs for the app: one worker process at a time, the others wait their turn.

The queue is the runs folder itself: a run waits while its status says "queued", oldest request first. One
thread of this app starts `python -m nade_core train --resume` for the next run when none is under way. The
worker belongs to nobody: it goes on when a viewer leaves, or when the app ends, and the app finds it again.
"""

import os
import shutil
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from .runs import RunConfig, create, is_alive, read_json, read_log, write_json

MAX_WAITING, MAX_KEPT = 8, 40
POLL = 0.5


@dataclass(frozen=True)
class RunState:
    """A run as the app sees it: queued, running, done, stopped, failed or interrupted."""

    folder: Path
    state: str
    message: str
    asked: float

    @property
    def name(self) -> str:
        return self.folder.name

    @property
    def log(self) -> list[dict]:
        return read_log(self.folder)


def look(folder: Path) -> RunState:
    """The state of a run; a worker that died without a word is "interrupted"."""
    status = read_json(folder / "status.json")
    state, message = status.get("state", "interrupted"), status.get("message", "")
    if state == "running" and not is_alive(status.get("pid")):
        state, message = "interrupted", "The worker process is gone. Resume goes on from its last finished epoch."
    return RunState(folder, state, message, status.get("asked", folder.stat().st_mtime))


class Queue:
    """The runs of one folder, and the thread that works through them."""

    def __init__(self, root: Path):
        self.root, self.lock, self.worker = root, threading.Lock(), None
        root.mkdir(parents=True, exist_ok=True)
        threading.Thread(target=self._work, daemon=True).start()

    def runs(self) -> list[RunState]:
        """Every run, the newest first."""
        folders = [path.parent for path in self.root.glob("*/config.json")]
        return sorted(map(look, folders), key=lambda run: run.folder.stat().st_ctime, reverse=True)

    def waiting(self) -> list[RunState]:
        """Who waits, the next first."""
        return sorted((run for run in self.runs() if run.state == "queued"), key=lambda run: run.asked)

    def submit(self, name: str, config: RunConfig) -> Path:
        """Ask for a new run. ValueError when too many wait or are kept."""
        with self.lock:
            if len(self.waiting()) >= MAX_WAITING:
                raise ValueError(f"{MAX_WAITING} runs are waiting already. Try again when some have finished.")
            if len(self.runs()) >= MAX_KEPT:
                raise ValueError(f"{MAX_KEPT} runs are kept already. Delete one that is no longer needed.")
            folder = create(self.root / name, config)
            self._ask(folder)
        return folder

    def resume(self, folder: Path) -> None:
        """Ask for a stopped, failed or interrupted run to go on."""
        with self.lock:
            if look(folder).state not in ("queued", "running"):
                self._ask(folder)

    def stop(self, folder: Path) -> None:
        """End a run at its next report, or take it out of the queue."""
        with self.lock:
            if look(folder).state == "queued":
                write_json(folder / "status.json", {"state": "stopped", "message": "Taken out of the queue."})
            else:
                (folder / "stop").touch()

    def delete(self, folder: Path) -> None:
        """Remove a run that is not under way."""
        with self.lock:
            if look(folder).state == "running":
                raise ValueError("This run is under way: stop it first.")
            shutil.rmtree(folder)

    def _ask(self, folder: Path) -> None:
        write_json(folder / "status.json", {"state": "queued", "message": "", "asked": time.time()})

    def _work(self) -> None:
        while True:
            time.sleep(POLL)
            with self.lock:
                busy = self.worker is not None and self.worker.poll() is None
                if self.worker is not None and not busy:
                    self._bury()
                if not busy and not any(run.state == "running" for run in self.runs()) and (next_ := self.waiting()):
                    self._start(next_[0].folder)

    def _start(self, folder: Path) -> None:
        command = [sys.executable, "-m", "nade_core", "train", "--out", str(folder), "--resume", "--json"]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
        with (folder / "worker.log").open("ab") as log:
            self.worker = subprocess.Popen(
                command, stdout=subprocess.DEVNULL, stderr=log, env=environment, start_new_session=True
            )
        self.folder = folder
        write_json(folder / "status.json", {"state": "running", "message": "", "pid": self.worker.pid})

    def _bury(self) -> None:
        """A worker that ended before it could say why: its last line is the reason."""
        if read_json(self.folder / "status.json").get("state") == "running":
            lines = (self.folder / "worker.log").read_text(errors="replace").strip().splitlines()
            reason = lines[-1] if lines else "The worker process ended without a word."
            write_json(self.folder / "status.json", {"state": "failed", "message": reason})
        self.worker = None
