"""Shared by the tests of the library: a table to learn from, files, the command, the queue."""

import sys
from types import SimpleNamespace

import numpy as np
import pytest

from nade_core import queue
from nade_core.cli import main
from nade_core.queue import Queue
from nade_core.runs import process


@pytest.fixture
def people(tmp_path):
    """A table with structure: the second half of each row repeats the first, with some noise."""
    rng = np.random.default_rng(0)
    half = rng.integers(0, 2, (1200, 12), np.uint8)
    np.save(tmp_path / "people.npy", np.hstack([half, half ^ (rng.random(half.shape) < 0.05)]).astype(np.uint8))
    return tmp_path / "people.npy"


@pytest.fixture
def file(tmp_path):
    """file(content, name): a file of those bytes, that text, or that array."""

    def write(content, name="t.csv"):
        path = tmp_path / name
        if isinstance(content, np.ndarray):
            np.save(path, content)
        elif isinstance(content, dict):
            np.savez(path, **content)
        else:
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


@pytest.fixture
def nade(capsys):
    """nade(verb, ...): the exit status, stdout and stderr of the command."""

    def run(*arguments):
        capsys.readouterr()
        try:
            main([str(argument) for argument in arguments])
            code = 0
        except SystemExit as end:
            code = end.code or 0
        return SimpleNamespace(code=code, **capsys.readouterr()._asdict())

    return run


@pytest.fixture
def good(nade):
    """good(verb, ...): what a command prints that ends well."""

    def run(*arguments):
        result = nade(*arguments)
        assert result.code == 0, result.err
        return result.out

    return run


@pytest.fixture
def refused(nade):
    """refused(verb, ...): the one line on stderr of a command that exits with 2."""

    def run(*arguments):
        result = nade(*arguments)
        assert result.code == 2, result.out + result.err
        line = result.err.strip()
        assert line.count("\n") == 0 and line.startswith("nade: ")
        return line

    return run


@pytest.fixture
def table(tmp_path):
    """A table of 60 rows of 12 zeros and ones."""
    np.save(tmp_path / "table.npy", (np.random.default_rng(0).random((60, 12)) < 0.4).astype(np.uint8))
    return tmp_path / "table.npy"


@pytest.fixture
def started(monkeypatch):
    """The worker processes of a test, which end with it."""
    processes, spawn = [], queue.spawn

    def spawn_and_keep(*asked):
        processes.append(spawn(*asked))
        return processes[-1]

    monkeypatch.setattr(queue, "spawn", spawn_and_keep)
    yield processes
    for started_one in processes:
        started_one.kill()
        started_one.wait()


@pytest.fixture
def stand_in(monkeypatch, started):
    """stand_in(code): from now on a worker is that Python code, which finds the run's folder in sys.argv[1]."""

    def use(code):
        command = [sys.executable, "-c", code]
        monkeypatch.setattr(process, "_command", lambda folder: [*command, str(folder)])

    return use


@pytest.fixture
def make_queue(tmp_path, monkeypatch):
    """A queue without its thread: a test takes each turn itself."""
    monkeypatch.setattr(Queue, "_work", lambda self: None)
    return lambda: Queue(tmp_path / "runs")
