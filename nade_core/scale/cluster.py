"""A Ray cluster: reached at its address, or started on this machine for as long as it is needed."""

import logging
import os
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

from .. import __version__
from ..messages import NadeError

PATIENCE = 10.0  # seconds for a cluster to answer
LOOKED = 60.0  # seconds for all of its machines to look at a folder
QUIET = {"log_to_driver": False, "logging_level": "error"}


def check_installed() -> None:
    """NadeError unless Ray is installed."""
    if find_spec("ray") is None:
        raise NadeError("This needs Ray: pip install 'nade-lab[ray]'.")


@contextmanager
def connected(address: str = "", **options) -> Iterator[None]:
    """Ray is there meanwhile: the cluster at the address ("auto": the one that this machine is part of), or one of this
    machine alone, started with the ``options`` of ray.init. What is connected already stays so.

    NadeError where no cluster answers there, or Ray is not installed.
    """
    check_installed()
    import ray

    if ray.is_initialized():
        yield
        return
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # nobody is told of what is computed here
    _reach(address)
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, sys.path))  # workers started here find the same packages
    try:
        if address:
            ray.init(address, **QUIET)
        else:
            ray.init("local", include_dashboard=False, **{**QUIET, **options})
    except Exception as error:  # of many kinds, by what is wrong with the cluster
        raise NadeError(
            "The Ray cluster at {address} cannot be used: {reason}", address=address or "here", reason=first_line(error)
        ) from error
    logging.getLogger("ray.data").setLevel(logging.ERROR)
    try:
        yield
    finally:
        ray.shutdown()


def _reach(address: str) -> None:
    """NadeError where nobody listens at the address: Ray itself would wait for minutes."""
    if address in ("", "auto"):
        return
    host, _, port = address.rpartition(":")
    try:
        socket.create_connection((host, int(port)), PATIENCE).close()
    except OSError as error:
        raise NadeError("No Ray cluster answers at {address}: {reason}.", address=address, reason=error) from error


def check_machines(token: Path | None = None) -> None:
    """NadeError naming a machine of the cluster that has another version of this program, or none; or that does not see
    the file ``token``, which was written here into a folder that all should share."""
    import ray
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    def looked(path: str | None) -> tuple[str, bool]:  # within this function, so that it travels as it is
        import os

        try:
            from nade_core import __version__ as version
        except ImportError:
            version = ""
        return version, path is None or os.path.exists(path)  # noqa: PTH110

    nodes = [node for node in ray.nodes() if node["Alive"]]
    remote, path = ray.remote(looked), None if token is None else str(token)
    asked = [
        remote.options(num_cpus=0, scheduling_strategy=NodeAffinitySchedulingStrategy(node["NodeID"], False)).remote(
            path
        )
        for node in nodes
    ]
    try:
        answers = ray.get(asked, timeout=LOOKED)
    except ray.exceptions.RayError as error:
        raise NadeError("The machines of the Ray cluster do not answer: {reason}", reason=first_line(error)) from error
    for node, (version, seen) in zip(nodes, answers, strict=True):
        _check_machine(node["NodeManagerAddress"], version, seen, token)


def _check_machine(machine: str, version: str, seen: bool, token: Path | None) -> None:
    if not version:
        raise NadeError("nade-lab is not installed on the machine {machine} of the cluster.", machine=machine)
    if version != __version__:
        raise NadeError(
            "The machine {machine} of the cluster has nade-lab {theirs}; this is {ours}. Install the same everywhere.",
            machine=machine,
            theirs=version,
            ours=__version__,
        )
    if not seen:
        assert token is not None
        raise NadeError(
            "The machine {machine} of the cluster does not see what is written into {folder} here: put it on storage "
            "that all machines share, under the same name.",
            machine=machine,
            folder=str(token.parent),
        )


def first_line(error: BaseException) -> str:
    """What an error says, on one line."""
    return next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)
