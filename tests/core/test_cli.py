"""Every verb, on good and bad input, as a process: what it prints and how it exits."""

import csv
import io
import json
import subprocess
import sys

import numpy as np
import pytest
import torch
from PIL import Image

from nade_core import images, load_pretrained, measures, scoring
from nade_core.data import load_dataset


def nade(*arguments):
    return subprocess.run([sys.executable, "-m", "nade_core", *map(str, arguments)], capture_output=True, text=True)


def good(*arguments):
    result = nade(*arguments)
    assert result.returncode == 0, result.stderr
    return result.stdout


def refused(*arguments):
    """The one line on stderr of a command that exits with 2 and prints no traceback."""
    result = nade(*arguments)
    assert result.returncode == 2, result.stdout + result.stderr
    line = result.stderr.strip()
    assert "Traceback" not in line and line.count("\n") == 0 and line.startswith("nade: ")
    return line


@pytest.fixture
def pictures(tmp_path):
    data = load_dataset("mnist")
    for i in range(3):
        (tmp_path / f"{i}.png").write_bytes(images.to_png(data.test[i].reshape(28, 28), 4))
    (tmp_path / "broken.png").write_bytes(b"no picture")
    return tmp_path


@pytest.mark.parametrize("verb", ["models", "evaluate", "score", "sample", "train"])
def test_help_shows_an_example(verb):
    assert f"example: nade {verb}" in good(verb, "--help")


def test_models_lists_what_can_be_loaded():
    names = [card["name"] for card in json.loads(good("models", "--json"))]
    assert {"nade-mnist", "nade-animals"} <= set(names)
    listed = good("models")
    assert all(name in listed for name in names)


def test_evaluate_gives_the_mean_of_the_library(tmp_path):
    rows = load_dataset("mnist").test[:200]
    np.savez(tmp_path / "packed.npz", test=np.packbits(rows, axis=1), other=rows[:10])
    result = json.loads(good("evaluate", "nade-mnist", tmp_path / "packed.npz", "--json"))
    mean, error = measures.mean_and_standard_error(-scoring.log_probs(load_pretrained("nade-mnist", "cpu"), rows))
    assert result["n"] == 200 and abs(result["nats"] - mean) < 1e-3 and abs(result["standard_error"] - error) < 1e-3
    assert abs(result["bits_per_dim"] - mean / 784 / np.log(2)) < 1e-6 and result["images_per_second"] > 0
    assert json.loads(good("evaluate", "nade-mnist", tmp_path / "packed.npz", "--key", "other", "--json"))["n"] == 10
    assert "nats" in good("evaluate", "nade-mnist", tmp_path / "packed.npz")


def test_score_gives_log_p_of_each_picture(pictures):
    files = [pictures / f"{i}.png" for i in range(3)]
    rows = json.loads(good("score", "nade-mnist", *files, "--json"))
    with torch.no_grad():
        expected = load_pretrained("nade-mnist", "cpu").log_prob(load_dataset("mnist").test[:3])
    assert np.allclose([row["log_p"] for row in rows], expected.numpy(), atol=1e-3)
    assert all(0 <= row["percentile"] <= 100 for row in rows)
    table = list(csv.DictReader(io.StringIO(good("score", "nade-mnist", *files))))
    assert [row["file"] for row in table] == list(map(str, files))


def test_score_names_the_bad_picture_and_still_scores_the_good_one(pictures):
    result = nade("score", "nade-mnist", pictures / "0.png", pictures / "broken.png", "--json")
    assert result.returncode == 2 and len(json.loads(result.stdout)) == 1
    assert "broken.png" in result.stderr and "Traceback" not in result.stderr


def test_sample_draws_the_same_grid_for_the_same_seed(tmp_path):
    for name in ("a", "b"):
        good("sample", "nade-animals", "-n", 9, "--seed", 4, "--label", "dog", "--out", tmp_path / f"{name}.png")
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()
    assert Image.open(tmp_path / "a.png").size == (3 * 86 + 2, 3 * 86 + 2)
    log_p = json.loads(good("sample", "nade-mnist", "-n", 2, "--out", tmp_path / "c.png", "--json"))["log_p"]
    assert len(log_p) == 2 and all(value < 0 for value in log_p)


def test_bad_input_is_one_sentence_and_exit_status_2(tmp_path):
    np.save(tmp_path / "wide.npy", np.zeros((3, 10), np.uint8))
    np.save(tmp_path / "values.npy", np.full((3, 784), 0.5))
    (tmp_path / "damaged.safetensors").write_bytes(b"nonsense")
    assert "Unknown model 'nobody'" in refused("evaluate", "nobody", "mnist")
    assert "nade-mnist" in refused("evaluate", "nobody", "mnist")
    assert "no file" in refused("evaluate", "nade-mnist", tmp_path / "none.npz")
    assert "784 values" in refused("evaluate", "nade-mnist", tmp_path / "wide.npy")
    assert "0.5" in refused("evaluate", "nade-mnist", tmp_path / "values.npy")
    assert "damaged" in refused("evaluate", tmp_path / "damaged.safetensors", "mnist")
    assert "classes are bear" in refused("sample", "nade-animals", "--label", "wolf", "--out", tmp_path / "x.png")
    assert "no classes" in refused("sample", "nade-mnist", "--label", "dog", "--out", tmp_path / "x.png")
    assert "1 to 10000" in refused("sample", "nade-mnist", "-n", 0, "--out", tmp_path / "x.png")
    assert "temperature" in refused("sample", "nade-mnist", "--temperature", 0, "--out", tmp_path / "x.png")
    assert "only a test part" in refused("train", "--data", "fashion", "--out", tmp_path / "run")
    taught = ("train", "--out", tmp_path / "run", "--teacher", "pixelcnn-mnist")
    assert "by gradients" in refused(*taught, "--model", "ChowLiu") and "labels" in refused(*taught, "--classes")
    assert "--ordering" in refused(*taught, "--ordering", "spiral")
    assert "784 binary values" in refused(*taught, "--data", tmp_path / "wide.npy")
    assert "learning_rate" in refused("train", "--lr", 0, "--out", tmp_path / "run")
    assert "no device" not in refused("evaluate", "nade-mnist", "mnist", "--device", "toaster")
    assert not (tmp_path / "x.png").exists() and not (tmp_path / "run").exists()


def test_evaluate_averages_orderings_of_a_bit_packed_file(tmp_path):
    rows = load_dataset("mnist").test[:40]
    np.savez(tmp_path / "packed.npz", test=np.packbits(rows, axis=1))
    done = good(
        "evaluate", "pixelcnn-mnist", str(tmp_path / "packed.npz"), "--orderings", "128", "--limit", "30", "--json"
    )
    result = json.loads(done)
    model = load_pretrained("pixelcnn-mnist", "cpu")
    expected = -scoring.ensemble_log_probs(model, rows[:30], 8).mean()
    assert (result["n"], result["orderings"]) == (30, 8) and abs(result["nats"] - expected) < 1e-3


def test_evaluate_judges_the_classifier_that_bayes_rule_makes():
    done = good("evaluate", "nade-animals", "animals", "--limit", "50", "--json")
    assert 0.3 < json.loads(done)["classifier"]["accuracy"] <= 1
