"""Training: it learns, it resumes after kill -9 with the same weights, and it survives a loss that is no number."""

import json
import os
import signal
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from nade_core import devices, load_model, read_card, runs, training
from nade_core.data.reading import read_data
from nade_core.distillation import Classroom
from nade_core.training import WEIGHT_DECAYS, TrainConfig, TrainingDiverged, TrainState, recommended, train

CPU = torch.device("cpu")


@pytest.fixture
def people(tmp_path):
    """A table with structure: the second half of each row repeats the first, with some noise."""
    rng = np.random.default_rng(0)
    half = rng.integers(0, 2, (1200, 12), np.uint8)
    np.save(tmp_path / "people.npy", np.hstack([half, half ^ (rng.random(half.shape) < 0.05)]).astype(np.uint8))
    return tmp_path / "people.npy"


def config(people, **options):
    model = {"dims": 24, "hidden": 20, "activation": "sigmoid", "classes": 0}
    return runs.RunConfig(str(people), "NADE", model, TrainConfig(**{"epochs": 6, "batch_size": 20, **options}))


def finish(folder, run_config):
    runs.create(folder, run_config)
    return list(runs.run(folder, CPU))


def weights(folder):
    return {path.name: load_file(path) for path in folder.glob("*.safetensors")}


def same(a, b):
    return all(torch.equal(a[f][k], b[f][k]) for f in a for k in a[f])


def test_training_learns_the_structure(people, tmp_path):
    log = finish(tmp_path / "run", config(people, epochs=40, learning_rate=1e-2))
    independent = 24 * np.log(2)
    assert log[-1]["best_nats"] < 0.75 * independent
    model, data = load_model(tmp_path / "run/model.safetensors", "cpu"), read_data(people)
    mean = -model.log_prob(data.valid).double().mean().item()
    assert abs(mean - log[-1]["best_nats"]) < 1e-4
    assert runs.read_json(tmp_path / "run/status.json")["state"] == "done"


def test_a_run_killed_at_any_moment_resumes_to_the_same_weights(people, tmp_path):
    run_config = config(people, epochs=60)
    finish(tmp_path / "whole", run_config)
    runs.create(tmp_path / "killed", run_config)
    command = [sys.executable, "-m", "nade_core", "train", "--out", str(tmp_path / "killed"), "--resume", "--json"]
    kills = 0
    for seen in (2, 25, 60):
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        for _ in range(seen):
            if not process.stdout.readline():
                break
        if process.poll() is None:
            os.kill(process.pid, signal.SIGKILL)
            kills += 1
        process.wait()
        process.stdout.close()
    assert kills >= 2
    assert subprocess.run(command, capture_output=True).returncode == 0
    assert same(weights(tmp_path / "whole"), weights(tmp_path / "killed"))
    ends = [
        [r["valid_nats"] for r in runs.read_log(tmp_path / name) if r["valid_nats"]] for name in ("whole", "killed")
    ]
    assert ends[0] == ends[1]


def test_a_stop_file_and_a_time_budget_end_a_run_that_can_go_on(people, tmp_path):
    run_config = config(people)
    finish(tmp_path / "whole", run_config)
    runs.create(tmp_path / "run", run_config)
    reports = runs.run(tmp_path / "run", CPU)
    next(reports)
    (tmp_path / "run/stop").touch()
    list(reports)
    assert runs.read_json(tmp_path / "run/status.json")["state"] == "stopped"
    list(runs.run(tmp_path / "run", CPU, time_budget=0))
    assert runs.read_json(tmp_path / "run/status.json")["state"] == "stopped"
    list(runs.run(tmp_path / "run", CPU))
    assert same(weights(tmp_path / "whole"), weights(tmp_path / "run"))


def test_a_loss_that_is_no_number_keeps_the_last_good_weights(people, tmp_path, monkeypatch):
    runs.create(tmp_path / "run", config(people))
    reports = runs.run(tmp_path / "run", CPU)
    while next(reports)["valid_nats"] is None:
        pass
    good = weights(tmp_path / "run")
    step = training._step
    monkeypatch.setattr(training, "_step", lambda *a: step(*a) * float("nan"))
    with pytest.raises(TrainingDiverged, match="smaller learning rate"):
        list(reports)
    status = runs.read_json(tmp_path / "run/status.json")
    assert status["state"] == "failed" and "smaller learning rate" in status["message"]
    assert same(good, weights(tmp_path / "run"))


def test_early_stopping_ends_when_validation_stops_gaining(people):
    data = read_data(people)
    train_config = TrainConfig(epochs=300, batch_size=20, learning_rate=3e-2, patience=3, average=0.0)
    from nade_core import NADEConfig

    state = TrainState.start("NADE", NADEConfig(24, 40), data, train_config, CPU)
    log = [step for step in train(state, Classroom(data), train_config) if step.valid_nats is not None]
    assert len(log) < 300 and state.epoch - state.best_epoch == 3


def test_the_command_trains_shows_progress_and_refuses_a_used_folder(people, tmp_path):
    command = [
        sys.executable,
        "-m",
        "nade_core",
        "train",
        "--data",
        str(people),
        "--out",
        str(tmp_path / "run"),
        "--hidden",
        "8",
        "--epochs",
        "2",
        "--ordering",
        "random",
    ]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0 and "valid" in done.stdout and "done" in done.stdout
    again = subprocess.run(command, capture_output=True, text=True)
    assert again.returncode == 2 and "--resume" in again.stderr and "Traceback" not in again.stderr
    lines = subprocess.run([*command, "--resume", "--json"], capture_output=True, text=True).stdout.splitlines()
    assert json.loads(lines[-1])["state"] == "done"


@pytest.mark.parametrize("name", ["last.json", "last-0-1-0.safetensors", "config.json"])
def test_a_damaged_run_says_so(people, tmp_path, name):
    finish(tmp_path / "run", config(people, epochs=1))
    (tmp_path / "run" / name).write_bytes(b"nonsense")
    with pytest.raises(ValueError, match="damaged|no run"):
        list(runs.run(tmp_path / "run", CPU))


def test_several_weight_decays_are_tried_in_turn_and_the_best_is_kept(people, tmp_path):
    run_config = replace(config(people, epochs=3, learning_rate=1e-2), weight_decays=(0.01, 20.0))
    log = finish(tmp_path / "whole", run_config)
    best = {trial: min(r["valid_nats"] for r in log if r["trial"] == trial and r["valid_nats"]) for trial in (0, 1)}
    card = read_card(tmp_path / "whole/model.safetensors")
    assert best[0] < best[1] and card.nats["valid"] == best[0] and card.header["train"]["weight_decay"] == 0.01
    runs.create(tmp_path / "parts", run_config)
    for _ in range(7):  # an epoch at a time: the run is resumed in both trials, and between them
        list(runs.run(tmp_path / "parts", CPU, time_budget=0))
    assert runs.read_json(tmp_path / "parts/status.json")["state"] == "done"
    assert same(weights(tmp_path / "whole"), weights(tmp_path / "parts"))
    assert [r["valid_nats"] for r in runs.read_log(tmp_path / "parts")] == [r["valid_nats"] for r in log]


def test_a_small_table_is_regularised_by_what_validates_best_unless_told(people, tmp_path):
    command = [sys.executable, "-m", "nade_core", "train", "--data", str(people), "--hidden", "4", "--epochs", "1"]
    subprocess.run([*command, "--out", str(tmp_path / "auto")], capture_output=True, check=True)
    subprocess.run(
        [*command, "--out", str(tmp_path / "told"), "--weight-decay", "0.2"], capture_output=True, check=True
    )
    assert runs.read_config(tmp_path / "auto").weight_decays == WEIGHT_DECAYS
    told = runs.read_config(tmp_path / "told")
    assert told.weight_decays == () and told.train.weight_decay == 0.2


@pytest.mark.parametrize("model", ["FVSBN", "MADE", "OrderAgnosticNADE", "BernoulliMixture", "ChowLiu"])
def test_every_kind_of_model_trains_resumes_and_beats_independence(people, tmp_path, model):
    sizes = {
        "MADE": {"hidden": 30, "masks": 2, "dropout": 0.1},
        "OrderAgnosticNADE": {"hidden": 30, "dropout": 0.1},
        "BernoulliMixture": {"components": 9},
    }
    train_config = recommended(model, 1080, CPU, epochs=1 if model == "ChowLiu" else 12, batch_size=20, average=0.9)
    train_config = replace(train_config, learning_rate=1e-2)
    run_config = runs.RunConfig(str(people), model, {"dims": 24, **sizes.get(model, {})}, train_config)
    log = finish(tmp_path / "whole", run_config)
    assert log[-1]["best_nats"] < 0.95 * 24 * np.log(2)
    runs.create(tmp_path / "parts", run_config)
    for _ in range(13):
        list(runs.run(tmp_path / "parts", CPU, time_budget=0))
    assert same(weights(tmp_path / "whole"), weights(tmp_path / "parts"))


def test_the_state_of_a_large_model_stands_in_parts_of_less_than_16_mib(people, tmp_path):
    model = {"dims": 24, "hidden": 1400, "masks": 1}
    run_config = runs.RunConfig(str(people), "MADE", model, TrainConfig(epochs=1, batch_size=600))
    finish(tmp_path / "run", run_config)
    parts = sorted((tmp_path / "run").glob("last-*"))
    assert len(parts) > 2 and all(path.stat().st_size < 16 << 20 for path in parts)
    assert list(runs.run(tmp_path / "run", CPU)) == []  # it is done, and its state loads


def test_a_run_goes_on_from_a_models_weights_and_resumes_to_the_same(people, tmp_path):
    log = finish(tmp_path / "first", config(people, epochs=5, learning_rate=1e-2))
    further = replace(config(people, epochs=3, learning_rate=1e-9), start=str(tmp_path / "first"))
    assert finish(tmp_path / "still", further)[-1]["valid_nats"] == pytest.approx(log[-1]["best_nats"], abs=1e-4)
    further = replace(config(people, epochs=10, learning_rate=1e-2, average=0.9), start=str(tmp_path / "first"))
    assert finish(tmp_path / "whole", further)[-1]["best_nats"] < log[-1]["best_nats"] - 0.05
    runs.create(tmp_path / "parts", further)
    for _ in range(11):
        list(runs.run(tmp_path / "parts", CPU, time_budget=0))
    assert same(weights(tmp_path / "whole"), weights(tmp_path / "parts"))
    headers = [read_card(tmp_path / name / "model.safetensors").header for name in ("first", "whole")]
    assert headers[1]["start"] == "first" and headers[1]["seconds"] > headers[0]["seconds"] > 0


def test_the_command_goes_on_with_a_model_as_it_is(people, tmp_path):
    base = [sys.executable, "-m", "nade_core", "train", "--data", str(people), "--epochs", "1"]
    subprocess.run([*base, "--hidden", "7", "--ordering", "random", "--out", str(tmp_path / "first")], check=True)
    start = [*base, "--start", str(tmp_path / "first"), "--out", str(tmp_path / "second")]
    refused = subprocess.run([*start, "--hidden", "9"], capture_output=True, text=True)
    assert refused.returncode == 2 and "as it is" in refused.stderr
    subprocess.run(start, check=True)
    first, second = (read_card(tmp_path / name / "model.safetensors") for name in ("first", "second"))
    assert second.header["config"] == first.header["config"] and second.header["config"]["hidden"] == 7
    orders = [load_model(card.path, "cpu").ordering for card in (first, second)]
    assert torch.equal(*orders) and second.header["ordering"] == "random"
    np.save(tmp_path / "narrow.npy", np.zeros((50, 5), np.uint8))
    wrong = subprocess.run(
        [*start, "--out", str(tmp_path / "third"), "--data", str(tmp_path / "narrow.npy")],
        capture_output=True,
        text=True,
    )
    assert wrong.returncode == 2 and "24 values" in wrong.stderr


def test_mixed_precision_is_for_devices_that_gain_by_it_unless_told(monkeypatch):
    for pays, precision in ((True, "bfloat16"), (False, "float32")):
        monkeypatch.setattr(training, "bfloat16_pays", lambda device, pays=pays: pays)
        assert recommended("PixelCNN", 1000, CPU).precision == precision
        assert recommended("PixelCNN", 1000, CPU, precision="bfloat16").precision == "bfloat16"
        assert recommended("NADE", 1000, CPU).precision == "float32"
    for name in ("avx512_bf16", "amx_bf16"):
        monkeypatch.setattr(torch.cpu, "get_capabilities", lambda name=name: {"avx2": True, name: True})
        assert devices.bfloat16_pays(CPU)
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"avx2": True, "avx512_bf16": False})
    assert not devices.bfloat16_pays(CPU)
