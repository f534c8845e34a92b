"""Whose a run is, and who else sees it, where one app serves many people.

A run keeps a hash of its owner's key, never the key itself. Whoever works alone on his own machine has no key: every
run is his.
"""

import hashlib
import os
from collections import Counter
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from ..messages import NadeError
from .folder import RunState, read_json, write_json

FILE = "owner.json"
AUDIENCES = ("owner", "link", "class")  # who else than the teacher sees it: nobody, who has its link, everybody


@dataclass(frozen=True)
class Owned:
    """The hash of the owner's key, "" where nobody on this host asked for the run; and one of AUDIENCES."""

    owner: str = ""
    audience: str = "owner"

    def __post_init__(self):
        if self.audience not in AUDIENCES:
            raise NadeError(
                "A run is seen by one of {known}; got {audience}.", known=", ".join(AUDIENCES), audience=self.audience
            )


@dataclass(frozen=True)
class Viewer:
    """Who looks: the hash of a key, "" where there is but one; a teacher sees and changes every run."""

    owner: str = ""
    teacher: bool = False

    def changes(self, run: Owned) -> bool:
        """Whether the viewer may stop, delete and share a run."""
        return not self.owner or self.teacher or run.owner == self.owner

    def sees(self, run: Owned, linked: bool = False) -> bool:
        """Whether the viewer may look at a run and use its model; ``linked``: the link in use names it."""
        return self.changes(run) or run.audience == "class" or (linked and run.audience == "link")


def hashed(key: str) -> str:
    """What is kept of a key."""
    return hashlib.sha256(key.encode()).hexdigest()


def owned(folder: Path) -> Owned:
    """Whose the run of a folder is; nobody's, where that is not written, or not readable."""
    known = read_json(folder / FILE)
    try:
        return Owned(str(known["owner"]), known["audience"])
    except (KeyError, ValueError):
        return Owned()


def give(folder: Path, to: Owned) -> None:
    """Write down whose a run is, and who sees it."""
    write_json(folder / FILE, asdict(to))


def visit(folder: Path) -> None:
    """Note that the owner has looked at a run: one that nobody visits is deleted after some days."""
    with suppress(OSError):
        os.utime(folder / FILE)


def last_visit(folder: Path) -> float | None:
    """When the owner last looked, in seconds since 1970; None for a run without an owner."""
    try:
        return (folder / FILE).stat().st_mtime
    except OSError:
        return None


def in_turn(waiting: list[RunState]) -> list[RunState]:
    """Runs that wait, the next first: everybody's first one by the time it was asked for, then the second ones."""
    asked, before, rounds = sorted(waiting, key=lambda run: run.asked), Counter[str](), {}
    for run in asked:
        owner = owned(run.folder).owner or run.name  # runs of nobody wait by time alone
        rounds[run.name] = before[owner]
        before[owner] += 1
    return sorted(asked, key=lambda run: (rounds[run.name], run.asked))
