"""The queue: no run that fails, is damaged or is refused spoils it for the others."""

import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from nade_core import queue, runs
from nade_core.messages import NadeError
from nade_core.queue import Queue
from nade_core.runs import Request
from nade_core.runs import folder as run_folder

from .queues import ASKED, HOLD, table, turn_until

SAY = "import sys; sys.exit('the disk of ' + sys.argv[1] + ' is full')"


def test_what_is_refused_leaves_nothing_behind(make_queue, monkeypatch):
    q = make_queue()
    before = sorted(path.name for path in q.root.iterdir())
    picture = ("a.png", b"no picture")
    for asked, uploads, said in (
        (ASKED, [], "Add a file"),
        (ASKED, [("rows.npy", b"nonsense")], "damaged"),
        (ASKED, [("../../rows.exe", b"nonsense")], "kind of file"),
        (ASKED, [*table(), picture], "one table"),
        (ASKED, [picture], "picture|image"),
        (Request("own", model="GAN"), table(), "no model named"),
        (Request("nowhere"), [], "no file"),
    ):
        with pytest.raises(ValueError, match=said):
            q.submit(asked, uploads)
    monkeypatch.setattr(queue, "MAX_UPLOAD_MB", 0)
    with pytest.raises(NadeError, match="larger than 0 MB"):
        q.submit(ASKED, table())
    monkeypatch.undo()
    monkeypatch.setattr(Queue, "_work", lambda self: None)
    monkeypatch.setattr(queue, "MAX_WAITING", 2)
    for _ in range(2):
        q.submit(ASKED, table())
    with pytest.raises(NadeError, match="2 runs are waiting"):
        q.submit(ASKED, table())
    monkeypatch.setattr(queue, "MAX_KEPT", 2)
    q.stop(q.runs()[0].folder)
    with pytest.raises(NadeError, match="2 runs are kept"):
        q.submit(ASKED, table())
    for run in q.runs():
        q.delete(run.folder)
    assert sorted(path.name for path in q.root.iterdir() if path.name != ".queue.lock") == [
        name for name in before if name != ".queue.lock"
    ]


def test_an_upload_of_an_app_that_was_killed_is_swept_but_not_one_being_judged(make_queue):
    q = make_queue()
    for name in ("dead", "alive"):
        (q.root / name / "upload").mkdir(parents=True)
    with run_folder.working_on(q.root / "alive"):
        make_queue()
    assert [path.name for path in q.root.iterdir() if path.is_dir()] == ["alive"]


DAMAGE = {
    "a status that is a list": ("status.json", b"[]"),
    "a status of no state": ("status.json", b'{"state": "flying"}'),
    "a status whose error lacks its facts": (
        "status.json",
        b'{"state": "failed", "error": {"message": "{x}", "facts": {"y": 1}}}',
    ),
    "half a status": ("status.json", b'{"state": "qu'),
    "a status in no text": ("status.json", b"\xff\xfe\x00"),
    "a deep status": ("status.json", b"[" * 5000),
    "a configuration that is nonsense": ("config.json", b"nonsense"),
    "one that is a list": ("config.json", b"[]"),
    "one of the future": ("config.json", b'{"version": 99}'),
    "one of a strange version": ("config.json", b'{"version": [1]}'),
    "an empty one": ("config.json", b"{}"),
    "one of another program": ("config.json", b'{"name": "app", "train": {}}'),
}


@pytest.mark.parametrize("what", DAMAGE)
def test_one_damaged_run_says_what_is_wrong_and_hides_no_other(make_queue, stand_in, what):
    stand_in(HOLD)
    q = make_queue()
    bad, good = q.submit(ASKED, table()), q.submit(ASKED, table())
    name, content = DAMAGE[what]
    (bad.folder / name).write_bytes(content)
    q.turn()
    states = {run.name: run.state for run in q.runs()}
    assert states == {bad.name: "damaged", good.name: "running"}
    ((fault, error),) = q.faults()
    assert fault == bad.name and str(bad.folder / name) in str(error) and runs.look(bad.folder).error is not None
    q.delete(bad.folder)
    assert q.faults() == [] and not bad.folder.exists()


def test_a_folder_that_cannot_be_looked_into_hides_no_other(make_queue, monkeypatch):
    q = make_queue()
    bad, good = q.submit(ASKED, table()), q.submit(ASKED, table())
    exists = Path.exists

    def locked(path):
        if path.parent == bad.folder:
            raise PermissionError(13, "Permission denied")
        return exists(path)

    monkeypatch.setattr(Path, "exists", locked)
    assert {run.name: run.state for run in q.runs()} == {bad.name: "damaged", good.name: "queued"}
    assert "Permission denied" in str(dict(q.faults())[bad.name])


def test_a_run_that_cannot_be_started_lets_the_others_go_on(make_queue, stand_in, monkeypatch):
    stand_in(HOLD)
    q = make_queue()
    bad, good = q.submit(ASKED, table()), q.submit(ASKED, table())
    write = queue.write_status

    def full(folder, *args, **options):
        if folder == bad.folder:
            raise OSError(28, "No space left on device")
        write(folder, *args, **options)

    monkeypatch.setattr(queue, "write_status", full)
    q.turn()
    assert runs.look(good.folder).state != "running" and "No space left" in str(dict(q.faults())[bad.name])
    q.turn()
    assert runs.look(good.folder).state == "running"
    monkeypatch.setattr(queue, "write_status", write)
    runs.write_json(bad.folder / "status.json", {"state": "failed"})
    q.resume(bad.folder)
    assert q.faults() == [] and runs.look(bad.folder).state == "queued"


def test_the_thread_outlives_a_fault_and_starts_the_next_run(tmp_path, monkeypatch):
    faulty, spawned, spoiled = threading.Event(), threading.Event(), [True]
    see = queue._seen

    def spoil(folder):
        if spoiled[0] and threading.current_thread() is not threading.main_thread():
            faulty.set()
            raise RuntimeError("a fault that nobody foresaw")
        return see(folder)

    def spawn(folder, seconds):
        spawned.set()
        return subprocess.Popen([sys.executable, "-c", "pass"])

    monkeypatch.setattr(queue, "_seen", spoil)
    monkeypatch.setattr(queue, "spawn", spawn)
    q = Queue(tmp_path / "runs")
    run = q.submit(ASKED, table())
    assert faulty.wait(60)
    with q._locked():  # the turn that met the fault is over
        pass
    spoiled[0] = False
    assert spawned.wait(60) and run.name in [r.name for r in q.runs()]


def test_a_report_is_the_reason_of_its_own_attempt(make_queue, stand_in, started):
    q = make_queue()
    run = q.submit(ASKED, table())
    stand_in(SAY)
    turn_until(q, run.folder, "failed")
    assert f"the disk of {run.folder} is full" in str(runs.look(run.folder).error)
    stand_in(HOLD)
    q.resume(run.folder)
    turn_until(q, run.folder, "running")
    assert runs.look(run.folder).error is None
    started[-1].kill()
    turn_until(q, run.folder, "interrupted")
    error = runs.look(run.folder).error
    assert error.facts["n"] == signal.SIGKILL and "disk" not in str(error)
    stand_in("import sys; sys.exit(3)")
    q.resume(run.folder)
    turn_until(q, run.folder, "failed")
    assert "without a word (exit status 3)" in str(runs.look(run.folder).error)
