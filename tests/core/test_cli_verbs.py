"""Every verb but train, on good and bad input: what it prints and how it ends."""

import csv
import io
import json

import numpy as np
import pytest
import torch
from PIL import Image

from nade_core import images, load_pretrained, measures, read_card, save_model, scoring
from nade_core.cli import options
from nade_core.data import load_dataset


def test_models_lists_what_can_be_loaded(good):
    names = [card["name"] for card in json.loads(good("models", "--json"))]
    assert {"nade-mnist", "nade-animals"} <= set(names)
    listed = good("models")
    assert all(name in listed for name in names)


def test_models_names_a_file_that_is_left_out(nade, monkeypatch, tmp_path, make_nade):
    from nade_core import checkpoint

    save_model(make_nade(), tmp_path / "small.safetensors")
    (tmp_path / "bad.safetensors").write_bytes(b"nonsense")
    monkeypatch.setattr(checkpoint, "PRETRAINED", tmp_path)
    result = nade("models")
    assert result.code == 0 and result.out.startswith("small ")
    assert "bad.safetensors is left out" in result.err and "damaged" in result.err


def test_evaluate_gives_the_mean_of_the_library(good, tmp_path):
    rows = load_dataset("mnist").test[:200]
    np.savez(tmp_path / "packed.npz", test=np.packbits(rows, axis=1), other=rows[:10])
    result = json.loads(good("evaluate", "nade-mnist", tmp_path / "packed.npz", "--packed", "--json"))
    mean, error = measures.mean_and_standard_error(-scoring.log_probs(load_pretrained("nade-mnist", "cpu"), rows))
    assert result["n"] == 200 and abs(result["nats"] - mean) < 1e-3 and abs(result["standard_error"] - error) < 1e-3
    assert abs(result["bits_per_dim"] - mean / 784 / np.log(2)) < 1e-6 and result["images_per_second"] > 0
    assert json.loads(good("evaluate", "nade-mnist", tmp_path / "packed.npz", "--key", "other", "--json"))["n"] == 10
    assert "nats" in good("evaluate", "nade-mnist", tmp_path / "packed.npz", "--packed")


def test_evaluate_in_parts_is_evaluate_at_once(good, monkeypatch, tmp_path):
    rows = load_dataset("mnist").test[:25]
    np.save(tmp_path / "rows.npy", rows)
    whole = json.loads(good("evaluate", "independent-mnist", tmp_path / "rows.npy", "--json"))
    monkeypatch.setattr(scoring, "BATCH", 10)
    parts = json.loads(good("evaluate", "independent-mnist", tmp_path / "rows.npy", "--json"))
    assert parts["n"] == 25 and abs(parts["nats"] - whole["nats"]) < 1e-9


def test_long_steps_say_on_a_terminal_how_far_they_are_and_are_silent_elsewhere(nade, monkeypatch, tmp_path):
    np.save(tmp_path / "rows.npy", load_dataset("mnist").test[:5])
    command = ("evaluate", "independent-mnist", tmp_path / "rows.npy", "--json")
    assert nade(*command).err == ""
    shown = options.Status.__init__

    def on_a_terminal(status):
        shown(status)
        status.shown = True

    monkeypatch.setattr(options.Status, "__init__", on_a_terminal)
    result = nade(*command)
    assert "Preparing the kernels…" in result.err and "0 of 5 rows scored…" in result.err
    assert json.loads(result.out)["n"] == 5
    assert nade("evaluate", "nobody", tmp_path / "rows.npy").err.rpartition("\r")[2].startswith("nade: Unknown model")


@pytest.fixture
def pictures(tmp_path):
    data = load_dataset("mnist")
    for i in range(3):
        (tmp_path / f"{i}.png").write_bytes(images.to_png(data.test[i].reshape(28, 28), 4))
    (tmp_path / "broken.png").write_bytes(b"no picture")
    return tmp_path


def test_score_gives_log_p_of_each_picture(good, pictures):
    files = [pictures / f"{i}.png" for i in range(3)]
    rows = json.loads(good("score", "chow-liu-mnist", *files, "--json"))
    with torch.no_grad():
        expected = load_pretrained("chow-liu-mnist", "cpu").log_prob(load_dataset("mnist").test[:3])
    assert np.allclose([row["log_p"] for row in rows], expected.numpy(), atol=1e-3)
    assert all(0 <= row["percentile"] <= 100 for row in rows)
    listed = list(csv.DictReader(io.StringIO(good("score", "chow-liu-mnist", *files))))
    assert [row["file"] for row in listed] == list(map(str, files))


def test_score_names_the_bad_picture_and_still_scores_the_good_one(nade, pictures):
    result = nade("score", "independent-mnist", pictures / "0.png", pictures / "broken.png", "--json")
    assert result.code == 2 and len(json.loads(result.out)) == 1
    assert "broken.png" in result.err and result.err.count("\n") == 1


def test_own_pictures_are_not_compared_with_the_embedded_digits(good, pictures, tmp_path):
    np.savez(tmp_path / "mnist.npz", train=load_dataset("mnist").train[:30], valid=load_dataset("mnist").valid[:9])
    good("train", "--model", "Independent", "--data", tmp_path / "mnist.npz", "--out", tmp_path / "run")
    assert read_card(tmp_path / "run").embedded == "" and read_card(tmp_path / "run").data == "mnist"
    scored, reference = (
        json.loads(good("score", tmp_path / "run", pictures / "0.png", "--json"))[0],
        read_card(tmp_path / "run").valid_log_p,
    )
    assert len(reference) == 9 and scored["percentile"] == measures.percentile(scored["log_p"], reference)


def test_sample_draws_the_same_grid_for_the_same_seed(good, tmp_path):
    for name in ("a", "b"):
        good("sample", "nade-animals", "-n", 9, "--seed", 4, "--label", "dog", "--out", tmp_path / f"{name}.png")
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()
    assert Image.open(tmp_path / "a.png").size == (3 * 86 + 2, 3 * 86 + 2)
    log_p = json.loads(good("sample", "nade-mnist", "-n", 2, "--out", tmp_path / "c.png", "--json"))["log_p"]
    assert len(log_p) == 2 and all(value < 0 for value in log_p)


def test_bad_input_is_one_sentence_and_exit_status_2(refused, tmp_path):
    np.save(tmp_path / "wide.npy", np.zeros((3, 10), np.uint8))
    np.save(tmp_path / "values.npy", np.full((3, 784), 0.5))
    (tmp_path / "damaged.safetensors").write_bytes(b"nonsense")
    assert "Unknown model 'nobody'" in refused("evaluate", "nobody", "mnist")
    assert "nade-mnist" in refused("evaluate", "nobody", "mnist")
    assert "no file" in refused("evaluate", "nade-mnist", tmp_path / "none.npz")
    assert "784 values" in refused("evaluate", "nade-mnist", tmp_path / "wide.npy")
    assert "0.5" in refused("evaluate", "nade-mnist", tmp_path / "values.npy")
    assert "damaged" in refused("evaluate", tmp_path / "damaged.safetensors", "mnist")
    assert "--limit" in refused("evaluate", "nade-mnist", "mnist", "--limit", 0)
    assert "--orderings" in refused("evaluate", "nade-mnist", "mnist", "--orderings", 0)
    assert "classes are bear" in refused("sample", "nade-animals", "--label", "wolf", "--out", tmp_path / "x.png")
    assert "no classes" in refused("sample", "nade-mnist", "--label", "dog", "--out", tmp_path / "x.png")
    assert "1 to 10000" in refused("sample", "nade-mnist", "-n", 0, "--out", tmp_path / "x.png")
    assert "temperature" in refused("sample", "nade-mnist", "--temperature", 0, "--out", tmp_path / "x.png")
    assert "28 x 28" in refused("sample", "rnade-dog", "--out", tmp_path / "x.png")
    assert "only a test part" in refused("train", "--data", "fashion", "--out", tmp_path / "run")
    taught = ("train", "--out", tmp_path / "run", "--teacher", "pixelcnn-mnist")
    assert "by gradients" in refused(*taught, "--model", "ChowLiu") and "labels" in refused(*taught, "--classes")
    assert "ordering" in refused(*taught, "--ordering", "spiral")
    assert "784 binary values" in refused(*taught, "--data", tmp_path / "wide.npy")
    assert "learning_rate" in refused("train", "--lr", 0, "--out", tmp_path / "run")
    assert "toaster" in refused("evaluate", "nade-mnist", "mnist", "--device", "toaster")
    assert not (tmp_path / "x.png").exists() and not (tmp_path / "run").exists()


def test_evaluate_averages_orderings_of_a_bit_packed_file(good, tmp_path):
    rows = load_dataset("mnist").test[:20]
    np.savez(tmp_path / "packed.npz", test=np.packbits(rows, axis=1))
    done = good(
        "evaluate", "pixelcnn-mnist", tmp_path / "packed.npz", "--packed", "--orderings", 8, "--json", "--limit", 12
    )
    result = json.loads(done)
    expected = -scoring.ensemble_log_probs(load_pretrained("pixelcnn-mnist", "cpu"), rows[:12], 8).mean()
    assert (result["n"], result["orderings"]) == (12, 8) and abs(result["nats"] - expected) < 1e-3


def test_evaluate_judges_the_classifier_that_bayes_rule_makes(good):
    done = good("evaluate", "nade-animals", "animals", "--limit", 50, "--json")
    assert 0.3 < json.loads(done)["classifier"]["accuracy"] <= 1
    assert "by Bayes' rule" in good("evaluate", "nade-animals", "animals", "--limit", 20)
