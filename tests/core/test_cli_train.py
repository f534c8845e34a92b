"""Training on the command line: options, switches, resuming, limits, and how it ends."""

import json
import os
import re
import signal
import subprocess
import sys

import numpy as np
import pytest
import torch

from nade_core import headers, read_card, runs, scoring
from nade_core.cli import VERBS

ROOT = headers.HERE.parent
SMALL = ("--hidden", 4, "--epochs", 2, "--weight-decay", 0.01)


def test_options_belong_to_one_model_and_switches_are_no_values(refused, table, tmp_path):
    here = ("--data", table, "--out", tmp_path / "run")
    line = refused("train", "--model", "ChowLiu", "--hidden", 5, *here)
    assert "--hidden 5" in line and "nade train --model ChowLiu --help" in line
    assert "False" in refused("train", "--model", "RNADE", "--order-agnostic", "False", *here)
    assert "--classes" in refused("train", "--model", "MADE", "--classes", *here)
    assert "invalid choice" in refused("train", "--model", "Nobody", *here)
    assert "--hidd" in refused("train", "--hidd", 5, *here)
    assert "such as 90s, 9m or 1h" in refused("train", "--time-budget", "soon", *here)
    assert not (tmp_path / "run").exists()


def test_switches_obey(good, tmp_path):
    np.save(tmp_path / "real.npy", np.random.default_rng(0).normal(size=(30, 2)))
    small = ("--hidden", 3, "--components", 2, "--epochs", 1, "--weight-decay", 0.01)
    for switch, value in (("--order-agnostic", True), ("--no-order-agnostic", False)):
        out = tmp_path / switch
        good("train", "--model", "rnade", switch, *small, "--data", tmp_path / "real.npy", "--out", out)
        assert read_card(out).header["config"]["order_agnostic"] is value


def test_train_reports_each_epoch_and_resumes_to_nothing_left(good, refused, table, tmp_path):
    run = tmp_path / "run"
    text = good("train", "--data", table, "--out", run, *SMALL)
    assert re.findall(r"epoch (\d)/2  train [\d.]+ nats  valid [\d.]+ nats", text) == ["1", "2"]
    assert f"done: {run / 'model.safetensors'}" in text and read_card(run).header["config"]["hidden"] == 4
    assert json.loads(good("train", "--out", run, "--resume", "--json"))["state"] == "done"
    assert "already holds a run" in refused("train", "--data", table, "--out", run, *SMALL)
    assert "nats" in good("evaluate", run, table)


def test_resume_goes_on_with_what_there_is_and_with_its_own_settings(refused, table, tmp_path):
    missing = refused("train", "--out", tmp_path / "typo", "--resume")
    assert "There is no run in" in missing and "typo" in missing and not (tmp_path / "typo").exists()
    line = refused("train", "--out", tmp_path / "typo", "--resume", "--hidden", 9, "--lr", 0.1, "--seed", 0)
    assert "--hidden, --lr, --seed" in line and "ignored" in line
    assert "--model" in refused("train", "--out", tmp_path / "typo", "--resume", "--model", "NADE")
    assert "--no-flip" in refused("train", "--out", tmp_path / "typo", "--resume", "--no-flip")


def test_the_time_budget_counts_from_the_start_of_the_command(good, table, tmp_path, monkeypatch):
    seen = {}

    def run(folder, device, time_budget, started):
        seen.update(budget=time_budget, started=started)
        return iter(())

    monkeypatch.setattr(runs, "run", run)
    monkeypatch.setattr("nade_core.cli.time.monotonic", lambda: 123.0)
    runs.write_json(tmp_path / "run/status.json", {"state": "stopped"})
    assert "stopped" in good("train", "--data", table, "--out", tmp_path / "run", *SMALL, "--time-budget", "9m")
    assert seen == {"budget": 540.0, "started": 123.0}


def test_a_model_that_no_memory_holds_is_refused_and_leaves_no_run_behind(refused, table, tmp_path):
    said = refused("train", "--hidden", "2000000000", "--data", str(table), "--out", str(tmp_path / "run"))
    assert "does not fit into the memory" in said and not (tmp_path / "run").exists()


def test_what_takes_all_memory_is_a_sentence(refused, monkeypatch):
    def greedy(args):
        torch.empty(1 << 60)

    monkeypatch.setattr(VERBS["models"], "run", greedy)
    assert "not enough memory" in refused("models")


def test_threads_are_set(good, refused, table, tmp_path):
    before = torch.get_num_threads()
    try:
        good("train", "--data", table, "--out", tmp_path / "run", *SMALL, "--threads", 1)
        assert torch.get_num_threads() == 1
        assert "threads" in refused("evaluate", tmp_path / "run", table, "--threads", 0)
    finally:
        torch.set_num_threads(before)


def test_ctrl_c_is_exit_status_130_and_a_sentence(nade, table, tmp_path, monkeypatch):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(runs, "run", interrupted)
    result = nade("train", "--data", table, "--out", tmp_path / "run", *SMALL)
    assert result.code == 130 and "--resume" in result.err
    monkeypatch.setattr(scoring, "ensemble_log_probs", interrupted)
    result = nade("evaluate", "independent-mnist", "mnist", "--limit", 5)
    assert result.code == 130 and result.err.strip() == "nade: stopped."


@pytest.mark.skipif(sys.platform == "win32", reason="signals are sent to processes otherwise there")
def test_ctrl_c_stops_a_training_that_can_be_resumed(good, table, tmp_path):
    run, settings = tmp_path / "run", ("--hidden", "4", "--epochs", "100000", "--patience", "100000")
    command = [sys.executable, "-m", "nade_core", "train", "--data", str(table), "--out", str(run), *settings, "--json"]
    listening = {"preexec_fn": lambda: signal.signal(signal.SIGINT, signal.SIG_DFL)}  # also where the tests do not
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, "cwd": ROOT}
    with subprocess.Popen(command, **pipes, **listening) as process:
        assert json.loads(process.stdout.readline())["epoch"] >= 0
        os.kill(process.pid, signal.SIGINT)
        _, told = process.communicate(timeout=60)
    assert process.returncode == 130 and "nade: stopped. Add --resume to go on." in told
    assert (
        json.loads(good("train", "--out", run, "--resume", "--json", "--time-budget", "0s").splitlines()[-1])["state"]
        == "stopped"
    )
