"""Models on disk: they come back equal, they say what they are, and damage is told in a sentence."""

import json

import pytest
import torch
from safetensors.torch import save_file

from nade_core import list_models, load_model, load_pretrained, orderings, read_card, save_model
from nade_core.data import load_dataset
from nade_core.data.reading import read_data
from nade_core.scoring import mean_nats


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
        header = {"format_version": 1, "model": "NADE", "config": {"dims": 5, "hidden": 3}}
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
        ("missing", "no model file"),
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
    test, check = read_data(card.data, values=model.values).test, card.header["check"]
    assert set(card.nats) == {"valid", "test"} and card.path.stat().st_size < 16 << 20
    assert abs(mean_nats(model, test[: check["n"]]) - check["nats"]) < 1e-3


def test_the_digits_reach_their_goal_and_animals_are_told_apart():
    cards = {card.name: card for card in list_models()}
    assert cards["nade-mnist"].header["trained_nats"]["valid"] <= 88.7
    data, model = load_dataset("animals"), load_pretrained("nade-animals", "cpu")
    guesses = model.class_log_prob(data.test).argmax(1).numpy()
    assert (guesses == data.test_labels).mean() > 0.5  # ten classes: chance is 0.1


def test_unknown_names_and_devices_are_named():
    with pytest.raises(ValueError, match="nade-animals"):
        load_pretrained("nobody")
    with pytest.raises(ValueError, match="toaster"):
        load_pretrained("nade-mnist", device="toaster")
