"""For the tests of the queue: what is asked, workers that do nothing, and waiting."""

import io
import subprocess
import sys
import time

import numpy as np

from nade_core import runs
from nade_core.runs import Request
from nade_core.runs import folder as run_folder

SHORT = {"model_options": {"hidden": 3}, "train_options": {"epochs": 2, "weight_decay": 0.0}}
ASKED = Request("own", **SHORT)
HOLD = """
import sys, time
from filelock import FileLock
lock = FileLock(sys.argv[1] + "/run.lock")
lock.acquire()
time.sleep(600)
"""

HANG = "import time; time.sleep(600)"


def table(columns=6, rows=80):
    buffer = io.BytesIO()
    np.save(buffer, np.random.default_rng(columns).integers(0, 2, (rows, columns), np.uint8))
    return [("내 표.npy", buffer.getvalue())]


def held(folder, started):
    """The folder, held by another process."""
    started.append(subprocess.Popen([sys.executable, "-c", HOLD, str(folder)]))
    wait_until(lambda: run_folder.is_held(folder))
    return folder


def wait_until(true, seconds=120.0):
    start = time.monotonic()
    while not true():
        assert time.monotonic() - start < seconds
        time.sleep(0.01)  # the core is for what is waited for


def turn_until(queue, folder, state):
    """Turns until the run is in that state."""

    def turned():
        queue.turn()
        return runs.look(folder).state == state

    wait_until(turned)
