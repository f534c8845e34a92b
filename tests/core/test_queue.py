"""The queue: locks instead of pids, one worker at a time whoever asks, and a stop that is heard."""

import os
import re
import subprocess
import sys
import threading
from pathlib import Path

import pytest
import torch

from nade_core import queue, runs
from nade_core.cli import train as cli_train
from nade_core.messages import NadeError
from nade_core.runs import Request
from nade_core.runs import folder as run_folder

from .queues import ASKED, HANG, HOLD, SHORT, held, table, turn_until, wait_until

CPU = torch.device("cpu")

ROOT = Path(__file__).parents[2]


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
    with pytest.raises(NadeError, match="^'a.npy' .*damaged"):  # by its own name, not by that of its copy
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


def test_a_second_worker_that_is_refused_leaves_the_state_to_the_first(make_queue, stand_in, started):
    q = make_queue()
    run = q.submit(ASKED, table())
    stand_in("import sys; sys.exit('refused')")
    held(run.folder, started)
    q.turn()
    q.workers[0].process.wait()
    q.turn()
    assert not q.workers and runs.look(run.folder).state == "running" and runs.look(run.folder).error is None


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
