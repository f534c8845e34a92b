"""Whose a run is: what others see and change, what one owner may ask for, and whose turn it is."""

import math
import os
import sys
import time

import numpy as np
import pytest

from nade_core import queue as core_queue
from nade_core.hosting import ALONE, HOST, from_environment
from nade_core.messages import NadeError
from nade_core.queue import Queue
from nade_core.runs import Owned, Request, Viewer, give, hashed, look, owned, process
from nade_core.runs.owning import FILE
from nade_core.runs.visits import DAY, LOOKED

ANN, BEN = hashed("ann's key"), hashed("ben's key")
ASKED = Request("own", model_options={"hidden": 3}, train_options={"epochs": 2, "weight_decay": 0.0})


def table():
    rows = np.random.default_rng(0).integers(0, 2, (60, 5))
    return [("t.csv", "\n".join(",".join(map(str, row)) for row in rows).encode())]


@pytest.fixture
def hosted(tmp_path, monkeypatch):
    """hosted(hosting): a queue without its thread."""
    monkeypatch.setattr(Queue, "_work", lambda self: None)
    return lambda hosting=HOST: Queue(tmp_path / "runs", hosting)


@pytest.mark.parametrize(
    ("viewer", "audience", "linked", "sees", "changes"),
    [
        (Viewer(), "owner", False, True, True),  # alone
        (Viewer(ANN), "owner", False, True, True),
        (Viewer(BEN), "owner", False, False, False),
        (Viewer(BEN), "owner", True, False, False),
        (Viewer(BEN), "link", False, False, False),
        (Viewer(BEN), "link", True, True, False),
        (Viewer(BEN), "class", False, True, False),
        (Viewer(BEN, teacher=True), "owner", False, True, True),
    ],
)
def test_who_sees_and_changes_a_run(viewer, audience, linked, sees, changes):
    run = Owned(ANN, audience)
    assert (viewer.sees(run, linked), viewer.changes(run)) == (sees, changes)


def test_a_run_keeps_a_hash_of_the_key_and_never_the_key(hosted, tmp_path):
    run = hosted().submit(ASKED, table(), owner=ANN)
    assert owned(run.folder) == Owned(ANN)
    assert not any(b"ann's key" in path.read_bytes() for path in run.folder.rglob("*") if path.is_file())
    for damage in ("[]", '{"owner": 3}', '{"owner": "x", "audience": "world"}', "{"):
        (run.folder / FILE).write_text(damage)
        assert owned(run.folder) == Owned() and not Viewer(BEN).sees(owned(run.folder))


def test_one_owner_fills_no_queue(hosted):
    queue = hosted()
    for _ in range(HOST.waiting):
        queue.submit(ASKED, table(), owner=ANN)
    with pytest.raises(NadeError, match="2 runs of yours are waiting"):
        queue.submit(ASKED, table(), owner=ANN)
    queue.submit(ASKED, table(), owner=BEN)
    assert len(queue.runs()) == HOST.waiting + 1


def test_everybodys_first_run_comes_before_anybodys_second_one(hosted):
    queue = hosted()
    anns = [queue.submit(ASKED, table(), owner=ANN).name for _ in range(2)]
    bens = [queue.submit(ASKED, table(), owner=BEN).name for _ in range(2)]
    assert [run.name for run in queue.waiting()] == [anns[0], bens[0], anns[1], bens[1]]


def test_all_runs_together_take_no_more_than_they_may(hosted):
    queue = hosted(from_environment({"NADE_HOSTED": "1", "NADE_DISK_GB": "1e-6"}))
    with pytest.raises(NadeError, match="delete some first"):
        queue.submit(ASKED, table() * 9, owner=ANN)
    assert queue.runs() == []


def test_a_run_that_its_owner_forgot_is_deleted_and_one_of_the_host_is_not(hosted):
    queue = hosted()
    forgotten, seen = (queue.submit(ASKED, table(), owner=ANN) for _ in range(2))
    kept = queue.submit(ASKED, table())
    for run in (forgotten, seen, kept):
        queue.stop(run.folder)
    long_ago = time.time() - (HOST.keep_days + 1) * DAY
    os.utime(forgotten.folder / FILE, (long_ago, long_ago))
    queue._forget()
    assert {run.name for run in queue.runs()} == {seen.name, kept.name}


@pytest.mark.parametrize("before", [-400 * DAY, 400 * DAY], ids=["a year on", "set back"])
def test_days_on_which_no_app_ran_and_a_clock_that_was_set_let_nothing_be_forgotten(hosted, caplog, before):
    queue = hosted()
    run = queue.submit(ASKED, table(), owner=ANN)
    queue.stop(run.folder)
    for path in (run.folder / FILE, queue.root / LOOKED):
        path.touch()
        os.utime(path, (time.time() + before,) * 2)
    for _ in range(2):
        queue._swept = -core_queue.SWEEP
        queue._forget()
    assert [kept.name for kept in queue.runs()] == [run.name] and "The clock went from" in caplog.text
    assert abs(time.time() - (run.folder / FILE).stat().st_mtime) < DAY


def test_a_run_of_a_newer_version_is_named_and_left_to_that(hosted):
    queue = hosted()
    run = queue.submit(ASKED, table(), owner=ANN)
    path = run.folder / "config.json"
    newer = path.read_text().replace('"version": 2', '"version": 99')
    path.write_text(newer)
    queue.turn()
    assert look(run.folder).state == "damaged" and "Update nade-lab" in str(dict(queue.faults())[run.name])
    with pytest.raises(NadeError, match="version 99"):
        queue.resume(run.folder)
    assert path.read_text() == newer and (run.folder / "upload" / "00000.csv").read_bytes() == table()[0][1]


def turned_to_its_end(queue, folder):
    end = time.monotonic() + 60
    while look(folder).state in ("queued", "running") and time.monotonic() < end:
        queue.turn()
        time.sleep(0.01)  # the core is for the worker


def test_a_run_ends_at_its_time_limit_says_so_and_can_go_on(hosted):
    queue = hosted(from_environment({"NADE_HOSTED": "1", "NADE_RUN_MINUTES": "0.0001"}))
    run = queue.submit(
        Request("own", model_options={"hidden": 3}, train_options={"epochs": 10**6, "weight_decay": 0.0}), table()
    )
    turned_to_its_end(queue, run.folder)
    ended = look(run.folder)
    assert ended.state == "stopped" and "time limit" in str(ended.error)
    give(run.folder, Owned(ANN))
    queue.resume(run.folder)
    assert look(run.folder).state == "queued" and owned(run.folder) == Owned(ANN)


def test_a_run_that_is_long_over_its_limit_is_ended_in_the_middle_of_an_epoch(hosted, monkeypatch):
    queue = hosted(from_environment({"NADE_HOSTED": "1", "NADE_RUN_MINUTES": "0.0001"}))
    hang = [sys.executable, "-c", "import time; time.sleep(600)"]
    monkeypatch.setattr(process, "_command", lambda folder: hang)
    monkeypatch.setattr(core_queue, "OVERTIME", 0.0)
    run = queue.submit(ASKED, table(), owner=ANN)
    turned_to_its_end(queue, run.folder)
    assert look(run.folder).state == "stopped"


def test_a_teachers_key_makes_a_host_and_nothing_else_does():
    assert from_environment({}) == ALONE and ALONE.seconds is None and not ALONE.is_teacher_key("")
    host = from_environment({"NADE_TEACHER_KEY": "correct horse", "NADE_RUN_MINUTES": "3"})
    assert host.hosted and host.seconds == 180 and math.isfinite(host.disk_gb)
    assert host.is_teacher_key("correct horse") and not host.is_teacher_key("correct hors")
