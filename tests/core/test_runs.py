"""Training: it learns, it resumes after kill -9 with the same weights, and it survives a loss that is no number."""

import json
import os
import signal
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from nade_core import load_model, read_card, runs
from nade_core.cli import main
from nade_core.data.reading import read_data
from nade_core.distillation import Classroom
from nade_core.messages import NadeError
from nade_core.runs import runner
from nade_core.training import TrainConfig, TrainingDiverged, TrainState, loop, recommended, train

from .small_runs import CPU, config, finish, same, weights


def test_training_learns_the_structure(people, tmp_path):
    log = finish(tmp_path / "run", config(people, epochs=15, learning_rate=3e-2))
    independent = 24 * np.log(2)
    assert log[-1]["best_nats"] < 0.75 * independent
    model, data = load_model(tmp_path / "run/model.safetensors", "cpu"), read_data(people)
    mean = -model.log_prob(data.valid).double().mean().item()
    assert abs(mean - log[-1]["best_nats"]) < 1e-4
    assert runs.read_json(tmp_path / "run/status.json")["state"] == "done"


def test_a_run_killed_at_any_moment_resumes_to_the_same_weights(people, tmp_path):
    run_config = config(people, epochs=12)
    finish(tmp_path / "whole", run_config)
    runs.create(tmp_path / "killed", run_config)
    command = [sys.executable, "-m", "nade_core", "train", "--out", str(tmp_path / "killed"), "--resume", "--json"]
    kills = 0
    for seen in (2, 8):
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        for _ in range(seen):
            if not process.stdout.readline():
                break
        if process.poll() is None:
            os.kill(process.pid, signal.SIGKILL)
            kills += 1
        process.wait()
        process.stdout.close()
    assert kills == 2
    list(runs.run(tmp_path / "killed", CPU))
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
    step = loop._step
    monkeypatch.setattr(loop, "_step", lambda *a: step(*a) * float("nan"))
    with pytest.raises(TrainingDiverged, match="smaller learning rate"):
        list(reports)
    run = runs.look(tmp_path / "run")
    assert run.state == "failed" and "smaller learning rate" in str(run.error)
    assert same(good, weights(tmp_path / "run"))


def test_early_stopping_ends_when_validation_stops_gaining(people):
    data = read_data(people)
    train_config = TrainConfig(epochs=300, batch_size=20, learning_rate=3e-2, patience=3, average=0.0)
    from nade_core import NADEConfig

    state = TrainState.start("NADE", NADEConfig(24, 40), data, train_config, CPU)
    log = [step for step in train(state, Classroom(data), train_config) if step.valid_nats is not None]
    assert len(log) < 300 and state.epoch - state.best_epoch == 3


def test_the_command_trains_shows_progress_and_refuses_a_used_folder(people, tmp_path, capsys):
    command = ["train", "--data", str(people), "--out", str(tmp_path / "run"), "--hidden", "8", "--epochs", "2"]
    main([*command, "--weight-decay", "0.1", "--ordering", "random"])
    shown = capsys.readouterr()
    assert "valid" in shown.out + shown.err and "done" in shown.out + shown.err
    with pytest.raises(SystemExit) as refused:
        main(command)
    assert refused.value.code == 2 and "already holds a run" in capsys.readouterr().err
    main(["train", "--out", str(tmp_path / "run"), "--resume", "--json"])
    assert json.loads(capsys.readouterr().out.splitlines()[-1])["state"] == "done"


@pytest.mark.parametrize("name", ["last.json", "last-0-1-0.safetensors", "config.json"])
def test_a_damaged_run_says_so(people, tmp_path, name):
    runs.create(tmp_path / "run", config(people, epochs=2))
    list(runs.run(tmp_path / "run", CPU, time_budget=0))
    (tmp_path / "run" / name).write_bytes(b"nonsense")
    with pytest.raises(NadeError, match="damaged") as error:
        list(runs.run(tmp_path / "run", CPU))
    assert str(tmp_path / "run") in str(error.value)


def test_several_weight_decays_are_tried_in_turn_and_the_best_is_kept(people, tmp_path):
    run_config = replace(config(people, epochs=3, learning_rate=1e-2), weight_decays=(0.01, 20.0))
    log = finish(tmp_path / "whole", run_config)
    best = {trial: min(r["valid_nats"] for r in log if r["trial"] == trial and r["valid_nats"]) for trial in (0, 1)}
    card = read_card(tmp_path / "whole/model.safetensors")
    assert best[0] < best[1] and card.nats["valid"] == best[0] and card.header["train"]["weight_decay"] == 0.01
    runs.create(tmp_path / "parts", run_config)
    for _ in range(3):  # an epoch of each at a time
        list(runs.run(tmp_path / "parts", CPU, time_budget=0))
    assert runs.read_json(tmp_path / "parts/status.json")["state"] == "done"
    assert same(weights(tmp_path / "whole"), weights(tmp_path / "parts"))
    in_turn = sorted(runs.read_log(tmp_path / "parts"), key=lambda r: r["trial"])
    assert [r["valid_nats"] for r in in_turn] == [r["valid_nats"] for r in log]


@pytest.mark.parametrize("model", ["FVSBN", "MADE", "OrderAgnosticNADE", "BernoulliMixture", "ChowLiu"])
def test_every_kind_of_model_trains_resumes_and_beats_independence(people, tmp_path, model):
    sizes = {
        "MADE": {"hidden": 30, "masks": 2, "dropout": 0.1},
        "OrderAgnosticNADE": {"hidden": 30, "dropout": 0.1},
        "BernoulliMixture": {"components": 9},
    }
    train_config = recommended(model, 1080, CPU, epochs=1 if model == "ChowLiu" else 6, batch_size=20, average=0.9)
    train_config = replace(train_config, learning_rate=1e-2)
    run_config = runs.RunConfig(str(people), model, {"dims": 24, **sizes.get(model, {})}, train_config)
    log = finish(tmp_path / "whole", run_config)
    assert log[-1]["best_nats"] < 0.95 * 24 * np.log(2)
    runs.create(tmp_path / "parts", run_config)
    for _ in range(7):
        list(runs.run(tmp_path / "parts", CPU, time_budget=0))
    assert same(weights(tmp_path / "whole"), weights(tmp_path / "parts"))


def test_the_state_of_a_large_model_stands_in_parts_of_less_than_16_mib(people, tmp_path):
    model = {"dims": 24, "hidden": 1400, "masks": 1}
    run_config = runs.RunConfig(str(people), "MADE", model, TrainConfig(epochs=2, batch_size=600))
    runs.create(tmp_path / "run", run_config)
    list(runs.run(tmp_path / "run", CPU, time_budget=0))
    parts = sorted((tmp_path / "run").glob("last-*"))
    assert len(parts) > 2 and all(path.stat().st_size < 16 << 20 for path in parts)
    assert [r["epoch"] for r in runs.run(tmp_path / "run", CPU)] == [2]  # its state loads
    assert list(runs.run(tmp_path / "run", CPU)) == []  # it is done


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


def test_weight_decays_share_the_time_which_counts_from_the_callers_start(people, tmp_path, monkeypatch):
    clock, validate = [100.0], loop._validate

    def an_epoch_takes_a_second(*args):
        clock[0] += 1
        return (yield from validate(*args))

    monkeypatch.setattr(loop, "_validate", an_epoch_takes_a_second)
    monkeypatch.setattr(runner.time, "monotonic", lambda: clock[0])
    run_config = replace(config(people, epochs=50, average=0.0, patience=50), weight_decays=(0.03, 0.3, 1.0))
    for name, started, epochs in (("now", None, 3), ("before", 97.0, 2)):
        clock[0] = 100.0
        runs.create(tmp_path / name, run_config)
        log = list(runs.run(tmp_path / name, CPU, time_budget=8.5, started=started))
        assert [max(r["epoch"] for r in log if r["trial"] == trial) for trial in range(3)] == [epochs] * 3
        assert runs.look(tmp_path / name).state == "stopped"
        assert all(r["seconds_left"] <= 8.5 for r in log if r["seconds_left"] is not None)


def test_training_and_validation_nats_of_real_values_are_in_one_unit(tmp_path):
    rows = np.random.default_rng(0).normal(50, 1000, (2000, 3)).astype(np.float32)
    np.save(tmp_path / "wide.npy", rows)
    model = {"dims": 3, "hidden": 4, "layers": 1, "components": 2}
    how = TrainConfig(epochs=1, batch_size=200, learning_rate=1e-9, average=0.0)
    last = finish(tmp_path / "run", runs.RunConfig(str(tmp_path / "wide.npy"), "RNADE", model, how))[-1]
    assert abs(last["train_nats"] - last["valid_nats"]) < 1 < 3 * np.log(1000) < last["valid_nats"]


def test_a_model_says_by_content_what_it_was_trained_on(people, tmp_path):
    (tmp_path / "mnist.npy").write_bytes(people.read_bytes())
    finish(tmp_path / "file", replace(config(people, epochs=1), data=str(tmp_path / "mnist.npy")))
    small = {"dims": 2, "hidden": 4, "layers": 1, "components": 2}
    for seed in (0, 1):
        how = TrainConfig(epochs=1, batch_size=1000, seed=seed)
        finish(tmp_path / f"rings-{seed}", runs.RunConfig("rings", "RNADE", small, how))
    file, *rings = (read_card(tmp_path / name / "model.safetensors").header for name in ("file", "rings-0", "rings-1"))
    assert (file["data"], file["embedded"]) == ("mnist", "") and [r["embedded"] for r in rings] == ["rings"] * 2
    assert file["fingerprint"] == runner.fingerprint(read_data(people).train) != rings[0]["fingerprint"]
    assert rings[0]["fingerprint"] == rings[1]["fingerprint"]
    assert len({runner.fingerprint(np.zeros(shape, np.uint8)) for shape in ((2, 6), (3, 4), (4, 3))}) == 3


def test_a_run_of_an_older_version_goes_on(people, tmp_path):
    """Version 1: no version in config.json, and last.json with the training under way alone."""
    run_config = replace(config(people, epochs=3), weight_decays=(0.01, 20.0))
    finish(tmp_path / "whole", run_config)
    folder = runs.create(tmp_path / "old", run_config)
    for report in (reports := runs.run(folder, CPU)):
        if (report["trial"], report["epoch"], report["valid_nats"] is not None) == (1, 1, True):
            reports.close()
    values, last = runs.read_json(folder / "config.json"), runs.read_json(folder / "last.json")
    for name in ("version", "created", "data_name", "teacher", "start", "key"):
        del values[name]
    for name in ("shift", "flip", "precision"):
        del values["train"][name]
    runs.write_json(folder / "config.json", values)
    parts = last["trials"]["1"].pop("parts")
    progress = {"trial": 1, "seconds": last["seconds"], "best_nats": last["best_nats"]}
    runs.write_json(folder / "last.json", {"state": last["trials"]["1"], "progress": progress, "parts": parts})
    runs.write_json(folder / "status.json", {"state": "stopped", "message": "in its own words", "pid": 7})
    assert str(runs.look(folder).error) == "in its own words"
    list(runs.run(folder, CPU))
    assert runs.look(folder).state == "done" and same(weights(tmp_path / "whole"), weights(folder))
