"""What is lost when something breaks in the middle of a training: nothing. python -m benchmarks.faults [--kills 50]

Every trial trains a small model of a small table through the queue, as the app does, breaks something at random
moments, lets the run go on as a viewer would, and compares what comes of it with a run that nothing happened to: the same
weights to the bit, every epoch in the log once, the upload as it was. A run whose worker or server is killed is killed
up to ten times; then it may end.
"""

import argparse
import random
import shutil
import subprocess
import tempfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from playwright.sync_api import Error
from safetensors.numpy import load_file

from nade_core.messages import NadeError
from nade_core.runs import RunState, create, look, read_config, run

from . import browsers, trials


def outcome(run: RunState, truth: Path) -> str:
    """The word whole, or what is wrong with a run that should be like the one of the folder ``truth``."""
    if run.state != "done":
        return f"{run.state}: {run.error}"
    weights = [load_file(folder / "model.safetensors") for folder in (run.folder, truth)]
    if not all(np.array_equal(weights[0][name], weights[1][name]) for name in weights[1]):
        return "other weights"
    epochs = [[report["epoch"] for report in one.log if report["valid_nats"] is not None] for one in (run, look(truth))]
    if epochs[0] != epochs[1]:
        return f"epochs {epochs[0]}"
    return "whole" if (run.folder / "upload" / "00000.csv").read_bytes() == trials.TABLE[0][1] else "another upload"


KILLS: dict[str, Callable[[Path, random.Random, int], tuple[RunState, int]]] = {
    "the worker is killed": trials.killed_worker,
    "the server is killed": trials.killed_server,
}
FAULTS: dict[str, Callable[[Path, random.Random], RunState]] = {
    "everything sleeps for a while": trials.asleep,
    "two servers on one folder": trials.two_servers,
    "the clock is set back by a day": trials.clock_set_back,
    "the disk is full for a while": trials.full_disk,
    "the folder cannot be written at first": trials.read_only,
}
BROWSERS: dict[str, Callable[[Path, random.Random], RunState]] = {
    "the browser is killed while it uploads": browsers.killed_in_upload,
    "the browser is killed while its run trains": browsers.killed_in_training,
}


def killed(name: str, kills: int, root: Path, truth: Path, seed: int) -> str:
    """A line of the table: runs until there were so many kills, and what came of them."""
    results: list[str] = []
    done = 0
    while done < kills and len(results) < kills:
        folder = _folder(root / f"{KILLS[name].__name__}-{len(results)}")
        run, more = KILLS[name](folder, random.Random(seed + len(results)), min(trials.A_RUN, kills - done))
        results.append(outcome(run, truth))
        done += more
    return f"| {name} | {done} | {len(results)} | {_counted(results)} |"


def tried(name: str, times: int, root: Path, truth_of: Callable[[RunState], Path], seed: int) -> str:
    """A line of the table: how often it was tried, and what came of the runs."""
    results, fault = [], (FAULTS | BROWSERS)[name]
    for i in range(times):
        try:
            run = fault(_folder(root / f"{fault.__name__}-{i}"), random.Random(seed + i))
            results.append(outcome(run, truth_of(run)))
        except AssertionError as wrong:
            results.append(str(wrong).partition("\n")[0])
        except (OSError, subprocess.CalledProcessError, NadeError, Error) as error:
            results.append(f"could not be tried ({error})")
    return f"| {name} | {times} | {times} | {_counted(results)} |"


def _counted(results: list[str]) -> str:
    return "; ".join(f"{n} {what}" for what, n in Counter(results).items())


def _folder(path: Path) -> Path:
    path.mkdir(parents=True)
    return path


def main(arguments: list[str] | None = None) -> None:
    names = [f.__name__ for f in (*KILLS.values(), *FAULTS.values(), *BROWSERS.values())]
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=50, help="of workers, and of servers (50)")
    parser.add_argument("--others", type=int, default=5, help="that each of the other faults is tried (5)")
    parser.add_argument("--faults", choices=names, nargs="*", default=names)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        truth = _truth(_folder(root / "truth"))
        print("| what breaks | times | runs | what came of them |\n| --- | ---: | ---: | --- |")
        for name, fault in KILLS.items():
            if fault.__name__ in options.faults:
                print(killed(name, options.kills, root, truth, options.seed), flush=True)
        for name, other in (FAULTS | BROWSERS).items():
            if other.__name__ in options.faults:
                truth_of = _again if name in BROWSERS else lambda run: truth
                print(tried(name, options.others, root, truth_of, options.seed), flush=True)


def _truth(root: Path) -> Path:
    """A run that nothing happens to, in this process."""
    folder = trials.Asking(root).submit(trials.ASKED, trials.TABLE).folder
    for _report in run(folder, torch.device("cpu")):
        pass
    return folder


def _again(seen: RunState) -> Path:
    """The same run, as its viewer asked for it, in this process."""
    folder = create(seen.folder.with_name(f"{seen.folder.name}-again"), read_config(seen.folder))
    shutil.copytree(seen.folder / "upload", folder / "upload", dirs_exist_ok=True)
    for _report in run(folder, torch.device("cpu")):
        pass
    return folder


if __name__ == "__main__":
    main()
