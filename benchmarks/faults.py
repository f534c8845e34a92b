"""What is lost when something breaks in the middle of a training: nothing. python -m benchmarks.faults [--times 50]

Every trial trains a small model of a small table through the queue, as the app does, breaks something at a random
moment, lets the run go on as a viewer would, and compares what comes of it with a run that nothing happened to: the same
weights to the bit, every epoch in the log once, the upload as it was.
"""

import argparse
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from safetensors.numpy import load_file

from nade_core.messages import NadeError
from nade_core.queue import Queue
from nade_core.runs import Request, RunState, look, run
from nade_core.runs.folder import is_alive, write_status

EPOCHS = 60
WITHIN = 6.0  # seconds after which a worker is killed at the latest
PATIENCE = 300.0  # seconds for a run
LATER = 86_400.0  # by how much a clock was wrong, in seconds
SMALL_DISK = "600k"
ASKED = Request("own", model_options={"hidden": 8}, train_options={"epochs": EPOCHS, "weight_decay": 0.0})
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


def outcome(run: RunState, truth: Path) -> str:
    """The word whole, or what is wrong with a run that should be like the one of the folder ``truth``."""
    if run.state != "done":
        return f"{run.state}: {run.error}"
    weights = [load_file(folder / "model.safetensors") for folder in (run.folder, truth)]
    if not all(np.array_equal(weights[0][name], weights[1][name]) for name in weights[1]):
        return "other weights"
    epochs = [report["epoch"] for report in run.log if report["valid_nats"] is not None]
    if epochs != list(range(1, EPOCHS + 1)):
        return f"epochs {epochs}"
    return "whole" if (run.folder / "upload" / "00000.csv").read_bytes() == TABLE[0][1] else "another upload"


def killed_worker(root: Path, chance: random.Random) -> RunState:
    queue = Asking(root)
    asked = queue.submit(ASKED, TABLE)
    with Server(root):
        _kill_soon(asked.folder, chance, signal.SIGKILL)
        return ended(asked.folder, queue)


def killed_server(root: Path, chance: random.Random) -> RunState:
    queue = Asking(root)
    asked = queue.submit(ASKED, TABLE)
    with Server(root):
        time.sleep(chance.uniform(0.5, 6))
    with Server(root):
        return ended(asked.folder, queue)


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


def full_disk(root: Path, chance: random.Random) -> RunState:
    """A disk that fills up in the middle of a run, and is given room again: mounted for this, which only root may do."""
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={SMALL_DISK}", "tmpfs", root], check=True)
    try:
        queue = Asking(root)
        asked = queue.submit(ASKED, TABLE)
        with Server(root):
            time.sleep(chance.uniform(1, 5))
            filler = root / "filler"
            _fill(filler)
            time.sleep(2)
            filler.unlink()
            state = ended(asked.folder, queue)
            while state.state in ("failed", "stopped"):
                queue.resume(asked.folder)
                state = ended(asked.folder, queue)
        return _moved(state, root.with_name(f"{root.name}-kept"))
    finally:
        subprocess.run(["umount", "--lazy", root], check=True)


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


def _kill_soon(folder: Path, chance: random.Random, how: signal.Signals) -> None:
    """Kill the worker at a moment between its start and its end."""
    until = time.monotonic() + PATIENCE
    while (worker := worker_of(folder)) is None and time.monotonic() < until:
        time.sleep(0.01)
    time.sleep(chance.uniform(0, WITHIN))
    if worker and look(folder).state in LIVE:
        os.kill(worker, how)


FAULTS: dict[str, Callable[[Path, random.Random], RunState]] = {
    "the worker is killed": killed_worker,
    "the server is killed": killed_server,
    "everything sleeps": asleep,
    "two servers on one folder": two_servers,
    "the clock is set back": clock_set_back,
    "the disk is full for a while": full_disk,
}


def tried(name: str, times: int, root: Path, truth: Path, seed: int) -> str:
    """A line of the table: how often it was tried, and what happened."""
    counts: dict[str, int] = {}
    for i in range(times):
        try:
            what = outcome(FAULTS[name](_folder(root / f"{FAULTS[name].__name__}-{i}"), random.Random(seed + i)), truth)
        except (OSError, subprocess.CalledProcessError, NadeError) as error:
            what = f"could not be tried ({error})"
        counts[what] = counts.get(what, 0) + 1
    return f"| {name} | {times} | {'; '.join(f'{n} {what}' for what, n in counts.items())} |"


def _folder(path: Path) -> Path:
    path.mkdir(parents=True)
    return path


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--times", type=int, default=50, help="that the worker and the server are killed (50)")
    parser.add_argument("--others", type=int, default=5, help="that each of the other faults is tried (5)")
    parser.add_argument("--faults", choices=[f.__name__ for f in FAULTS.values()], nargs="*")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        truth = _truth(_folder(root / "truth"))
        print("| what breaks | times | what came of the run |\n| --- | ---: | --- |")
        for name, fault in FAULTS.items():
            if not options.faults or fault.__name__ in options.faults:
                times = options.times if fault in (killed_worker, killed_server) else options.others
                print(tried(name, times, root, truth, options.seed), flush=True)


def _truth(root: Path) -> Path:
    """A run that nothing happens to, in this process."""
    folder = Asking(root).submit(ASKED, TABLE).folder
    for _report in run(folder, torch.device("cpu")):
        pass
    return folder


if __name__ == "__main__":
    main()
