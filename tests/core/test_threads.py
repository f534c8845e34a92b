"""Threads and processes: viewers who score at once, forked workers, machines without libgomp or a folder to write to."""

import os
import subprocess
import sys
import threading

import pytest
import torch

from nade_core.devices import set_threads
from nade_core.kernels import runlength
from nade_core.kernels.runlength import Work
from nade_core.messages import NadeError
from nade_core.models import NADE, NADEConfig

SETUP = """
import os, signal, torch
signal.alarm(60)  # whoever waits for ever is told
from nade_core import NADE, NADEConfig
torch.manual_seed(0)
model = NADE(NADEConfig(200, 300)).requires_grad_(False)
x = (torch.rand(300, 200) < 0.3).float()
expected = model.log_prob(x)
"""


def python(code, **environment):
    """What a process of its own prints, in two threads and without the caches of this one."""
    env = {key: value for key, value in os.environ.items() if key not in ("OMP_NUM_THREADS", "NADE_THREADS")}
    command = [sys.executable, "-c", SETUP + code]
    done = subprocess.run(command, capture_output=True, text=True, env={**env, "NADE_THREADS": "2", **environment})
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_two_viewers_who_score_at_once_do_not_stop_the_process_where_there_is_no_libgomp():
    code = """
from concurrent.futures import ThreadPoolExecutor
with ThreadPoolExecutor(4) as viewers:
    found = list(viewers.map(lambda _: model.log_prob(x), range(40)))
print(all(torch.equal(log_p, expected) for log_p in found), torch.get_num_threads())
"""
    assert python(code, NUMBA_THREADING_LAYER="workqueue", NADE_THREADS="3") == "True 3"


def test_a_forked_process_scores_draws_and_learns_and_so_does_a_worker_of_a_data_loader():
    code = """
class Scored(torch.utils.data.Dataset):
    def __len__(self):
        return len(x)
    def __getitem__(self, i):
        return model.log_prob(x[i : i + 1])[0]
big = torch.randn(900, 900)
big @ big  # OpenMP has its threads
child = os.fork()
if not child:
    again = torch.equal(model.log_prob(x), expected) and (big @ big).exp().shape == (900, 900)
    drawn = model.sample(50).shape == (50, 200)
    (-model.requires_grad_(True).log_prob(x).mean()).backward()
    os._exit(0 if again and drawn and model.W.grad.isfinite().all() else 1)
loader = torch.utils.data.DataLoader(Scored(), 150, num_workers=1, multiprocessing_context="fork")
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), torch.equal(torch.cat(list(loader)), expected))
"""
    assert python(code) == "0 True"


def test_where_no_folder_can_be_written_the_kernels_are_compiled_without_one():
    code = """
from numba.core import caching
caching.CacheImpl._locator_classes = []
import numpy as np
from nade_core.kernels import states
W, wanted = np.array([[-1, 2]], np.float32), np.ones(1, np.uint8)
padded, rows = np.empty((2, 1, states.PAIR), np.float32)
states.prepare(0, 1, W, W, wanted, states.FORTH, states.RELU, states.PAIR, padded, rows, np.empty(1, np.float32))
print(type(states.prepare._cache).__name__, padded[0, :3].tolist())
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.strip() == "NullCache [-1.0, 2.0, 0.0]", done.stderr


def test_threads_are_set_at_any_time():
    before = torch.get_num_threads()
    try:
        set_threads(5)
        assert torch.get_num_threads() == 5
    finally:
        set_threads(before)
    for bad in (0, -2, 1.5, "two", None, True):
        with pytest.raises(NadeError, match="threads above 0"):
            set_threads(bad)


@pytest.fixture
def three_threads():
    before = torch.get_num_threads()
    set_threads(3)
    yield
    set_threads(before)


def test_the_work_is_done_by_as_many_threads_at_the_same_time(three_threads):
    meeting, done = threading.Barrier(3), []

    def kernel(first, last):
        if len(done) < 1:
            meeting.wait(timeout=30)  # broken unless three are here together
        done.extend(range(first, last))
        return first == 50

    assert runlength._spread(Work(kernel, 3, 1, ())) is False and sorted(done) == [0, 1, 2]
    assert runlength._spread(Work(kernel, 101, 2, ())) == (50 % max(2, -(-101 // 12)) == 0) and len(done) == 104


def test_one_work_begins_when_the_one_before_is_done(three_threads):
    done = []

    def kernel(first, last, name):
        done.extend([name] * (last - first))
        return False

    assert runlength._spread(Work(kernel, 40, 1, ("first",)), Work(kernel, 40, 1, ("then",))) is False
    assert done == ["first"] * 40 + ["then"] * 40


def test_a_fault_in_any_thread_is_raised_by_the_caller(three_threads):
    """Not printed beside a result that lacks the work of one thread."""

    def kernel(first, last):
        if first == 2:
            raise MemoryError
        return False

    with pytest.raises(MemoryError):
        runlength._spread(Work(kernel, 3, 1, ()), Work(kernel, 3, 1, ()))


def test_results_do_not_depend_on_the_number_of_threads(three_threads):
    torch.manual_seed(0)
    model, x = NADE(NADEConfig(60, 70)), (torch.rand(97, 60) < 0.3).float()

    def everything():
        model.zero_grad()
        log_p = model.log_prob(x)
        log_p.sum().backward()
        drawn = model.sample(97, generator=torch.Generator().manual_seed(1))
        return log_p, drawn, *(p.grad.clone() for p in model.parameters())

    three = everything()
    set_threads(1)
    assert all(torch.equal(a, b) for a, b in zip(three, everything(), strict=True))
