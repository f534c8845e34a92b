"""Every command of the project's makers runs, at its smallest size, and measures what it says."""

import asyncio
import json
import math
import os
import pkgutil
import re
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from PIL import Image
from playwright.sync_api import sync_playwright

import benchmarks
import lesson.sheet
from benchmarks import (
    browser,
    browsers,
    completion,
    embed,
    engine,
    faults,
    judge,
    leaderboard,
    load,
    publish,
    sheet,
    trials,
    wine,
)
from nade_core import list_models, load_model, read_card, runs, scoring
from nade_core.data import SOURCES, load_dataset

RUN_HERE = {"browser", "completion", "embed", "engine", "faults", "judge", "leaderboard", "load", "publish"}
RUN_HERE |= {"browsers", "sheet", "trials", "viewers", "wine"}
ELSEWHERE = {"handout", "quick", "scale"}  # tests/browser/test_hall.py, test_quick.py, tests/scale/test_score.py


def test_no_command_is_left_without_a_test():
    assert {module.name for module in pkgutil.iter_modules(benchmarks.__path__)} == RUN_HERE | ELSEWHERE


def apart(function, *arguments):
    """What a function returns in a thread of its own: this one may have an event loop, of a browser's."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(function, *arguments).result()


def test_a_class_of_viewers_is_measured(app, monkeypatch, capsys):
    monkeypatch.setattr(load, "PAUSE", (0.0, 0.0))
    monkeypatch.setattr(load, "kept", lambda: -load.SOON)
    monkeypatch.setattr(load, "serving", lambda: nullcontext((app, SimpleNamespace(pid=os.getpid()))))
    apart(load.main, ["--viewers", "2", "--over", "0", "--changes", "2", "--mix", "seeds"])
    printed = capsys.readouterr().out
    assert "0 faults" in printed and re.search(r"\| 1 to 25 \| \d+\.\d+ \| \d+\.\d+ \| 4 \|", printed)
    assert re.search(r"a run: \d+ ms of them, \d+ kB", printed)


def test_memory_is_read_over_visits_one_after_another(app, monkeypatch, capsys):
    monkeypatch.setattr(load, "serving", lambda: nullcontext((app, SimpleNamespace(pid=os.getpid()))))
    monkeypatch.setattr(load, "kept", lambda: -load.SOON)
    monkeypatch.setattr(load, "PARTS", 2)
    monkeypatch.setattr(load, "PAUSE", (0.0, 0.0))
    apart(load.main, ["--visits", "4", "--mix", "seeds"])
    printed = capsys.readouterr().out
    assert re.search(r"\| 2 \| \d\.\d{3} \|\n\| 4 \| \d\.\d{3} \|", printed) and "0 faults" in printed


def test_uploads_at_once_are_taken_and_read(app, monkeypatch, capsys):
    asked, served = [], nullcontext((app, SimpleNamespace(pid=os.getpid())))
    monkeypatch.setattr(load, "serving", lambda **variables: asked.append(variables) or served)
    monkeypatch.setattr(load, "kept", lambda: -load.SOON)
    monkeypatch.setattr(load, "PAUSE", (0.0, 0.0))
    apart(load.main, ["--uploads", "2", "--megabytes", "1"])
    printed = capsys.readouterr().out
    assert asked == [{"NADE_HOSTED": "1"}] and "2 files of 1.0 MB at once:\n  2 x 204: taken" in printed
    assert re.search(r"\| 1 to 25 \| \d+\.\d+ \| \d+\.\d+ \| 2 \|\n0 faults", printed)


def test_a_run_whose_worker_is_killed_comes_out_whole(monkeypatch, capsys):
    monkeypatch.setattr(trials, "EPOCHS", 6)
    monkeypatch.setattr(trials, "WITHIN", 0.5)
    monkeypatch.setattr(trials, "ASKED", replace(trials.ASKED, train_options={"epochs": 6, "weight_decay": 0.0}))
    faults.main(["--kills", "1", "--faults", "killed_worker"])
    assert "| the worker is killed | 1 | 1 | 1 whole |" in capsys.readouterr().out


def test_a_killed_browser_opens_again_and_a_run_that_it_does_not_find_is_told(monkeypatch, capsys, tmp_path):
    def broken(root, chance):
        with sync_playwright() as playwright:
            with browsers.browser(playwright, tmp_path / "mine") as page, page.expect_event("close"):
                browsers.kill(tmp_path / "mine")
            with browsers.browser(playwright, tmp_path / "mine") as page:
                assert page.evaluate("1 + 1") == 2
        raise AssertionError("no page says so\nwhich page it was")

    monkeypatch.setattr(faults, "BROWSERS", {"the browser is killed": broken})
    monkeypatch.setattr(faults, "_truth", lambda folder: folder)
    apart(faults.main, ["--others", "1", "--faults", "broken"])
    assert "| the browser is killed | 1 | 1 | 1 no page says so |" in capsys.readouterr().out


def test_a_run_that_is_not_whole_is_told_so(tmp_path):
    failed = runs.RunState(tmp_path, "failed", None, 0.0, 0.0, None)
    assert faults.outcome(failed, tmp_path) == "failed: None"


def test_a_viewer_tells_what_is_wrong_with_a_page(app):
    seen = load.Seen()
    lost = load.visit(app.replace("http", "ws"), 0, (("nowhere", "n", (1,)),), 0, seen)
    apart(asyncio.run, lost)
    assert seen.faults == ["RuntimeError: there is no page nowhere"] and seen.here == 0


def wines(path: Path, header: str, delimiter: str) -> Path:
    """A table as UCI's: real columns, one twice, and a score of the quality in the end."""
    rng = np.random.default_rng(0)
    columns = rng.normal(size=(60, 3))
    table = np.column_stack([np.abs(columns), np.abs(columns[:, :1]) * 2, rng.integers(3, 9, 60)])
    np.savetxt(path, table, fmt="%.4f", delimiter=delimiter, header=header, comments="")
    return path


@pytest.mark.parametrize(
    ("header", "delimiter"), [('"fixed acidity";"pH";"alcohol";"twice";"quality"', ";"), ("", ",")], ids=["uci", "bare"]
)
def test_wine_is_measured_on_ucis_own_file_and_on_bare_numbers(tmp_path, capsys, header, delimiter):
    path = wines(tmp_path / "wine.csv", header, delimiter)
    if not header:
        path.write_text(path.read_text().lstrip())
    sizes = {"folds": 2, "epochs": 2, "orderings": 2, "hidden": 4, "layers": 1, "components": 2}
    small = ["--json", *(f"--{name}={value}" for name, value in sizes.items())]
    wine.main([str(path), *small])
    summary = json.loads(capsys.readouterr().out)
    assert (summary["folds"], summary["orderings"], summary["dims"]) == (2, 2, 3)
    assert all(math.isfinite(summary[name]) for name in ("nats", "valid", "one_ordering", "standard_error"))


def test_the_engine_measures_both_backends_on_each_task(capsys):
    engine.main(["--repetitions", "1", "--scale", "0.02", "--json"])
    rows = json.loads(capsys.readouterr().out)
    assert [row["task"] for row in rows][:2] == ["log-density, batch 10", "log-density, batch 200"]
    assert len([row for row in rows if row["device"] == "cpu"]) == len(engine.TASKS)
    assert all(row["loop"] > 0 and row["fast"] > 0 for row in rows)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_the_engine_measures_the_vectorised_path_where_there_is_a_gpu():
    rows = engine.measure(1, 0.02, torch.device("cuda"), "vectorised")
    assert len(rows) == len(engine.TASKS) - 1 and all(row["loop"] > 0 and row["fast"] > 0 for row in rows)


def test_the_engine_is_measured_in_a_browser(capsys):
    apart(browser.main, ["--strokes", "5", "--json"])
    found = json.loads(capsys.readouterr().out)
    assert all(found[speed].keys() == browser.ROWS.keys() for speed in ("plain", "throttled"))
    assert all(value > 0 for speed in ("plain", "throttled") for value in found[speed].values())


def test_the_leaderboard_writes_its_table_and_the_readmes(tmp_path, capsys):
    table, readme = tmp_path / "table.json", tmp_path / "README.md"
    readme.write_text(f"before\n{leaderboard.START}old\n{leaderboard.END}\nafter\n")
    small = ["--table", str(table), "--readme", str(readme), "--parts", str(tmp_path / "parts")]
    leaderboard.main([*small, "--only", "independent-mnist"])
    leaderboard.main([*small, "--only", "chow-liu-mnist"])
    rows = {row["name"]: row for row in json.loads(table.read_text())["rows"]}
    assert rows.keys() == {"independent-mnist", "chow-liu-mnist"}
    expected = -scoring.log_probs(load_model("independent-mnist", "cpu"), load_dataset("mnist").test).mean()
    assert abs(rows["independent-mnist"]["nats"] - expected) < 1e-3
    text = readme.read_text()
    assert text.startswith("before\n") and text.endswith("\nafter\n") and "old\n" not in text
    assert "`chow-liu-mnist`, measured here" in text and "Larochelle & Murray 2011" in text
    with pytest.raises(SystemExit):
        leaderboard.main([*small, "--only", "nobody"])
    assert "Unknown: nobody" in capsys.readouterr().err


def test_an_ensemble_is_measured_on_all_images_and_goes_on_where_it_stood(tmp_path, monkeypatch):
    table, readme, parts = tmp_path / "table.json", tmp_path / "README.md", tmp_path / "parts"
    readme.write_text(leaderboard.START + leaderboard.END)
    small = ["--table", str(table), "--readme", str(readme), "--parts", str(parts), "--only", "fvsbn-mnist"]
    leaderboard.main([*small, "--orderings", "2", "--limit", "30"])
    assert len(list(parts.iterdir())) == 2 and ", the first 30 images |" in readme.read_text()
    first = json.loads(table.read_text())["rows"][0]
    x = load_dataset("mnist").test[:30]
    expected = -scoring.ensemble_log_probs(load_model("fvsbn-mnist", "cpu"), x, 2)
    assert (first["ensemble"], first["orderings"], first["n"]) == (round(expected.mean(), 3), 2, 30)
    assert first["ensemble_error"] == round(expected.std(ddof=1) / 30**0.5, 3)
    monkeypatch.setattr(leaderboard.scoring, "log_probs", None)  # nothing is scored again, and the other figures stay
    leaderboard.main([*small, "--orderings", "2", "--limit", "30", "--ensembles"])
    assert json.loads(table.read_text())["rows"][0] == first


def test_the_judge_learns_from_real_images_and_names_samples(tmp_path, capsys, monkeypatch):
    data = load_dataset("animals")
    few = replace(data, train=data.train[::40], train_labels=data.train_labels[::40], test=data.test[::20])
    monkeypatch.setattr(judge, "load_dataset", lambda name: replace(few, test_labels=data.test_labels[::20]))
    small = ["nade-animals", "--epochs", "2", "--samples", "2", "--judge", str(tmp_path / "judge.safetensors")]
    judge.main(small)
    report = json.loads(capsys.readouterr().out)
    assert report["real"]["n"] == 49 and report["real"]["all"] > 0.15  # chance is a tenth
    assert report["nade-animals"]["n"] == 20 and set(report["nade-animals"]["each"]) == set(data.class_names)
    share = report["nade-animals"]["all"] / report["real"]["all"]
    assert report["nade-animals"]["of_real"]["all"] == pytest.approx(share, abs=1e-3)
    judge.main(small)  # the judge is kept: the same shares again
    assert json.loads(capsys.readouterr().out) == report


def test_completions_are_judged_by_the_digit_that_they_complete(capsys):
    small = ["--models", "any-order-mnist", "pixelcnn-mnist", "--images", "3", "--draws", "2"]
    completion.main([*small, "--regions", "bottom-half", "--json"])
    truth, before, after = json.loads(capsys.readouterr().out)
    assert truth["right"] == [1, 0] and (before["exact"], after["exact"]) == (True, True)
    assert (before["model"], after["model"]) == ("any-order-mnist", "pixelcnn-mnist")
    assert all(0 <= row["right"][0] <= 1 and row["pieces"][0] >= 1 and row["seconds"] > 0 for row in (before, after))
    sevens = load_dataset("mnist").test[[[0, 0], [1, 0]]]  # the second of the test images is a two
    found = completion.judged(load_model("nade-mnist-classes", "cpu"), sevens, np.array([7, 7]))
    assert found == {"right": [0.75, 0.25], "pieces": [1, 0]}
    assert "| bottom half | pixelcnn-mnist | " in completion.line(after)


def test_a_run_is_published_with_its_figures(tmp_path, capsys):
    request = runs.Request("rings", "RNADE", {"hidden": 4, "components": 2}, {"epochs": 1, "weight_decay": 0.1})
    runs.create(tmp_path / "run", runs.plan(request, torch.device("cpu")))
    list(runs.run(tmp_path / "run", torch.device("cpu")))
    published = ["--data", "rings", "--title", "RNADE, rings", "--into", str(tmp_path / "out")]
    publish.main([str(tmp_path / "run"), "small-rings", *published])
    card, test = read_card(tmp_path / "out/small-rings.safetensors"), load_dataset("rings").test
    assert (card.title, card.embedded, card.header["trained_on"]) == ("RNADE, rings", "rings", "rings")
    mean = -scoring.log_probs(load_model(card.path, "cpu"), test).mean()
    assert abs(card.nats["test"] - mean) < 1e-3 and str(card.nats["test"]) in capsys.readouterr().out
    assert not any(known.name == "small-rings" for known in list_models())


def test_the_embedded_files_are_made_the_same_each_time(tmp_path):
    rng, labels = np.random.default_rng(0), np.arange(30) % 3
    grey = rng.integers(0, 256, (30, 28, 28), np.uint8)
    many = np.zeros((embed.VALID_MNIST + 30, 28, 28), np.uint8)
    many[:30] = grey
    np.savez(
        tmp_path / "mnist.npz",
        train_images=many,
        train_labels=np.zeros(len(many), np.uint8),
        test_images=grey,
        test_labels=labels,
    )
    for name in ("animals", "fashion_mnist_test2000"):
        np.savez(tmp_path / f"{name}.npz", images=grey, labels=labels, class_names=np.array(["a", "b", "c"]))
    Image.fromarray(rng.integers(0, 256, (60, 90, 3), np.uint8)).save(tmp_path / "chelsea.png")
    for folder in ("one", "two"):
        embed.main(["--source", str(tmp_path), "--into", str(tmp_path / folder)])
    for name in ("mnist.npz", "animals.npz", "fashion.npz"):
        one, two = (np.load(tmp_path / folder / name) for folder in ("one", "two"))
        assert all(np.array_equal(one[key], two[key]) for key in one.files)
        source = SOURCES[name.partition(".")[0]]
        assert (str(one["title"]), str(one["binarisation"])) == (source.title, source.values["binary"])
        assert str(one["source"]) == source.credit
    assert np.load(tmp_path / "one/mnist.npz")["train"].shape == (30, 98)
    assert Image.open(tmp_path / "one/cat.png").size == embed.PHOTO_SIZE


def test_the_sheet_is_drawn_and_scored_anew(tmp_path):
    path = tmp_path / "sheet.npz"
    sheet.main(["--into", str(path), "--seeds", "1", "--lots", "2", "--tests", "5"])
    new, ours = lesson.sheet.load(path), lesson.sheet.load()
    assert new.draws.shape == (10, 1, 784) and (new.four[0] != ours.four[0]).sum() == 0
    assert new.test_log_p == pytest.approx(ours.test_log_p[:5], abs=1e-2)
