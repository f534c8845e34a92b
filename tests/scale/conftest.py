"""A Ray cluster of two cores on this machine, one for all tests: small, silent, and reached from nowhere else."""

import os

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
