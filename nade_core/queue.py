"""Training runs for the app: one worker process at a time, or as many as a cluster holds; the others wait their turn.

The queue is the runs folder itself: a run waits while its status says "queued", oldest request first. One
thread of each app looks, under a lock of the folder, and starts `python -m nade_core train --resume` for the next
run when none is under way. Where the host names a Ray cluster, the worker is a process that has the cluster train. The
worker belongs to nobody: it goes on when a viewer leaves, or when the app ends, and any app on the folder finds it by the
lock that it holds. Where several people wait, everybody's first run comes before anybody's second one.
"""

import math
import secrets
import shutil
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import torch
from filelock import FileLock, Timeout

from .data.filetypes import IMAGE_SUFFIXES, file_end
from .devices import as_device
from .files import size_of
from .hosting import ALONE, Hosting
from .messages import NadeError
from .runs import Request, RunState, clear_stop, create, look, plan, request_stop
from .runs.apart import plan_apart
from .runs.folder import CLAIM, as_error, is_alive, is_held, lock, stop_requested, working_on, write_status
from .runs.owning import Owned, give, in_turn, owned
from .runs.process import Worker, bury, end, spawn
from .runs.visits import unvisited
from .scale.trainings import Cluster

MAX_WAITING, MAX_KEPT, MAX_UPLOAD_MB = 8, 40, 200
MAX_TOGETHER = 100  # runs that wait where many people share a host
LARGE = 32 << 20  # bytes: uploads that are not read in the app's own process
FIRST = "00000"  # how the first of the uploads is called in the folder of its run, whose end it keeps
POLL = 0.25  # seconds between two looks at the folder
GRACE = 0.7  # seconds that a worker has to end by itself once a stop was asked for
ENDED = "done", "stopped", "failed"
LEAVING = 10.0  # seconds to wait for a worker that has said its last word
BUSY = 20.0  # seconds to wait while another app changes the folder
SWEEP = 600.0  # seconds between two looks for runs that nobody visits any more
OVERTIME = 60.0  # seconds beyond twice its time limit that a run may take to finish the epoch under way
GB = 1 << 30


class Queue:
    """The runs of one folder, and the thread that works through them."""

    def __init__(self, root: str | Path, hosting: Hosting = ALONE):
        self.root, self.hosting = Path(root), hosting
        self.root.mkdir(parents=True, exist_ok=True)
        self.workers: list[Worker] = []
        self.cluster = Cluster(hosting.ray_address, self.root) if hosting.ray_address else None
        self._mutex, self._lock = threading.RLock(), FileLock(self.root / ".queue.lock", thread_local=False)
        self._faults: dict[str, NadeError] = {}  # of runs that could not be started, and "": of the folder
        self._sweep()
        self._swept = -SWEEP
        threading.Thread(target=self._work, daemon=True).start()

    def runs(self) -> list[RunState]:
        """Every run, the newest first; one that cannot be read is "damaged" and says why."""
        found = [run for folder in self._folders() if (run := _seen(folder)) is not None]
        return sorted(found, key=lambda run: run.created, reverse=True)

    def waiting(self) -> list[RunState]:
        """Who waits, the next first: everybody's first run by the time it was asked for, then the second ones."""
        return in_turn([run for run in self.runs() if run.state == "queued"])

    def faults(self) -> list[tuple[str, NadeError]]:
        """What could not be read or started: the name of the run's folder, "" for the folder of all, and why."""
        damaged = {run.name: run.error for run in self.runs() if run.state == "damaged" and run.error}
        return sorted({**self._faults, **damaged}.items())

    def submit(
        self,
        request: Request,
        files: Sequence[tuple[str, bytes]] = (),
        device: str | torch.device | None = None,
        owner: str = "",
    ) -> RunState:
        """Ask for a new run. With data "own", it learns from the uploaded ``files`` (name, content), which it keeps.

        ``owner`` is the hash of a key. NadeError if there is no such run, or when too many wait or are kept; then
        nothing is left of it.
        """
        self._check_room(owner, sum(len(content) for _, content in files))
        folder = self._new_folder()
        try:
            with working_on(folder):
                own = request.data == "own"
                data, name = _store(files, folder) if own else (request.data, "")
                made = plan_apart if sum(len(content) for _, content in files) > LARGE else plan
                config = made(replace(request, data=str(folder / data) if own else data), as_device(device))
                config = replace(config, data=data, data_name=name) if own else config
                with self._locked():
                    self._check_room(owner)
                    create(folder, config)
                    if owner:
                        give(folder, Owned(owner))
                    write_status(folder, "queued", asked=time.time())
        except BaseException as error:
            shutil.rmtree(folder, ignore_errors=True)
            if isinstance(error, NadeError) and len(files) == 1:
                error.of(files[0][0], f"{FIRST}{file_end(files[0][0])}")
            raise
        return look(folder)

    def resume(self, folder: Path) -> None:
        """Ask for a stopped, failed or interrupted run to go on. NadeError if its configuration cannot be read."""
        with self._locked():
            run = look(folder)
            if run.state in ("queued", "running"):
                return
            if run.config is None and run.error:
                raise run.error
            clear_stop(folder)
            self._faults.pop(folder.name, None)
            write_status(folder, "queued", asked=time.time())

    def stop(self, folder: Path) -> None:
        """End a run that is under way, or take it out of the queue."""
        with self._locked():
            run = look(folder)
            if run.state == "queued":
                write_status(folder, "stopped")
            elif run.state == "running":
                request_stop(folder)

    def delete(self, folder: Path) -> None:
        """Remove a run that is not under way, and what was uploaded for it."""
        _await_leaving(folder)
        with self._locked():
            if is_alive(folder):
                raise NadeError("This run is under way: stop it first.")
            self._faults.pop(folder.name, None)
            (folder / "config.json").unlink(missing_ok=True)  # from here on it is no run
            shutil.rmtree(folder, ignore_errors=True)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Nobody else, in this process or another, changes which run is under way."""
        with self._mutex:
            try:
                self._lock.acquire(timeout=BUSY, poll_interval=0.02)
            except Timeout:
                raise NadeError("The folder of runs is busy: try again in a moment.") from None
            try:
                yield
            finally:
                self._lock.release()

    def _folders(self) -> list[Path]:
        try:
            return [path for path in self.root.iterdir() if _is_run(path)]
        except OSError as error:
            self._faults[""] = as_error(error)
            return []

    def _check_room(self, owner: str, more: int = 0) -> None:
        """NadeError where one more run, with ``more`` bytes of its own, would be too much for its owner or for all."""
        runs, hosting = self.runs(), self.hosting
        queued = [run for run in runs if run.state == "queued"]
        if owner and sum(owned(run.folder).owner == owner for run in queued) >= hosting.waiting:
            raise NadeError("{n} runs of yours are waiting already. Try again when one has begun.", n=hosting.waiting)
        if len(queued) >= (MAX_TOGETHER if hosting.hosted else MAX_WAITING):
            raise NadeError("{n} runs are waiting already. Try again when some have finished.", n=len(queued))
        if len([run for run in runs if not owner or owned(run.folder).owner == owner]) >= MAX_KEPT:
            raise NadeError("{n} runs are kept already. Delete one that is no longer needed.", n=MAX_KEPT)
        if more + size_of(self.root) > hosting.disk_gb * GB:
            raise NadeError("The runs of this app take {n:g} GB already: delete some first.", n=hosting.disk_gb)

    def _new_folder(self) -> Path:
        """An empty folder of a name that nobody else has, made of the time and of chance."""
        while True:
            folder = self.root / f"{time.strftime('%Y%m%d-%H%M%S')}-{secrets.token_hex(3)}"
            try:
                folder.mkdir(parents=True)
            except FileExistsError:
                continue
            return folder

    def _sweep(self) -> None:
        """Remove uploads of runs that never came to be, because the app was killed as it judged them."""
        for upload in self.root.glob("*/upload"):
            folder = upload.parent
            if not (folder / "config.json").exists() and not is_held(folder):
                shutil.rmtree(folder, ignore_errors=True)

    def _forget(self) -> None:
        """Delete the runs of owners who have not looked at them for too long."""
        if time.monotonic() - self._swept < SWEEP:
            return
        self._swept = time.monotonic()
        for run in unvisited(self.root, self.runs(), self.hosting.keep_days):
            if not is_alive(run.folder):
                self.delete(run.folder)

    def _work(self) -> None:
        while True:
            time.sleep(POLL)
            self.turn()

    def turn(self) -> None:
        """Look once: after the workers, and for the next run if there is room. Whatever is wrong is remembered."""
        try:
            with self._locked():
                self._forget()
                for worker in list(self.workers):
                    self._tend(worker)
                waiting = [run for run in self.waiting() if run.name not in self._faults]
                running = sum(run.state == "running" for run in self.runs())
                alone = not running and not self.workers
                if waiting and (self.cluster.has_room(running) if self.cluster else alone):
                    self._start(waiting[0].folder)
        except Exception as error:  # the thread outlives any fault: it has other runs to care for
            self._faults[""] = as_error(error)
        else:
            self._faults.pop("", None)

    def _start(self, folder: Path) -> None:
        claim, limit = lock(folder, CLAIM), self.hosting.seconds
        try:
            claim.acquire(timeout=1, poll_interval=0.02)
            write_status(folder, "running")
            command = (self.cluster.command,) if self.cluster else ()
            until = time.monotonic() + 2 * (limit or math.inf) + OVERTIME
            self.workers.append(Worker(folder, spawn(folder, limit, *command), claim, until=until))
        except Exception as error:
            claim.release()
            self._fail(folder, error)

    def _fail(self, folder: Path, error: Exception) -> None:
        """Write down that a run cannot be started; where even that is impossible, remember it."""
        try:
            write_status(folder, "failed", error)
        except OSError:
            self._faults[folder.name] = as_error(error)

    def _tend(self, worker: Worker) -> None:
        """Bury the worker if it has ended; one that was asked to stop and has not begun, or does not, is ended."""
        if worker.is_overdue:
            request_stop(worker.folder)
        if worker.process.poll() is None and stop_requested(worker.folder):
            worker.stop_seen = worker.stop_seen or time.monotonic()
            if time.monotonic() - worker.stop_seen >= GRACE or not is_held(worker.folder):
                end(worker.process)
        if worker.process.poll() is None:
            return
        self.workers.remove(worker)
        try:
            bury(worker.folder, worker.process.returncode)
        finally:
            worker.claim.release()


def _is_run(folder: Path) -> bool:
    try:
        return (folder / "config.json").exists()
    except OSError:  # a folder that cannot be looked into is shown with what is wrong with it
        return True


def _seen(folder: Path) -> RunState | None:
    """The state of a run, whatever is wrong with it; None for one that was deleted meanwhile."""
    try:
        return look(folder)
    except Exception as error:
        return RunState(folder, "damaged", as_error(error), 0.0, 0.0, None) if folder.exists() else None


def _store(files: Sequence[tuple[str, bytes]], folder: Path) -> tuple[str, str]:
    """Uploads on disk: one table as it is, pictures as a folder. Returns where, in ``folder``, and what they are."""
    if not files:
        raise NadeError("Add a file of your own data first.")
    if sum(len(content) for _, content in files) > MAX_UPLOAD_MB << 20:
        raise NadeError("These files are larger than {limit} MB together.", limit=MAX_UPLOAD_MB)
    suffixes = [file_end(name) for name, _ in files]
    tables = [suffix for suffix in suffixes if suffix not in IMAGE_SUFFIXES]
    if tables and len(files) > 1:
        raise NadeError("Add either one table or archive, or pictures alone.")
    (folder / "upload").mkdir()
    for i, (suffix, (_, content)) in enumerate(zip(suffixes, files, strict=True)):
        (folder / "upload" / f"{i:05d}{suffix}").write_bytes(content)
    return f"upload/{FIRST}{suffixes[0]}" if tables else "upload", Path(files[0][0]).stem if len(files) == 1 else "own"


def _await_leaving(folder: Path) -> None:
    """Where a run has ended, give the worker that said so the moment that it takes to leave."""
    until = time.monotonic() + LEAVING
    while look(folder).state in ENDED and is_alive(folder) and time.monotonic() < until:
        time.sleep(POLL)
