"""What each of several processes does in the tests of training together, started by torchrun: tests.scale.several TASK=FOLDER ..."""

import os
import signal
import sys
from pathlib import Path

import torch

import nade_core
from nade_core import runs, together
from nade_core.messages import NadeError

CPU = torch.device("cpu")


def refuse(*_arguments):
    raise AssertionError("only the leader writes")


def trained(folder: Path) -> None:
    if not together.leads():
        os.replace = refuse  # by which every file is written
    for _ in runs.run(folder, CPU):
        pass


def killed(folder: Path) -> None:
    """Process 1 is killed in the middle of the third epoch."""
    for report in runs.run(folder, CPU):
        if report["epoch"] == 2 and not together.leads():
            os.kill(os.getpid(), signal.SIGKILL)


def refused(folder: Path) -> None:
    """Each process looks into a folder of its own; and the leader fails."""
    own = folder / str(together.rank())
    own.mkdir()
    try:
        together.check_shared(own)
    except NadeError as error:
        (own / "shared").write_text(str(error))
    try:
        together.led(lambda: runs.create(folder, runs.read_config(folder)))
    except (NadeError, SystemExit) as error:
        (own / "led").write_text(str(error))


if __name__ == "__main__":
    with together.joined(nade_core.__version__):
        for asked in sys.argv[1:]:
            task, _, name = asked.partition("=")
            globals()[task](Path(name))
