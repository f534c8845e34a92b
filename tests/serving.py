"""One running app for all tests of a run: the first worker that asks for it starts it, the last one ends it."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock

HOST = "127.0.0.1"


@contextmanager
def shared_app(home: Path) -> Iterator[str]:
    """The address of the app whose folders are in ``home``, as long as this worker needs it."""
    state, lock = home / "app.json", FileLock(home / "app.lock")
    with lock:
        app = json.loads(state.read_text()) if state.exists() else {**started(home), "users": 0}
        state.write_text(json.dumps(app | {"users": app["users"] + 1}))
    yield app["address"]
    with lock:
        app = json.loads(state.read_text())
        if app["users"] > 1:
            state.write_text(json.dumps(app | {"users": app["users"] - 1}))
        else:
            os.kill(app["pid"], signal.SIGTERM)
            state.unlink()


def started(home: Path) -> dict[str, str | int]:
    """The app as a process on a free port, with folders of its own; it answers."""
    with socket.socket() as free:
        free.bind((HOST, 0))
        port = str(free.getsockname()[1])
    environment = {**os.environ, "NADE_RUNS": str(home / "runs"), "HOME": str(home)}
    command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", port, "--server.address", HOST]
    log = home / "app.log"
    with log.open("w") as to:
        process = subprocess.Popen(command, env=environment, stdout=to, stderr=to)
    while "URL: " not in log.read_text():
        assert process.poll() is None, log.read_text()
        time.sleep(0.05)
    return {"address": f"http://{HOST}:{port}", "pid": process.pid}
