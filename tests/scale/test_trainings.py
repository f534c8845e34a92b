"""The app's trainings on a Ray cluster: the runs of always, as many at once as it holds; and what is said of a bad one."""

import os
import signal
import socket
import time
from dataclasses import replace

import pytest

from nade_core import runs
from nade_core.hosting import ALONE
from nade_core.messages import NadeError
from nade_core.queue import Queue
from nade_core.scale import cluster as known
from nade_core.scale import trainings

from ..core.queues import ASKED, table
from ..core.small_runs import finish, same, weights
from .conftest import workers

pytestmark = pytest.mark.scale
ENDLESS = {"epochs": 100_000, "patience": 100_000}


@pytest.fixture
def make_queue(tmp_path, monkeypatch):
    """make_queue(address): a queue without its thread, whose processes end with the test."""
    monkeypatch.setattr(Queue, "_work", lambda self: None)
    made = []

    def make(address):
        made.append(Queue(tmp_path / "runs", replace(ALONE, ray_address=address)))
        return made[-1]

    yield make
    for process in [worker.process for queue in made for worker in queue.workers]:
        process.kill()
        process.wait()


def turns(queue, true, seconds=120.0):
    start = time.monotonic()
    while not true():
        queue.turn()
        assert time.monotonic() - start < seconds, (queue.runs(), queue.faults(), queue.cluster.fault)


def states(queue):
    return sorted(run.state for run in queue.runs())


def test_runs_train_side_by_side_on_the_cluster_and_end_as_anywhere(cluster, make_queue, tmp_path):
    queue = make_queue(cluster)
    asked = [queue.submit(replace(ASKED, seed=seed), table()) for seed in (1, 2)]
    together = []
    turns(queue, lambda: together.append(states(queue)) or states(queue) == ["done", "done"])
    assert ["running", "running"] in together
    for run in asked:
        finish(tmp_path / run.name, replace(run.config, data=str(run.folder / run.config.data)))
        assert same(weights(run.folder), weights(tmp_path / run.name)) and runs.look(run.folder).log[-1]["epoch"] == 2


def test_a_run_whose_worker_is_killed_goes_on_by_itself_and_a_stop_ends_it(cluster, make_queue):
    queue = make_queue(cluster)
    run = queue.submit(replace(ASKED, train_options={**ASKED.train_options, **ENDLESS}), table())
    turns(queue, lambda: len(runs.look(run.folder).log) > 2)
    (worker,) = workers(b"_trained")
    os.kill(worker, signal.SIGKILL)
    seen = len(runs.look(run.folder).log)
    turns(queue, lambda: len(runs.look(run.folder).log) > seen + 2)
    assert workers(b"_trained") != [worker]
    queue.stop(run.folder)
    turns(queue, lambda: runs.look(run.folder).state == "stopped" and not queue.workers)
    ends = [report["epoch"] for report in runs.look(run.folder).log if report["valid_nats"] is not None]
    assert ends == list(range(1, len(ends) + 1))  # no epoch is lost, and none done twice


def test_a_cluster_that_does_not_answer_is_named_and_runs_wait_for_it(make_queue, monkeypatch):
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{nobody.getsockname()[1]}"
        queue = make_queue(address)
        queue.submit(ASKED, table())
        turns(queue, lambda: queue.cluster.fault)
    assert f"No Ray cluster answers at {address}" in str(queue.cluster.fault)
    assert states(queue) == ["queued"] and not queue.workers and not queue.faults()
    monkeypatch.setattr(trainings, "EVERY", 0.0)  # a look that has no answer at all is no end either
    monkeypatch.setattr(trainings, "_me", lambda task: ["true"])
    turns(queue, lambda: "cannot be looked at" in str(queue.cluster.fault))


def test_a_machine_of_another_version_and_a_folder_that_is_not_shared_are_named(cluster, tmp_path, monkeypatch):
    assert trainings.look(cluster, tmp_path) == {"holds": 2} and not list(tmp_path.iterdir())
    with pytest.raises(NadeError, match=f"does not see what is written into {tmp_path} here"):
        known.check_machines(tmp_path / "elsewhere")
    monkeypatch.setattr(known, "__version__", "9.9")
    with pytest.raises(NadeError, match="has nade-lab .*; this is 9.9"):
        known.check_machines()


def test_what_a_run_fails_of_is_its_own_sentence(cluster, tmp_path):
    with pytest.raises(NadeError, match="is no run: it has no config.json"):
        trainings.train(cluster, tmp_path, None)
