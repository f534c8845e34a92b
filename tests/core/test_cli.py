"""Every verb, on good and bad input: what it prints and how it ends. Most in this process, which is quick."""

import csv
import io
import json
import os
import re
import signal
import subprocess
import sys
from dataclasses import fields
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from PIL import Image

import nade_core
from nade_core import headers, images, load_pretrained, measures, read_card, runs, save_model, scoring
from nade_core.cli import VERBS, main, options
from nade_core.cli.fields import SET_BY_DATA, model_options, train_defaults
from nade_core.data import SOURCES, load_dataset
from nade_core.data.filetypes import suffixes
from nade_core.models import MODELS
from nade_core.orderings import ORDERINGS
from nade_core.training import TrainConfig

ROOT = headers.HERE.parent


@pytest.fixture
def nade(capsys):
    """nade(verb, ...): the exit status, stdout and stderr of the command."""

    def run(*arguments):
        capsys.readouterr()
        try:
            main([str(argument) for argument in arguments])
            code = 0
        except SystemExit as end:
            code = end.code or 0
        return SimpleNamespace(code=code, **capsys.readouterr()._asdict())

    return run


@pytest.fixture
def good(nade):
    """good(verb, ...): what a command prints that ends well."""

    def run(*arguments):
        result = nade(*arguments)
        assert result.code == 0, result.err
        return result.out

    return run


@pytest.fixture
def refused(nade):
    """refused(verb, ...): the one line on stderr of a command that exits with 2."""

    def run(*arguments):
        result = nade(*arguments)
        assert result.code == 2, result.out + result.err
        line = result.err.strip()
        assert line.count("\n") == 0 and line.startswith("nade: ")
        return line

    return run


@pytest.fixture
def table(tmp_path):
    """A table of 60 rows of 12 zeros and ones."""
    np.save(tmp_path / "table.npy", (np.random.default_rng(0).random((60, 12)) < 0.4).astype(np.uint8))
    return tmp_path / "table.npy"


SMALL = ("--hidden", 4, "--epochs", 2, "--weight-decay", 0.01)


@pytest.mark.parametrize("verb", VERBS)
def test_help_shows_an_example_that_can_be_parsed(good, verb):
    assert f"example: nade {verb}" in good(verb, "--help") and verb in good("--help")
    example = VERBS[verb].EXAMPLE.split()
    assert example[:2] == ["nade", verb]


def test_the_version_is_the_packages(good):
    assert good("--version") == f"nade {nade_core.__version__}\n"


@pytest.mark.parametrize("name", MODELS)
def test_help_of_train_shows_each_models_own_defaults(good, name):
    model_class, config_class = MODELS[name]
    text = " ".join(good("train", "--model", name, "--help").split())
    own = {field.name: field.default for field in fields(config_class) if field.name not in SET_BY_DATA}
    assert model_options()[name].defaults == own and model_options()[name].recipe == model_class.recipe
    for field, default in own.items():
        option = f"--{field.replace('_', '-')}"
        shown = {True: "yes", False: "no"}[default] if isinstance(default, bool) else default
        assert re.search(rf"{option}\b[^()]*\({re.escape(str(shown))}\)", text), option
    for other in MODELS:
        assert other in good("train", "--help")
    assert f"passes over the rows ({model_class.recipe.get('epochs', TrainConfig.epochs)})" in text


def test_what_the_command_says_of_training_is_what_the_library_does(good):
    assert train_defaults() == {field.name: field.default for field in fields(TrainConfig)}
    assert model_options().keys() == MODELS.keys()
    text = good("train", "--help")
    assert all(re.search(rf"\b{name}\b", text) for name in (*ORDERINGS, *SOURCES))


def test_a_new_file_type_or_source_is_offered_by_the_help(good, monkeypatch):
    from nade_core.data import filetypes

    ssv = filetypes.FileType((".ssv",), "a table with strokes", lambda path, how: None)
    monkeypatch.setattr(filetypes, "FILE_TYPES", (*filetypes.FILE_TYPES, ssv))
    monkeypatch.setitem(SOURCES, "tiny", SOURCES["mnist"])
    for verb in ("train", "evaluate"):
        assert ".ssv" in good(verb, "--help") and "tiny" in good(verb, "--help")


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


# What only a process of its own can show.

LIGHT = """
import sys
from nade_core.cli import main
try:
    main({arguments!r})
except SystemExit as end:
    print(end.code, {{"torch", "numba", "streamlit"}} & set(sys.modules))
"""


def test_help_and_usage_errors_load_neither_torch_nor_numba():
    cases = [
        ["--help"],
        ["--version"],
        ["train", "--model", "MADE", "--help"],
        ["train", "--hidden", "x"],
        ["evaluate"],
    ]
    code = "".join(LIGHT.format(arguments=case) for case in cases)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert re.findall(r"^(\S+) set\(\)$", done.stdout, re.MULTILINE) == ["0", "0", "0", "2", "2"], done.stdout
    assert "Traceback" not in done.stderr


def test_the_module_is_the_command_and_its_exit_status_reaches_the_shell(tmp_path):
    command = [sys.executable, "-m", "nade_core"]
    missing = [*command, "train", "--resume", "--out", str(tmp_path / "none")]
    done = subprocess.run(missing, capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 2 and done.stderr.startswith("nade: There is no run in ") and done.stdout == ""


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


def test_the_readme_names_only_options_that_exist(good):
    text = (ROOT / "README.md").read_text(encoding="utf-8") + (ROOT / "pretrained/README.md").read_text(
        encoding="utf-8"
    )
    commands = re.findall(r"(?:^    |`)(nade (?:\w+)[^`\n]*)", text, re.MULTILINE)
    assert len(commands) > 10 and suffixes()
    for command in commands:
        words = command.split()
        assert words[1] in VERBS, command
        named = words[words.index("--model") + 1] if "--model" in words else "NADE"
        model = named if named in MODELS else "NADE"
        known = good(words[1], *(("--model", model) if words[1] == "train" else ()), "--help")
        assert all(word in known for word in words if word.startswith("--")), command
