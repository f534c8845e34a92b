"""Models on disk: they come back equal, they say what they are, and damage is told in a sentence."""

import json
import sys
import time

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from nade_core import (
    checkpoint,
    headers,
    list_models,
    load_model,
    load_pretrained,
    model_faults,
    orderings,
    read_card,
    runs,
    save_model,
    scoring,
)
from nade_core.data import SOURCES, load_dataset
from nade_core.messages import NadeError
from nade_core.models import MODELS


@pytest.mark.parametrize("classes", [0, 3])
def test_a_saved_model_reloads_to_equal_log_prob(make_nade, tmp_path, classes):
    model = make_nade(12, 7, "relu", classes, orderings.spiral(3, 4), torch.float32)
    path = save_model(model, tmp_path / "m.safetensors", title="small", shape=(3, 4), nats={"test": 1.5})
    x = (torch.rand(9, 12) < 0.5).float()
    with torch.no_grad():
        assert torch.equal(load_model(path, "cpu").log_prob(x), model.log_prob(x))
    card = read_card(path)
    assert (card.title, card.shape, card.nats["test"]) == ("small", (3, 4), 1.5)
    assert card.parameters == sum(p.numel() for p in model.parameters())


def damage(kind, path, model):
    content = path.read_bytes()
    if kind == "truncated":
        path.write_bytes(content[: len(content) // 2])
    elif kind == "foreign":
        save_file({"a": torch.zeros(1)}, path)
    elif kind == "newer":
        save_file(model.state_dict(), path, metadata={"nade": json.dumps({"format_version": 99, "model": "NADE"})})
    elif kind == "misfit":
        header = {"format_version": 1, "model": "NADE", "config": {"dims": 5, "hidden": 3}, "parameters": 38}
        save_file(model.state_dict(), path, metadata={"nade": json.dumps(header)})
    elif kind == "missing":
        path.unlink()


@pytest.mark.parametrize(
    ("kind", "sentence"),
    [
        ("truncated", "damaged"),
        ("foreign", "not a NADE Lab model"),
        ("newer", "Update"),
        ("misfit", "do not fit"),
        ("missing", "Unknown model"),
    ],
)
def test_damage_is_a_sentence(make_nade, tmp_path, kind, sentence):
    model = make_nade()
    path = save_model(model, tmp_path / "m.safetensors")
    damage(kind, path, model)
    with pytest.raises(ValueError, match=sentence):
        load_model(path)


def test_a_write_that_fails_leaves_the_old_file(make_nade, tmp_path):
    path = save_model(make_nade(), tmp_path / "m.safetensors", title="old")
    with pytest.raises(TypeError):
        save_model(make_nade(), path, title=object())
    assert read_card(path).title == "old" and len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize("card", list_models(), ids=lambda card: card.name)
def test_every_pretrained_file_reproduces_the_nats_in_its_header(card):
    model = load_pretrained(card.name, "cpu")
    test, check = load_dataset(card.embedded, card.values).test, card.header["check"]
    assert set(card.nats) == {"valid", "test"} and card.path.stat().st_size < 16 << 20
    assert abs(-scoring.log_probs(model, test[: check["n"]]).mean() - check["nats"]) < 1e-3


def test_the_digits_reach_their_goal_and_animals_are_told_apart():
    cards = {card.name: card for card in list_models()}
    assert cards["nade-mnist"].header["trained_nats"]["valid"] <= 88.7
    data, model = load_dataset("animals"), load_pretrained("nade-animals", "cpu")
    guesses = model.class_log_prob(data.test).argmax(1).numpy()
    assert (guesses == data.test_labels).mean() > 0.5  # ten classes: chance is 0.1


def test_the_lectures_dogs_are_of_the_better_model_and_it_tells_them_apart():
    ours, nade = (next(c for c in list_models() if c.name == name) for name in ("pixelcnn-animals", "nade-animals"))
    assert ours.nats["test"] <= 85 < nade.nats["test"]
    assert ours.header["classifier"]["accuracy"] > nade.header["classifier"]["accuracy"]
    data, model = load_dataset("animals"), load_pretrained("pixelcnn-animals", "cpu")
    guesses = model.class_log_prob(data.test[::48]).argmax(1).numpy()
    assert (guesses == data.test_labels[::48]).mean() > 0.85


def test_unknown_names_and_devices_are_named():
    with pytest.raises(ValueError, match="nade-animals"):
        load_pretrained("nobody")
    with pytest.raises(ValueError, match="toaster"):
        load_pretrained("nade-mnist", device="toaster")


def write(path, header, tensors=None):
    """A model file with that header, as it is: a dict becomes JSON, a string is taken literally."""
    text = header if isinstance(header, str) else json.dumps(header)
    save_file(tensors or {"a": torch.zeros(1)}, path, metadata={"nade": text})
    return path


SMALL = {"dims": 6, "hidden": 5, "activation": "sigmoid", "classes": 0}
GOOD = {"format_version": 2, "model": "NADE", "config": SMALL, "parameters": 71, "embedded": "", "nats": {"valid": 3.5}}
BAD = {
    "no parameters": ({k: v for k, v in GOOD.items() if k != "parameters"}, "parameters"),
    "parameters in words": ({**GOOD, "parameters": "many"}, "parameters"),
    "no config": ({k: v for k, v in GOOD.items() if k != "config"}, "config"),
    "a list for config": ({**GOOD, "config": [6, 5]}, "config"),
    "an unknown field": ({**GOOD, "config": {**SMALL, "depth": 3}}, "depth"),
    "a width in words": ({**GOOD, "config": {**SMALL, "hidden": "5"}}, "hidden"),
    "a width with a point": ({**GOOD, "config": {**SMALL, "hidden": 2e7}}, "hidden"),
    "a width that is true": ({**GOOD, "config": {**SMALL, "hidden": True}}, "hidden"),
    "no width": ({**GOOD, "config": {**SMALL, "hidden": 0}}, "at least 1"),
    "classes: 5": ({**GOOD, "classes": 5}, "classes"),
    "classes that are numbers": ({**GOOD, "classes": [1, 2]}, "classes"),
    "classes that the model has not": ({**GOOD, "classes": ["cat", "dog"]}, "classes"),
    "shape: 28": ({**GOOD, "shape": 28}, "shape"),
    "another shape": ({**GOOD, "shape": [28, 28]}, "shape"),
    "nats: 5": ({**GOOD, "nats": 5}, "nats"),
    "nats beyond any number": ({**GOOD, "nats": {"test": 10**400}}, "nats"),
    "nats that are none": (
        '{"nats": {"test": NaN}, ' + json.dumps(GOOD)[1:-1].replace('"nats"', '"other"') + "}",
        "nats",
    ),
    "half a character in a title": ({**GOOD, "title": "a\ud800b"}, "title"),
    "half a character in a class": ({**GOOD, "classes": ["\udfff"]}, "classes"),
    "nats in words": ({**GOOD, "nats": {"test": "good"}}, "nats"),
    "a title that is a number": ({**GOOD, "title": 5}, "title"),
    "data that are a list": ({**GOOD, "data": ["mnist"]}, "data"),
    "embedded that is true": ({**GOOD, "embedded": True}, "embedded"),
    "a model that is a number": ({**GOOD, "model": 7}, "model"),
    "an unknown model": ({**GOOD, "model": "Oracle"}, "Oracle"),
    "no version": ({k: v for k, v in GOOD.items() if k != "format_version"}, "version None"),
    "a list": ([], "no readable header"),
    "a number": (5, "no readable header"),
    "nested": ("[" * 5000 + "]" * 5000, "no readable header"),
    "nested fields": ('{"format_version":' * 5000 + "1" + "}" * 5000, "no readable header"),
    "no json": ("{", "no readable header"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_header_is_a_sentence_and_kills_no_listing(make_nade, tmp_path, name):
    header, word = BAD[name]
    path = tmp_path / "bad" / "model.safetensors"
    path.parent.mkdir()
    write(path, header)
    save_model(make_nade(), tmp_path / "good" / "model.safetensors")
    for ask in (read_card, load_model, headers.read_header):
        with pytest.raises(NadeError, match=word) as error:
            ask(path)
        assert str(path) in str(error.value)
    assert [card.name for card in list_models((tmp_path,))][-1] == "good"
    ((where, fault),) = model_faults((tmp_path,))
    assert where == path and word in str(fault)


def test_metadata_that_is_a_list_is_a_sentence(tmp_path):
    header = b'{"__metadata__":[],"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}'
    (tmp_path / "m.safetensors").write_bytes(len(header).to_bytes(8, "little") + header + bytes(4))
    with pytest.raises(NadeError, match="no readable header"):
        load_model(tmp_path / "m.safetensors")


HUGE = {
    "NADE": {"hidden": 20_000_000},
    "MADE": {"dims": 200_000},
    "OrderAgnosticNADE": {"layers": 1_000_000},
    "BernoulliMixture": {"components": 20_000_000},
    "FVSBN": {"orderings": 1_000_000},
    "JointTable": {"dims": 20},
    "MarkovChain": {"dims": 1_000_000, "order": 16},
    "CategoricalNADE": {"levels": 100_000_000},
    "PixelCNN": {"layers": 10_000_000},
    "RNADE": {"components": 100_000_000},
    "OrderAgnosticRNADE": {"gaussians": 100_000_000},
    "ChowLiu": {"dims": 2_000_000_000},
    "Independent": {"dims": 2_000_000_000},
}


def peak_kilobytes():
    """The most memory that this process has had; 0 where the system does not tell."""
    if sys.platform != "linux":
        return 0
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


@pytest.mark.parametrize("name", MODELS)
def test_a_header_that_asks_for_more_than_the_file_holds_takes_no_memory(tmp_path, name):
    model_class, config_class = MODELS[name]
    model = model_class(config_class(dims=4))
    save_model(model, tmp_path / "m.safetensors")
    header = headers.read_header(tmp_path / "m.safetensors")
    header["config"].update(HUGE[name])
    path = write(tmp_path / "huge.safetensors", header, model.state_dict())
    before, start = peak_kilobytes(), time.process_time()
    with pytest.raises(NadeError, match="do not fit its header"):
        load_model(path)
    assert peak_kilobytes() - before < 100 << 10 and time.process_time() - start < 5  # seconds


@pytest.mark.parametrize("name", MODELS)
def test_a_small_model_of_every_kind_reloads(tmp_path, name):
    model_class, config_class = MODELS[name]
    model = model_class(config_class(dims=4))
    again = load_model(save_model(model, tmp_path / "m.safetensors"), "cpu")
    assert all(torch.equal(value, model.state_dict()[key]) for key, value in again.state_dict().items())
    card = read_card(tmp_path / "m.safetensors")
    assert (card.values, card.dims, card.embedded) == (model_class.values, 4, "")


def test_a_run_folder_a_file_and_a_name_are_found_by_all_that_load(make_nade, tmp_path):
    model = make_nade(dtype=torch.float32)
    path = save_model(model, tmp_path / "run" / "model.safetensors")
    for ask in (load_model, load_pretrained):
        for name in (tmp_path / "run", str(tmp_path / "run"), path):
            assert torch.equal(ask(name, "cpu").W, model.W)
        assert ask("independent-mnist", "cpu").config.dims == 784
    assert read_card(tmp_path / "run").name == "run" and read_card("independent-mnist").embedded == "mnist"
    (tmp_path / "new").mkdir()
    (tmp_path / "new/config.json").write_text("{}")
    with pytest.raises(NadeError, match="no model yet"):
        load_model(tmp_path / "new")


def test_format_1_is_read_and_its_data_are_known_by_content(tmp_path):
    old = {k: v for k, v in GOOD.items() if k != "embedded"} | {"format_version": 1, "data": "mnist"}
    for told, embedded in ((SOURCES["mnist"].values["binary"], "mnist"), ("binary as given", ""), (None, "")):
        card = read_card(write(tmp_path / "m.safetensors", {**old, "binarisation": told}))
        assert (card.embedded, card.header["format_version"], card.data) == (embedded, headers.FORMAT_VERSION, "mnist")
    assert all(card.embedded == card.data for card in list_models())


def test_a_table_called_cat_is_no_photo(tmp_path):
    np.savetxt(tmp_path / "cat.csv", np.random.default_rng(0).normal(size=(40, 5)), delimiter=",")
    request = runs.Request(
        str(tmp_path / "cat.csv"), "RNADE", {"hidden": 3, "components": 2}, {"epochs": 1, "weight_decay": 0.1}
    )
    runs.create(tmp_path / "run", runs.plan(request, torch.device("cpu")))
    list(runs.run(tmp_path / "run", torch.device("cpu")))
    card = read_card(tmp_path / "run")
    assert (card.data, card.embedded, card.values, card.dims) == ("cat", "", "real", 5)


def test_an_unknown_source_of_a_newer_version_is_no_fault(tmp_path):
    assert read_card(write(tmp_path / "m.safetensors", {**GOOD, "embedded": "letters"})).embedded == ""


def test_the_first_model_is_the_quick_one_and_digits_come_before_other_data():
    cards = list_models()
    assert cards[0].name == checkpoint.DEFAULT and not model_faults()
    places = [(list(SOURCES).index(card.embedded) if card.shape else len(SOURCES)) for card in cards[1:]]
    assert places == sorted(places)


def test_a_listing_follows_a_file_that_changes_and_one_that_goes(make_nade, tmp_path):
    path = tmp_path / "mine" / "model.safetensors"
    path.parent.mkdir()
    for title in ("first", "second, longer"):
        save_model(make_nade(), path, title=title)
        assert [card.title for card in list_models((tmp_path,))][-1] == title == read_card(path).title
    path.unlink()
    assert "mine" not in [card.name for card in list_models((tmp_path,))]
    with pytest.raises(NadeError, match="Unknown model"):
        read_card(path)
