"""What an app that serves many people allows each of them, as the environment of its server says.

NADE_HOSTED=1         runs are private to the browser that asked for them, and limited as follows
NADE_TEACHER_KEY      a secret; who enters it sees and changes every run (and the app is hosted)
NADE_RUN_MINUTES=10   how long a run may train at a time
NADE_KEEP_DAYS=14     after how many days without a visit of its owner a run is deleted
NADE_DISK_GB=10       how much all runs may take together
NADE_UPLOAD_MB=400    how much of what browsers upload is kept in memory at once, of all together

NADE_RAY_ADDRESS      of a Ray cluster, hosted or not: trainings go there, as many at once as it holds
"""

import math
import re
import secrets
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path

from .messages import NadeError

SHORTEST_KEY = 8  # letters of a teacher's key
RAY = re.compile(r"auto|[\w.-]+:\d{1,5}")
SWITCH = {"": False, "0": False, "1": True}


@dataclass(frozen=True)
class Hosting:
    """Whether the app is hosted, and what one owner of runs, or all together, may take; infinity: no limit."""

    hosted: bool = False
    teacher_key: str = ""
    waiting: int = 8  # runs of one owner that wait their turn
    run_minutes: float = math.inf
    keep_days: float = math.inf
    disk_gb: float = math.inf
    uploads_mb: float = math.inf
    ray_address: str = ""  # of the cluster that trains, "" where this machine does

    @property
    def seconds(self) -> float | None:
        """How long a run may train at a time; None: as long as it takes."""
        return None if math.isinf(self.run_minutes) else 60 * self.run_minutes

    def is_teacher_key(self, key: str) -> bool:
        return bool(self.teacher_key) and secrets.compare_digest(key.encode(), self.teacher_key.encode())


ALONE = Hosting()  # on one's own machine
HOST = Hosting(True, waiting=2, run_minutes=10, keep_days=14, disk_gb=10, uploads_mb=400)


def from_environment(environment: Mapping[str, str]) -> Hosting:
    """The hosting that an environment describes. NadeError naming the variable that makes no sense."""
    asked, key = environment.get("NADE_HOSTED", "").strip(), environment.get("NADE_TEACHER_KEY", "").strip()
    if asked not in SWITCH:
        raise NadeError("{name} should be 1 or 0; it is {value}.", name="NADE_HOSTED", value=repr(asked))
    if key and len(key) < SHORTEST_KEY:
        raise NadeError("{name} should have at least {n} letters.", name="NADE_TEACHER_KEY", n=SHORTEST_KEY)
    ray_address = environment.get("NADE_RAY_ADDRESS", "").strip()
    if ray_address:
        check_ray_address("NADE_RAY_ADDRESS", ray_address)
    if not SWITCH[asked] and not key:
        return replace(ALONE, ray_address=ray_address)
    limits = {
        field: _above_zero(environment, name, getattr(HOST, field))
        for field, name in (
            ("run_minutes", "NADE_RUN_MINUTES"),
            ("keep_days", "NADE_KEEP_DAYS"),
            ("disk_gb", "NADE_DISK_GB"),
            ("uploads_mb", "NADE_UPLOAD_MB"),
        )
    }
    return Hosting(True, key, HOST.waiting, ray_address=ray_address, **limits)


def check_ray_address(name: str, address: str) -> None:
    """NadeError naming the variable or option unless that is where a Ray cluster can be, and Ray is installed."""
    if not RAY.fullmatch(address):
        raise NadeError(
            "{name} should be auto, or where a Ray cluster is, such as 10.0.0.1:6379; it is {value}.",
            name=name,
            value=repr(address),
        )
    if find_spec("ray") is None:
        raise NadeError("{name} needs Ray: pip install 'nade-lab[ray]'.", name=name)


def check_folder(environment: Mapping[str, str]) -> None:
    """NadeError where NADE_RUNS names what cannot be a folder of runs; one that is not there yet is made."""
    named = environment.get("NADE_RUNS", "")
    try:
        if named:
            Path(named).mkdir(parents=True, exist_ok=True)
            tempfile.TemporaryFile(dir=named).close()
    except (OSError, ValueError) as error:
        raise NadeError(
            "{name} should be a folder that can be written; {value} is none: {reason}.",
            name="NADE_RUNS",
            value=repr(named),
            reason=str(error),
        ) from error


def _above_zero(environment: Mapping[str, str], name: str, default: float) -> float:
    text = environment.get(name, "").strip()
    try:
        value = float(text) if text else default
    except ValueError:
        value = math.nan
    if not value > 0:
        raise NadeError("{name} should be a number above 0; it is {value}.", name=name, value=repr(text))
    return value
