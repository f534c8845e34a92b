"""The one builder of a run: the same wish is the same run, and what cannot be trained is refused in words."""

from dataclasses import asdict, fields, replace

import numpy as np
import pytest
import torch

from nade_core import devices, load_model, read_card, runs, training
from nade_core.cli import main
from nade_core.messages import NadeError
from nade_core.models import MODELS
from nade_core.queue import Queue
from nade_core.training import WEIGHT_DECAYS, TrainConfig, recommended

from .small_runs import CPU, config, finish, same, weights


def test_a_small_table_is_regularised_by_what_validates_best_and_seen_often_unless_told(people):
    auto = runs.plan(runs.Request(str(people)), CPU)
    assert auto.weight_decays == WEIGHT_DECAYS and auto.train.epochs == 10_000 // 11 and auto.train.patience > 100
    told = runs.plan(runs.Request(str(people), train_options={"weight_decay": 0.2, "epochs": 3}), CPU)
    assert told.weight_decays == () and (told.train.weight_decay, told.train.epochs) == (0.2, 3)


def test_a_table_of_real_values_has_a_model_of_its_own_and_sizes_that_suit_it(people, tmp_path):
    np.save(tmp_path / "real.npy", np.random.default_rng(0).normal(size=(50, 5)))
    plans = [
        runs.plan(runs.Request(data, ""), CPU) for data in (str(tmp_path / "real.npy"), str(people), "rings", "cat")
    ]
    assert [plan.model for plan in plans] == ["RNADE", "NADE", "RNADE", "CategoricalNADE"]
    assert plans[0].sizes.gaussians > 0 and plans[2].sizes.gaussians == 0  # none beside 10,000 points
    told = runs.plan(runs.Request(str(tmp_path / "real.npy"), "RNADE", {"gaussians": 0, "hidden": 7}), CPU)
    assert (told.sizes.gaussians, told.sizes.hidden) == (0, 7)


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


@pytest.mark.parametrize("name, reading", [("train", {"packed": True}), ("train_packed", {})])
def test_packed_bits_are_learned_by_a_model_of_bits(tmp_path, name, reading):
    rows = np.random.default_rng(0).integers(0, 256, (40, 3)).astype(np.uint8)
    np.savez(tmp_path / "bits.npz", **{name: rows})
    planned = runs.plan(runs.Request(str(tmp_path / "bits.npz"), "", reading=reading), CPU)
    assert planned.model == "NADE" and planned.model_config["dims"] == 24
