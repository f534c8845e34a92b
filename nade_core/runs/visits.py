"""Runs that their owners have not looked at for days. Days on which nobody could look do not count.

So a machine that was off for a month, or whose clock was set by a year, forgets nothing when it is back.
"""

import logging
import os
import time
from pathlib import Path

from .folder import RunState
from .owning import last_visit, visit

DAY = 86_400
LOOKED = ".looked"  # a file in the folder of runs: when an app last looked at whether runs are visited
CLOCKS = 60.0  # seconds by which the clocks of machines on one folder may differ
LOG = logging.getLogger(__name__)


def unvisited(root: Path, runs: list[RunState], days: float) -> list[RunState]:
    """Those of the runs in a folder that have an owner who has not looked at them for so many days."""
    owned_ones = {run.folder: seen for run in runs if (seen := last_visit(run.folder)) is not None}
    if _was_away(root):
        for folder in owned_ones:
            visit(folder)
        return []
    return [run for run in runs if time.time() - owned_ones.get(run.folder, time.time()) > DAY * days]


def _was_away(root: Path) -> bool:
    """Whether no app has looked at this folder for a day, or its clock was set by so much, or back."""
    path, now = root / LOOKED, time.time()
    before = path.stat().st_mtime if path.exists() else now
    path.touch()
    os.utime(path, (now, now))
    if -CLOCKS < now - before < DAY:
        return False
    told = [time.strftime("%Y-%m-%d %H:%M", time.localtime(moment)) for moment in (before, now)]
    LOG.warning("The clock went from %s to %s while no app looked: the days of all runs begin anew.", *told)
    return True
