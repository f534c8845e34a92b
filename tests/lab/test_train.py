"""Training from the page: what it asks for, what it refuses, and what it shows of runs, sound and damaged."""

import io
import re
from contextlib import nullcontext
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from lab import visitor
from lab.train import form
from lab.train import queue as watched
from lab.words import plain
from nade_core import queue, runs
from nade_core.hosting import from_environment
from nade_core.messages import NadeError
from nade_core.queue import Queue
from nade_core.runs.folder import working_on, write_status
from nade_core.training import TrainConfig

from .conftest import go, healthy, words

HANGUL = re.compile("[가-힣]")


@pytest.fixture
def train(chapter, monkeypatch, tmp_path):
    """train(epochs=5): the page of that link; its queue starts no worker by itself."""
    monkeypatch.setattr(Queue, "_work", lambda self: None)

    def open_train(**params):
        return chapter("train", **params)

    open_train.root = tmp_path / "runs"
    return open_train


def images_file(n=12):
    content = io.BytesIO()
    np.save(content, np.random.default_rng(0).integers(0, 2, (n, 784), np.uint8))
    return ("pictures.npy", content.getvalue(), "application/octet-stream")


def submitted(page, file):
    """The page after a file was dropped and Train was pressed."""
    page.file_uploader[0].set_value(file)
    page.run()
    return page.button(key="go").click().run()


def finished(train, **params):
    """A page that shows a finished run of a tiny table."""
    page = submitted(train(data="own", architecture="Independent", **params), images_file())
    healthy(page)
    for _report in runs.run(train.root / page.session_state["run"], torch.device("cpu")):
        pass
    return healthy(page.run())


def test_the_run_of_a_table_shows_its_curve_and_pairs_of_its_columns(train):
    rows = np.random.default_rng(0).normal(size=(60, 4)).round(3)
    content = "\n".join(["a,b,c,d", *(",".join(map(str, row)) for row in rows)]).encode()
    page = train(data="own", architecture="RNADE", hidden=16, epochs=1)
    page = healthy(submitted(page, ("numbers.csv", content, "text/csv")))
    run = page.session_state["run"]
    for _report in runs.run(train.root / run, torch.device("cpu")):
        pass
    page = healthy(page.run())
    charts = [element.proto.id for element in page.get("plotly_chart")]
    assert any(f"curve-{run}" in id for id in charts) and any(f"drawn-{run}" in id for id in charts), charts
    assert "The first columns: real rows in blue" in words(page) and "28" not in words(page)


def asked(page, monkeypatch):
    """What the page asks for when Train is pressed."""
    seen = []

    def submit(queue, request, files=(), device=None, owner=""):
        seen.append(request)
        raise NadeError("Noted.")

    monkeypatch.setattr(Queue, "submit", submit)
    page.button(key="go").click().run()
    return seen[0]


def test_with_a_cluster_the_page_says_so_and_what_is_wrong_with_it_beside_a_run_that_waits(train, monkeypatch):
    monkeypatch.setattr(visitor, "HOSTING", replace(visitor.HOSTING, ray_address="127.0.0.1:9"))
    page = submitted(train(data="own", architecture="Independent"), images_file())
    assert "Trains on a cluster" in words(page) and "One run at a time" not in words(page)
    assert "Place 1 in the queue" in words(page) and not page.warning
    queue = watched._queue(train.root)
    queue.cluster.fault = NadeError("No Ray cluster answers at {address}: {reason}.", address="there", reason="*none*")
    (warning,) = healthy(page.run()).warning
    assert plain("No Ray cluster answers at there: *none*.") == warning.value


def test_nothing_is_asked_for_but_what_the_viewer_chose(train, monkeypatch):
    assert asked(train(), monkeypatch) == runs.Request("mnist", "NADE", {}, {}, "NADE, mnist")


def test_the_form_stands_in_the_link_and_is_asked_for_as_it_stands(train, monkeypatch):
    form = {
        "data": "animals",
        "architecture": "MADE",
        "epochs": 5,
        "rate": 0.003,
        "hidden": 64,
        "seed": 7,
        "title": "x",
    }
    page = train(**form)
    assert {key: page.query_params[key] for key in form} == {key: str(value) for key, value in form.items()}
    want = runs.Request("animals", "MADE", {"hidden": 64}, {"epochs": 5, "learning_rate": 0.003}, "x", seed=7)
    assert asked(page, monkeypatch) == want


def test_a_model_that_counts_has_neither_epochs_nor_hidden_units(train, monkeypatch):
    page = train(architecture="ChowLiu", epochs=5, hidden=64)
    assert page.selectbox(key="epochs").disabled and page.selectbox(key="hidden").disabled
    assert asked(page, monkeypatch) == runs.Request("mnist", "ChowLiu", {}, {}, "ChowLiu, mnist")


def test_points_are_offered_the_models_of_real_values_alone(train):
    page = train(data="rings")
    assert [option.split(":")[0] for option in page.selectbox(key="architecture").options] == [
        "RNADE",
        "OrderAgnosticRNADE",
    ]


@pytest.mark.parametrize("lang", ["en", "ko"])
def test_data_that_cannot_be_are_refused_in_a_sentence_and_leave_nothing(train, lang):
    page = submitted(train(data="own", lang=lang), ("notes.csv", b"a,b\nc,d\n", "text/csv"))
    assert not page.exception and len(page.error) == 1
    assert bool(HANGUL.search(page.error[0].value)) == (lang == "ko"), page.error[0].value
    assert not list(train.root.glob("*/config.json")) and not list(train.root.glob("*/upload"))


def test_without_a_file_the_page_asks_for_one(train):
    page = train(data="own")
    page.button(key="go").click().run()
    assert page.error[0].value == plain("Add a file of your own data first.")


def test_a_finished_run_is_a_model_of_the_other_chapters(train):
    page = finished(train, title="mine")
    name = page.session_state["run"]
    assert page.query_params["run"] == name and re.fullmatch(r"[\w-]{1,30}", name)
    assert "Finished" in page.success[0].value and {m.label for m in page.metric} >= {"training", "validation", "best"}
    other = healthy(go(page, "generate", model=name))
    assert other.selectbox(key="model").value == name


def test_the_second_viewer_sees_the_run_and_is_told_when_it_is_gone(train):
    first = finished(train)
    name = first.session_state["run"]
    second = train(run=name)
    assert second.success
    first.button(key=f"delete-{name}").click().run()
    assert "run" not in first.query_params and "No runs yet" in words(first)
    healthy(second.run())
    assert name in second.warning[0].value.replace("\\", "") and "no longer here" in second.warning[0].value
    assert second.query_params["run"] == name, "what was watched is not replaced by another run"


def test_stop_says_at_once_that_the_run_is_stopping(train):
    page = submitted(train(data="own"), images_file())
    folder = train.root / page.session_state["run"]
    write_status(folder, "running")
    with working_on(folder):
        page.run()
        page.button(key=f"stop-{folder.name}").click().run()
        assert page.button(key=f"stop-{folder.name}").disabled and "Stopping" in words(page)


def test_the_error_of_a_run_is_told_in_the_language_of_the_reader(train):
    page = submitted(train(data="own"), images_file())
    template = "Expected {name} above 0; got {value}."
    write_status(train.root / page.session_state["run"], "failed", NadeError(template, name="epochs", value=-1))
    assert page.run().error[0].value.replace("\\", "") == "Expected epochs above 0; got −1."
    page.segmented_control(key="switch").set_value("ko")
    told = page.run().error[0].value
    assert HANGUL.search(told) and "epochs" in told


def test_damaged_files_are_listed_with_the_reason_and_the_page_lives(train):
    for name, file, content in (("bad", "config.json", "[]"), ("foreign", "model.safetensors", "no model")):
        (train.root / name).mkdir(parents=True)
        (train.root / name / file).write_text(content)
    page = train()
    told = page.warning[-1].value.replace("\\", "")
    assert "bad" in told and "should hold a JSON object" in told
    assert "foreign/model.safetensors" in told and "no readable header" in told


def test_the_log_of_a_run_is_read_once_as_long_as_it_stays_the_same(train, monkeypatch):
    page, read = finished(train), []
    watched._log.clear()
    monkeypatch.setattr(watched, "read_log", lambda folder: read.append(folder) or runs.read_log(folder))
    page.run()
    page.run()
    assert len(read) == 1


def test_somebody_elses_words_are_no_markdown():
    assert plain("*a* [b](c) :red[d] $e$ <f>") == r"\*a\* \[b\]\(c\) \:red\[d\] \$e\$ \<f\>"
    assert plain("한글 words 12") == "한글 words 12"


def test_a_run_that_has_just_ended_is_deleted_as_soon_as_its_worker_has_left(train, monkeypatch):
    page, looks = finished(train), iter([True, True])
    folder = train.root / page.session_state["run"]
    monkeypatch.setattr(queue, "is_alive", lambda folder: next(looks, False))
    healthy(page.button(key=f"delete-{folder.name}").click().run())
    assert not folder.exists()


@pytest.fixture
def trained(train):
    """A page that shows a finished run of a small NADE of images, of three epochs."""
    page = train()
    np.save(train.root.parent / "pictures.npy", np.random.default_rng(0).integers(0, 2, (40, 784), np.uint8))
    how = TrainConfig(epochs=3, batch_size=10)
    sizes = {"dims": 784, "hidden": 4}
    runs.create(
        train.root / "small", runs.RunConfig(str(train.root.parent / "pictures.npy"), "NADE", sizes, how, title="Mine")
    )
    for _report in runs.run(train.root / "small", torch.device("cpu")):
        pass
    return healthy(go(page, "train", run="small"))


def test_a_finished_training_is_replayed_epoch_by_epoch(trained, train):
    slider = next(element for element in trained.select_slider if element.label == "Replay")
    assert [str(option) for option in slider.options] == ["epoch 1", "epoch 2", "epoch 3", "now"]
    assert slider.value == 0 and "as it is now" in shown_pictures(trained)
    slider.set_value(2).run()
    nats = runs.read_replay(train.root / "small")[1].valid_nats
    assert f"after epoch 2, at {nats:.2f} nats" in shown_pictures(healthy(trained))
    assert trained.query_params["replay"] == "2"
    assert "after epoch 3" in shown_pictures(healthy(go(trained, "train", run="small", replay=3)))
    healthy(go(trained, "train", run="small", replay=2))
    (train.root / "small/replay/0-1.npy").unlink()  # thinned away in the meantime
    assert f"after epoch 2, at {nats:.2f} nats" in shown_pictures(healthy(trained.run()))
    (train.root / "small/replay/0-2.npy").unlink()
    assert "as it is now" in shown_pictures(healthy(trained.run()))


def shown_pictures(page):
    """The captions of the pictures on the page."""
    return " ".join(caption for image in page.image for caption in image.captions)


def test_a_finished_training_can_be_taken_home(trained):
    labels = [button.label for button in trained.get("download_button")]
    assert labels == ["Download", "Take it home", "Lab report"]


def test_a_model_that_draws_slowly_says_why_it_has_no_replay(train):
    page = train()
    np.save(train.root.parent / "pictures.npy", np.random.default_rng(0).integers(0, 2, (40, 784), np.uint8))
    sizes = {"dims": 784, "hidden": 4, "layers": 1, "masks": 1}
    how = TrainConfig(epochs=1, batch_size=40)
    runs.create(train.root / "made", runs.RunConfig(str(train.root.parent / "pictures.npy"), "MADE", sizes, how))
    for _report in runs.run(train.root / "made", torch.device("cpu")):
        pass
    page = healthy(go(page, "train", run="made"))
    assert "draws slowly" in words(page) and not [s for s in page.select_slider if s.label == "Replay"]
    assert "Take it home" not in [button.label for button in page.get("download_button")]


def test_the_page_says_how_long_a_run_will_take_and_that_a_host_pauses_it(train, monkeypatch):
    monkeypatch.setattr(form, "_epoch", lambda *asked: (4.0, 10))
    assert "About 40 s on this machine" in words(train(data="animals"))
    page = train(data="animals", epochs=200)
    assert "About 13 min" in words(page) and "pauses" not in words(page)
    monkeypatch.setattr(visitor, "HOSTING", from_environment({"NADE_HOSTED": "1"}))
    monkeypatch.setattr(visitor, "_cookie", lambda: "a key")
    watched._queue.clear()
    assert "pauses at the time limit" in words(train(data="animals", epochs=200))
    watched._queue.clear()
    assert "About" not in words(train(data="own"))


def test_an_epoch_is_measured_for_what_was_chosen():
    form._epoch.clear()
    seconds, epochs = form._epoch("animals", "MarkovChain", ())
    assert seconds >= 0 and epochs >= 1


def test_what_is_large_is_read_apart_and_said_so_in_the_name_of_who_asks(monkeypatch):
    words, asked = [], []
    monkeypatch.setattr(watched.st, "spinner", lambda text, **how: words.append(text) or nullcontext())
    monkeypatch.setattr(watched, "viewer", lambda: runs.Viewer("me"))
    monkeypatch.setattr(watched, "the_queue", lambda: SimpleNamespace(submit=lambda *a, **how: asked.append((a, how))))
    for content in (b"1,2", bytes(watched.LARGE + 1)):
        watched.submit(runs.Request("own"), [("a.csv", content)])
        assert asked[-1] == ((runs.Request("own"), [("a.csv", content)]), {"owner": "me"})
    assert "32 MB" not in words[0] and "32 MB" in words[1] and "process of its own" in words[1]
