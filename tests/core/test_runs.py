"""Training: it learns, it resumes after kill -9 with the same weights, and it survives a loss that is no number."""

import json
import os
import signal
import subprocess
import sys
from dataclasses import asdict, fields, replace

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from nade_core import devices, load_model, read_card, runs, training
from nade_core.cli import main
from nade_core.data.reading import read_data
from nade_core.distillation import Classroom
from nade_core.messages import NadeError
from nade_core.models import MODELS
from nade_core.queue import Queue
from nade_core.runs import runner
from nade_core.training import WEIGHT_DECAYS, TrainConfig, TrainingDiverged, TrainState, loop, recommended, train

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
    run_config = config(people, epochs=20)
    finish(tmp_path / "whole", run_config)
    runs.create(tmp_path / "killed", run_config)
    command = [sys.executable, "-m", "nade_core", "train", "--out", str(tmp_path / "killed"), "--resume", "--json"]
    kills = 0
    for seen in (2, 12):
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


def test_a_small_table_is_regularised_by_what_validates_best_and_seen_often_unless_told(people):
    auto = runs.plan(runs.Request(str(people)), CPU)
    assert auto.weight_decays == WEIGHT_DECAYS and auto.train.epochs == 10_000 // 11 and auto.train.patience > 100
    told = runs.plan(runs.Request(str(people), train_options={"weight_decay": 0.2, "epochs": 3}), CPU)
    assert told.weight_decays == () and (told.train.weight_decay, told.train.epochs) == (0.2, 3)


def test_the_command_and_the_app_ask_for_the_same_run(people, tmp_path, monkeypatch):
    monkeypatch.setattr(Queue, "_work", lambda self: None)
    command = ["train", "--data", str(people), "--out", str(tmp_path / "run"), "--hidden", "8", "--epochs", "3"]
    main([*command, "--time-budget", "0", "--device", "cpu"])
    asked = runs.Request("own", model_options={"hidden": 8}, train_options={"epochs": 3})
    run = Queue(tmp_path / "queue").submit(asked, [(people.name, people.read_bytes())], "cpu")
    list(runs.run(run.folder, CPU, time_budget=0))
    assert replace(run.config, data="", data_name="") == replace(runs.read_config(tmp_path / "run"), data="")
    headers = [read_card(folder / "model.safetensors").header for folder in (run.folder, tmp_path / "run")]
    assert headers[0]["data"] == headers[1]["data"] == "people"
    assert headers[0]["fingerprint"] == headers[1]["fingerprint"] and same(
        weights(run.folder), weights(tmp_path / "run")
    )


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


def test_a_run_goes_on_with_a_model_as_it_is(people, tmp_path):
    first = replace(config(people, epochs=1), ordering="random")
    finish(tmp_path / "first", first)
    asked = runs.Request(str(people), start=str(tmp_path / "first"), train_options={"epochs": 1, "weight_decay": 0.0})
    further = runs.plan(asked, CPU)
    assert further.model_config == first.model_config and further.ordering == "random"
    finish(tmp_path / "second", further)
    orders = [load_model(tmp_path / name / "model.safetensors", "cpu").ordering for name in ("first", "second")]
    assert torch.equal(*orders)
    for other in ({"model_options": {"hidden": 9}}, {"model": "MADE"}, {"ordering": "raster"}, {"classes": True}):
        with pytest.raises(NadeError, match="as it is"):
            runs.plan(replace(asked, **other), CPU)
    np.save(tmp_path / "narrow.npy", np.zeros((50, 5), np.uint8))
    with pytest.raises(NadeError, match="24 values"):
        runs.plan(replace(asked, data=str(tmp_path / "narrow.npy")), CPU)


@pytest.mark.parametrize(
    "wrong, said",
    [
        ({"model": "GAN"}, "no model named GAN"),
        ({"model_options": {"layers": 3}}, "has no layers"),
        ({"train_options": {"speed": 3}}, "named speed"),
        ({"train_options": {"epochs": 0}}, "epochs above 0"),
        ({"train_options": {"shift": 1}}, "must be images"),
        ({"train_options": {"flip": True}}, "must be images"),
        ({"ordering": "zigzag"}, "no ordering named zigzag"),
        ({"classes": True}, "labels"),
        ({"model": "ChowLiu", "teacher": "fvsbn-mnist"}, "by gradients"),
        ({"teacher": "fvsbn-mnist"}, "784 binary values"),
        ({"teacher": "fvsbn-mnist", "ordering": "spiral"}, "leave the ordering out"),
        ({"data": "nowhere.npy"}, "no file"),
    ],
)
def test_what_cannot_be_trained_is_refused_in_words_that_fit_a_page_too(people, wrong, said):
    with pytest.raises(ValueError, match=said) as error:
        runs.plan(runs.Request(**{"data": str(people), **wrong}), CPU)
    assert "--" not in str(error.value)


def test_a_teacher_is_judged_by_the_head_of_its_file_alone(people, tmp_path, monkeypatch):
    finish(tmp_path / "teacher", config(people, epochs=1))
    monkeypatch.setattr("nade_core.checkpoint.load_model", lambda *a: pytest.fail("the teacher was loaded"))
    asked = runs.Request(str(people), teacher=str(tmp_path / "teacher"))
    assert runs.plan(asked, CPU).teacher == str(tmp_path / "teacher")


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("several", [{}, {"masks": 1}, {"orderings": 2}, {"order_agnostic": True}])
def test_whether_a_model_has_one_ordering_is_known_without_building_it(name, several, monkeypatch):
    model_class, config_class = MODELS[name]
    sizes = {"hidden": 4, **several}
    known = {field.name for field in fields(config_class)}
    chosen = {k: v for k, v in sizes.items() if k in known}
    if name == "PixelCNN":
        chosen |= {"dims": 784}
    model_config = asdict(config_class(**{"dims": 4, **chosen}))
    one = len(model_class(config_class(**model_config)).orderings(2)) == 1
    monkeypatch.setattr(model_class, "__init__", lambda *a, **k: pytest.fail("a model was built"))
    assert runs.RunConfig("mnist", name, model_config, TrainConfig()).ordered == one


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


def test_mixed_precision_is_for_devices_that_gain_by_it_unless_told(monkeypatch):
    for pays, precision in ((True, "bfloat16"), (False, "float32")):
        monkeypatch.setattr(training.config, "bfloat16_pays", lambda device, pays=pays: pays)
        assert recommended("PixelCNN", 1000, CPU).precision == precision
        assert recommended("PixelCNN", 1000, CPU, precision="bfloat16").precision == "bfloat16"
        assert recommended("NADE", 1000, CPU).precision == "float32"
    for name in ("avx512_bf16", "amx_bf16"):
        monkeypatch.setattr(torch.cpu, "get_capabilities", lambda name=name: {"avx2": True, name: True})
        assert devices.bfloat16_pays(CPU)
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"avx2": True, "avx512_bf16": False})
    assert not devices.bfloat16_pays(CPU)
