"""What breaks in the middle of a training, on purpose: every fault is a function that ends with the run that came of it."""

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from nade_core.queue import Queue
from nade_core.runs import Request, RunState, look
from nade_core.runs.folder import is_alive, write_status

EPOCHS = 600
WITHIN = 3.0  # seconds after which a worker, or a server, is killed at the latest
A_RUN = 10  # kills at most
PATIENCE = 300.0  # seconds for a run
LATER = 86_400.0  # by how much a clock was wrong, in seconds
SMALL_DISK = "600k"
TO_THE_END = {"epochs": EPOCHS, "patience": EPOCHS, "weight_decay": 0.0}  # whatever validation says
ASKED = Request("own", model_options={"hidden": 8}, train_options=TO_THE_END)
ROWS = np.random.default_rng(0).integers(0, 2, (400, 12))
TABLE = [("table.csv", "\n".join(",".join(map(str, row)) for row in ROWS).encode())]
SERVE = "import sys, time; from nade_core.queue import Queue; queue = Queue(sys.argv[1]); time.sleep(600)"
LIVE = "queued", "running"


class Server:
    """An app's queue in a process of its own, which can be killed."""

    def __init__(self, root: Path):
        self.process = subprocess.Popen([sys.executable, "-c", SERVE, str(root)])

    def __enter__(self) -> "Server":
        return self

    def __exit__(self, *_error) -> None:
        self.process.kill()
        self.process.wait()


class Asking(Queue):
    """A queue that asks for runs and looks at them, and starts none: servers do."""

    def _work(self) -> None:
        pass


def ended(folder: Path, queue: Queue) -> RunState:
    """The run when it has ended; one that was interrupted is asked to go on, as its viewer would."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        run = look(folder)
        if run.state == "interrupted":
            queue.resume(folder)
        elif run.state not in LIVE and not is_alive(folder):
            return run
        time.sleep(0.05)
    return look(folder)


def worker_of(folder: Path) -> int | None:
    """The process that trains in a folder (Linux)."""
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = path.read_bytes().split(b"\0")
        except OSError:
            continue
        if str(folder).encode() in words and b"train" in words:
            return int(path.parent.name)
    return None


def killed_worker(root: Path, chance: random.Random, kills: int) -> tuple[RunState, int]:
    """The worker is killed again and again, and its viewer lets it go on; the run, and how often it was killed."""
    queue, killed = Asking(root), 0
    folder = queue.submit(ASKED, TABLE).folder
    with Server(root):
        while killed < kills and _kill_soon(folder, queue, chance):
            killed += 1
        return ended(folder, queue), killed


def killed_server(root: Path, chance: random.Random, kills: int) -> tuple[RunState, int]:
    """The server is killed again and again, and another one started on its folder."""
    queue, killed = Asking(root), 0
    folder = queue.submit(ASKED, TABLE).folder
    while killed < kills and look(folder).state in (*LIVE, "interrupted"):
        with Server(root):
            _await_worker(folder, queue)
            time.sleep(chance.uniform(0, WITHIN))
        killed += 1
    with Server(root):
        return ended(folder, queue), killed


def asleep(root: Path, chance: random.Random) -> RunState:
    """Everything stops for a while, as when a laptop is closed, and goes on."""
    queue = Asking(root)
    asked = queue.submit(ASKED, TABLE)
    with Server(root) as server:
        time.sleep(chance.uniform(3, 6))
        worker = worker_of(asked.folder)
        processes = [pid for pid in (server.process.pid, worker) if pid]
        for pid in processes:
            os.kill(pid, signal.SIGSTOP)
        time.sleep(3)
        for pid in processes:
            os.kill(pid, signal.SIGCONT)
        return ended(asked.folder, queue)


def two_servers(root: Path, chance: random.Random) -> RunState:
    queue = Asking(root)
    asked = queue.submit(ASKED, TABLE)
    with Server(root), Server(root):
        return ended(asked.folder, queue)


def clock_set_back(root: Path, chance: random.Random) -> RunState:
    """The run was asked for when the clock was a day ahead."""
    queue = Asking(root)
    asked = queue.submit(ASKED, TABLE)
    write_status(asked.folder, "queued", asked=time.time() + LATER)
    with Server(root):
        return ended(asked.folder, queue)


@contextmanager
def disk(root: Path) -> Iterator[Callable[[str], None]]:
    """A small disk of its own, mounted for this, which only root may do; and what mounts it otherwise."""

    def mount(options: str) -> None:
        subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", root], check=True)

    mount(f"size={SMALL_DISK}")
    try:
        yield lambda options: mount(f"remount,{options},size={SMALL_DISK}")
    finally:
        subprocess.run(["umount", "--lazy", root], check=True)


def full_disk(root: Path, chance: random.Random) -> RunState:
    """A disk that fills up in the middle of a run, and is given room again."""
    with disk(root):
        queue = Asking(root)
        folder = queue.submit(ASKED, TABLE).folder
        with Server(root):
            _await_worker(folder, queue)
            time.sleep(chance.uniform(0, WITHIN))
            _fill(root / "filler")
            time.sleep(2)
            (root / "filler").unlink()
            state = ended(folder, queue)
            while state.state in ("failed", "stopped"):
                queue.resume(folder)
                state = ended(folder, queue)
        return _moved(state, root.with_name(f"{root.name}-kept"))


def read_only(root: Path, chance: random.Random) -> RunState:
    """A folder of runs that nobody may write when the server starts, and later may."""
    with disk(root) as mount:
        queue = Asking(root)
        folder = queue.submit(ASKED, TABLE).folder
        mount("ro")
        with Server(root):
            time.sleep(chance.uniform(3, 6))
            mount("rw")
            state = ended(folder, queue)
        return _moved(state, root.with_name(f"{root.name}-kept"))


def _moved(run: RunState, place: Path) -> RunState:
    """The same run in a folder that outlives the disk."""
    shutil.copytree(run.folder, place)
    return look(place)


def _fill(path: Path) -> None:
    try:
        with path.open("wb") as file:
            while True:
                file.write(bytes(4096))
    except OSError:
        return


def _await_worker(folder: Path, queue: Queue) -> int | None:
    """The worker of a run, once there is one; None where the run has ended. One that was interrupted goes on."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        worker, state = worker_of(folder), look(folder).state
        if worker is not None or state not in (*LIVE, "interrupted"):
            return worker
        if state == "interrupted":
            queue.resume(folder)
        time.sleep(0.02)
    return None


def _kill_soon(folder: Path, queue: Queue, chance: random.Random) -> bool:
    """Kill the worker at a moment after its start; whether it was there to be killed."""
    worker = _await_worker(folder, queue)
    time.sleep(chance.uniform(0, WITHIN))
    if worker is None or worker_of(folder) != worker:
        return False
    os.kill(worker, signal.SIGKILL)
    while worker_of(folder) == worker:
        time.sleep(0.02)
    return True
