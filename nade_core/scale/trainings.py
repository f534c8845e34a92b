"""Trainings on a Ray cluster: a process for each asks for room there, and ends when the run has ended.

    python -m nade_core.scale.trainings look ADDRESS FOLDER    says as JSON how many runs the cluster holds
    python -m nade_core.scale.trainings train ADDRESS FOLDER   has the cluster train in the folder of a run

The app itself is never part of the cluster: what becomes of that does not touch it. The folder of runs is on storage that
all machines share, and the run is held by the lock in its folder, as everywhere.
"""

import argparse
import json
import subprocess
import sys
import time
from pathlib import Path

from ..files import leave_token
from ..messages import NadeError
from .cluster import check_machines, connected, first_line

EVERY = 20.0  # seconds between two looks at the cluster
LONGEST = 180.0  # seconds that a look may take
RETRIES = 3  # times that a run whose machine is lost goes on by itself on another


class Cluster:
    """A cluster as a queue sees it: whether there is room, and the command by which a run trains there.

    ``fault`` is what is wrong with it, None where nothing is known to be: runs wait meanwhile.
    """

    def __init__(self, address: str, root: Path):
        self.address, self.root = address, root
        self.fault: NadeError | None = None
        self._holds, self._looked = 0, -EVERY
        self._look: subprocess.Popen[str] | None = None

    def has_room(self, running: int) -> bool:
        """Whether one more run can train beside so many. It never waits: the cluster is looked at by another process."""
        if self._look is None and time.monotonic() - self._looked >= EVERY:
            command = [*_me("look"), self.address, str(self.root.resolve())]
            self._look = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
            self._looked = time.monotonic()
        if self._look is not None and self._look.poll() is not None:
            self._heed(self._look.communicate()[0])
        elif self._look is not None and time.monotonic() - self._looked > LONGEST:
            self._look.kill()
        return self.fault is None and running < self._holds

    def _heed(self, said: str) -> None:
        """Take in what was found."""
        self._look, self._holds, self.fault = None, 0, None
        try:
            told = json.loads(said)
        except ValueError:
            self.fault = NadeError("The Ray cluster at {address} cannot be looked at.", address=self.address)
            return
        if "error" in told:
            self.fault = NadeError(told["error"]["message"], **told["error"]["facts"])
        else:
            self._holds = told["holds"]

    def command(self, folder: Path) -> list[str]:
        """The command that has a run train, to which a time limit may be added."""
        return [*_me("train"), self.address, str(folder.resolve())]


def _me(task: str) -> list[str]:
    return [sys.executable, "-m", "nade_core.scale.trainings", task]


def look(address: str, folder: Path) -> dict:
    """How many runs the cluster ``holds`` at once: one for each GPU, or each core where there are none. NadeError where
    it does not answer, where a machine has another version of this program, or does not see the folder."""
    with connected(address):
        token = leave_token(folder)
        try:
            check_machines(token)
        finally:
            token.unlink()
        return {"holds": max(_needs().values(), default=0)}


def _needs() -> dict[str, int]:
    """How many GPUs the cluster has, or cores where it has no GPU."""
    import ray

    found = ray.cluster_resources()
    name = "GPU" if found.get("GPU") else "CPU"
    return {name: int(found.get(name, 0))}


def train(address: str, folder: Path, limit: float | None) -> None:
    """Train in the folder on the cluster; it goes on from its last finished epoch where a machine is lost."""
    with connected(address):
        import ray

        gpu = "GPU" in _needs()
        task = ray.remote(_trained).options(num_cpus=0 if gpu else 1, num_gpus=int(gpu), max_retries=RETRIES)
        try:
            ray.get(task.remote(str(folder), limit))
        except ray.exceptions.RayTaskError as error:
            raise NadeError("{reason}", reason=first_line(error.cause)) from error
        except ray.exceptions.RayError as error:
            raise NadeError("The Ray cluster gave the run up: {reason}", reason=first_line(error)) from error


def _trained(folder: str, limit: float | None) -> None:
    """On a machine of the cluster: the run, on the device that is given to it."""
    from nade_core import runs
    from nade_core.devices import as_device

    for _report in runs.run(folder, as_device(None), limit):
        pass


def main() -> None:
    """Do what was asked; what is wrong is one sentence, in the JSON of a look, or the exit of a training."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("task", choices=("look", "train"))
    parser.add_argument("address")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--time-budget", type=lambda text: float(text.removesuffix("s")), metavar="600s")
    asked = parser.parse_args()
    try:
        if asked.task == "train":
            return train(asked.address, asked.folder, asked.time_budget)
        told = look(asked.address, asked.folder)
    except NadeError as error:
        if asked.task == "train":
            sys.exit(str(error))
        told = {"error": error.as_json()}
    json.dump(told, sys.stdout)


if __name__ == "__main__":
    main()
