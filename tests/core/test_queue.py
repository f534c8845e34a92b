"""The queue: locks instead of pids, one worker at a time whoever asks, and no run that spoils it for the others."""

import io
import os
import re
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
import torch

from nade_core import queue, runs
from nade_core.cli import train as cli_train
from nade_core.messages import NadeError
from nade_core.queue import Queue
from nade_core.runs import Request, process
from nade_core.runs import folder as run_folder

CPU = torch.device("cpu")
ROOT = Path(__file__).parents[2]
SHORT = {"model_options": {"hidden": 3}, "train_options": {"epochs": 2, "weight_decay": 0.0}}
ASKED = Request("own", **SHORT)

HOLD = """
import sys, time
from filelock import FileLock
lock = FileLock(sys.argv[1] + "/run.lock")
lock.acquire()
time.sleep(600)
"""
HANG = "import time; time.sleep(600)"
SAY = "import sys; sys.exit('the disk of ' + sys.argv[1] + ' is full')"


def table(columns=6, rows=80):
    buffer = io.BytesIO()
    np.save(buffer, np.random.default_rng(columns).integers(0, 2, (rows, columns), np.uint8))
    return [("내 표.npy", buffer.getvalue())]


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


def held(folder, started):
    """The folder, held by another process."""
    started.append(subprocess.Popen([sys.executable, "-c", HOLD, str(folder)]))
    wait_until(lambda: run_folder.is_held(folder))
    return folder


def wait_until(true, seconds=120.0):
    start = time.monotonic()
    while not true():
        assert time.monotonic() - start < seconds
        time.sleep(0.01)  # the core is for what is waited for


@pytest.fixture
def make_queue(tmp_path, monkeypatch):
    """A queue without its thread: a test takes each turn itself."""
    monkeypatch.setattr(Queue, "_work", lambda self: None)
    return lambda: Queue(tmp_path / "runs")


def turn_until(queue, folder, state):
    """Turns until the run is in that state."""

    def turned():
        queue.turn()
        return runs.look(folder).state == state

    wait_until(turned)


def test_a_run_is_alive_while_its_worker_holds_the_lock_whatever_its_pid(make_queue, started):
    run = make_queue().submit(ASKED, table())
    status = {"state": "running", "message": "", "pid": os.getpid(), "asked": 1.0}
    runs.write_json(run.folder / "status.json", status)
    assert runs.look(run.folder).state == "interrupted"
    held(run.folder, started)
    assert runs.look(run.folder).state == "running"
    started[-1].kill()
    started[-1].wait()
    assert runs.look(run.folder).state == "interrupted"


def test_large_uploads_are_read_in_another_process(make_queue, monkeypatch):
    known = make_queue().submit(ASKED, table()).config
    monkeypatch.setattr(queue, "LARGE", 0)
    monkeypatch.setattr(queue, "plan", None)  # the app's own process does not
    assert make_queue().submit(ASKED, table()).config == known
    with pytest.raises(NadeError, match="damaged"):
        make_queue().submit(ASKED, [("a.npy", b"none")])


def test_a_folder_that_a_worker_holds_is_refused_in_words_to_another(make_queue, started):
    q = make_queue()
    run = q.submit(ASKED, table())
    held(run.folder, started)
    with pytest.raises(NadeError, match="Another worker is training"):
        next(runs.run(run.folder, CPU))
    with pytest.raises(NadeError, match="stop it first"):
        q.delete(run.folder)
    reports = runs.run(make_queue().submit(ASKED, table()).folder, CPU)
    first = next(reports)
    with pytest.raises(NadeError, match="Another worker is training"):  # this very process is another, too
        next(runs.run(q.runs()[0].folder, CPU))
    assert first["trial"] == 0 and list(reports)


def test_a_real_worker_trains_what_was_uploaded(tmp_path, make_queue):
    q = make_queue()
    run = q.submit(ASKED, table(5))
    assert run.state == "queued" and run.config.data == "upload/00000.npy" and q.waiting() == [run]
    turn_until(q, run.folder, "done")
    assert runs.look(run.folder).error is None and runs.look(run.folder).log[-1]["epoch"] == 2
    moved = (tmp_path / "runs").rename(tmp_path / "moved") / run.name  # the data go with the folder
    assert runs.read_run_data(moved, runs.read_config(moved)).dims == 5


def test_two_who_press_train_in_the_same_second_have_two_runs_on_two_tables(make_queue, monkeypatch):
    monkeypatch.setattr(queue.time, "strftime", lambda form: "20260101-120000")
    q, meet, found = make_queue(), threading.Barrier(2), {}

    def press(columns):
        meet.wait()
        asked = Request("own", title="우리 반 모델", **SHORT)
        found[columns] = q.submit(asked, table(columns))

    pressed = [threading.Thread(target=press, args=(columns,)) for columns in (12, 7)]
    for thread in pressed:
        thread.start()
    for thread in pressed:
        thread.join()
    assert len({run.name for run in q.runs()}) == 2
    for columns, run in found.items():
        assert runs.read_run_data(run.folder, run.config).dims == run.config.model_config["dims"] == columns
        assert re.fullmatch(r"20260101-120000-[0-9a-f]{6}", run.name) and run.config.title == "우리 반 모델"


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


def test_a_second_worker_that_is_refused_leaves_the_state_to_the_first(make_queue, stand_in, started):
    q = make_queue()
    run = q.submit(ASKED, table())
    stand_in("import sys; sys.exit('refused')")
    held(run.folder, started)
    q.turn()
    q.workers[0].process.wait()
    q.turn()
    assert not q.workers and runs.look(run.folder).state == "running" and runs.look(run.folder).error is None


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


def test_two_apps_on_one_folder_start_a_run_once_and_one_at_a_time(make_queue, stand_in, started):
    stand_in(HANG)  # it has not taken its lock yet: only the claim of who started it tells the other app
    first, second = make_queue(), make_queue()
    asked = [first.submit(ASKED, table()), second.submit(ASKED, table())]
    meet = threading.Barrier(2)

    def turns(app):
        meet.wait()
        for _ in range(5):
            app.turn()

    apps = [threading.Thread(target=turns, args=(app,)) for app in (first, second)]
    for app in apps:
        app.start()
    for app in apps:
        app.join()
    assert len(started) == 1 and first.faults() == second.faults() == []
    for app in (first, second):
        assert sorted(run.state for run in app.runs()) == ["queued", "running"]
    assert runs.look(asked[0].folder).state == "running"


@pytest.mark.parametrize("code", [HANG, HOLD], ids=["as it starts", "as it works on, deaf"])
def test_stop_takes_effect_within_two_seconds(make_queue, stand_in, monkeypatch, code):
    """Counted in turns, which are POLL seconds apart: how busy the machine is is no matter."""
    stand_in(code)
    q = make_queue()
    run = q.submit(ASKED, table())
    turn_until(q, run.folder, "running")
    if code == HOLD:
        wait_until(lambda: run_folder.is_held(run.folder))
    q.stop(run.folder)
    clock = [0.0]
    monkeypatch.setattr(queue.time, "monotonic", lambda: clock[0])
    while runs.look(run.folder).state != "stopped":
        q.turn()
        clock[0] += queue.POLL
        assert clock[0] + queue.POLL < 2
    assert runs.look(run.folder).error is None and not (run.folder / "stop").exists()


LONG = """
import sys, time
from pathlib import Path
from nade_core.cli import train
from nade_core.runs.folder import working_on

def deaf(args, status):
    with working_on(args.out):
        Path(args.out, "deaf").touch()
        time.sleep(600)

train._train = deaf
from nade_core.cli import main
main(["train", "--out", sys.argv[1], "--resume", "--json"])
"""


def test_a_worker_whose_app_is_gone_stops_by_itself_whatever_keeps_it(make_queue, started):
    run = make_queue().submit(ASKED, table())
    runs.write_json(run.folder / "status.json", {"state": "running", "asked": 1.0})
    started.append(subprocess.Popen([sys.executable, "-c", LONG, str(run.folder)], cwd=ROOT))
    wait_until((run.folder / "deaf").exists)
    make_queue().stop(run.folder)
    started[-1].wait(60)
    assert cli_train.LOOK + cli_train.GRACE < 2 and runs.look(run.folder).state == "stopped"


def test_a_stop_before_the_worker_begins_is_not_lost(make_queue):
    q = make_queue()
    run = q.submit(ASKED, table())
    runs.request_stop(run.folder)
    assert list(runs.run(run.folder, CPU)) == [] and runs.look(run.folder).state == "stopped"
    runs.request_stop(run.folder)
    q.resume(run.folder)  # who resumes takes the stop back; the worker does not
    assert runs.look(run.folder).state == "queued"
    assert list(runs.run(run.folder, CPU)) and runs.look(run.folder).state == "done"
    q.stop(run.folder)  # nothing to stop, and nothing left behind that would stop it later
    assert not (run.folder / "stop").exists()


def test_a_waiting_run_is_taken_out_of_the_queue(make_queue, stand_in, started):
    stand_in(HOLD)
    q = make_queue()
    run = q.submit(ASKED, table())
    q.stop(run.folder)
    q.turn()
    assert runs.look(run.folder).state == "stopped" and not started


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
