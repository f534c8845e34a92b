"""A Ray cluster of two cores on this machine, one for all tests: small, silent, and reached from nowhere else."""

import os
from pathlib import Path

import pytest

OPTIONS = {"num_cpus": 2, "object_store_memory": 100 << 20}


@pytest.fixture(scope="session")
def cluster():
    """Its address; the tests themselves are connected to it."""
    os.environ |= {"RAY_USAGE_STATS_ENABLED": "0", "RAY_DISABLE_MEMORY_MONITOR": "1"}
    ray = pytest.importorskip("ray")
    from nade_core.scale.cluster import connected

    with connected(**OPTIONS):
        yield ray.get_runtime_context().gcs_address


def workers(name: bytes) -> list[int]:
    """The processes of our own cluster that do a task of that name (Linux)."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if path.read_bytes().startswith(b"ray::" + name) and os.getpid() in _above(path.parent):
                found.append(int(path.parent.name))
        except OSError:
            continue
    return found


def _above(process: Path) -> list[int]:
    """The processes that a process descends from."""
    lines = (process / "status").read_text().splitlines()
    parent = next(int(line.split()[1]) for line in lines if line.startswith("PPid:"))
    return [parent, *_above(process.parent / str(parent))] if parent else []
