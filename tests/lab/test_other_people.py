"""What other people name and bring does not break, or speak on, anybody's page."""

import ast
import json
import re
import tomllib
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from lab import cache, words
from lab.components.unfold import read_stroke
from lab.train.understood import _look
from nade_core import NADE, NADEConfig, load_pretrained, save_model
from nade_core.data import load_dataset
from nade_core.data.understood import How
from nade_core.headers import read_header
from nade_core.messages import NadeError
from nade_core.models import MODELS

from .conftest import go, healthy
from .conftest import words as said

ROOT = Path(__file__).parents[2]


@pytest.fixture
def named(tmp_path):
    """named(folder, title, classes): a small model of images among the runs."""

    def make(folder, title, classes=0, hidden=4):
        torch.manual_seed(0)
        path = tmp_path / "runs" / folder / "model.safetensors"
        path.parent.mkdir(parents=True, exist_ok=True)
        names = ["[[boom]]", "**b**"][:classes]
        model = NADE(NADEConfig(784, hidden, classes=classes))
        save_model(model, path, title=title, data="mnist", embedded="", shape=[28, 28], classes=names)
        return path

    return make


def test_a_run_does_not_take_the_place_of_a_model_of_the_project(chapter, named):
    path = named("nade-mnist", "a stranger")
    card = cache.cards()["nade-mnist"]
    assert card.title == "NADE, digits" and [p for p, _error in cache.model_faults()] == [path]
    rows = load_dataset("mnist").test[:2]
    assert abs(cache.log_prob(card, rows) - load_pretrained("nade-mnist", "cpu").log_prob(rows).numpy()).max() < 1e-3


@pytest.mark.parametrize("title", ["[[boom]] x", '<b style="font-size:99px">HI</b>', "![x](http://elsewhere/a.png)"])
def test_a_title_is_shown_as_it_is(chapter, named, title):
    named("mine", title)
    card = cache.cards()["mine"]
    assert words.title(card) == words.plain(title)
    healthy(chapter("generate", model="mine", n=4))


def test_a_model_file_that_leaves_out_what_has_its_default_opens_every_page(chapter, named):
    path = named("brief", "brief")
    torch.manual_seed(0)
    config = MODELS["RNADE"][1](dims=2)
    save_model(MODELS["RNADE"][0](config), path, title="brief", shape=None)
    header = read_header(path)
    tensors = load_file(path)
    header["config"] = {"dims": 2} if MODELS["RNADE"][1]().dims != 2 else {}
    save_file(tensors, path, metadata={"nade": json.dumps(header)})
    for id in ("generate", "density", "rank", "nade", "complete", "tables"):
        healthy(chapter(id, model="brief"))


def test_names_of_classes_are_shown_as_they_are(chapter, named):
    named("mine", "mine", classes=2)
    assert "boom" in said(chapter("generate", model="mine", n=4, label="[[boom]]"))
    chapter("density", model="mine", source="noise", given="[[boom]]")


def test_a_model_may_have_more_units_than_the_slider_offers(chapter, named):
    named("wide", "wide", hidden=1003)
    page = chapter("nade", model="wide", step="count")
    assert page.slider(key="H").value == 1003


@pytest.mark.parametrize("path", ["../secret", "/etc/passwd", "..\\secret", "%2e%2e/secret"])
def test_a_link_that_names_a_path_leads_to_no_file(chapter, named, tmp_path, path):
    named("secret", "secret").parent.rename(tmp_path / "secret")
    page = chapter("train", run=path)
    assert "no longer here" in " ".join(box.value for box in page.warning) and not page.button(key="go").disabled
    assert go(page, "generate", model=path, n=4).session_state["model"] == "nade-mnist"


def test_an_upload_is_looked_at_whatever_it_is_called():
    content = b"0,1\n1,0\n"
    for name in ("글" * 84 + ".csv", "..", "", "a\0b.csv"):
        seen, _arrays = _look(name, content, How("binary"))
        assert getattr(seen, "rows", 2) == 2


@pytest.mark.parametrize(
    "fact, told",
    [
        (Path("/srv/app/runs/a b/model.safetensors"), "model.safetensors"),
        ("/srv/app/runs/x/upload", "upload"),
        ("[Errno 28] No space left on device: '/srv/my runs/x/config.json'", "device: 'config.json'"),
        ("C:\\Users\\me\\runs\\x.npz", "x.npz"),
        ("0/1 and 255", "0/1 and 255"),
        (NadeError("There is no picture {path}.", path=Path("/srv/a.png")), "no picture a.png"),
    ],
)
def test_a_viewer_sees_no_folder_of_the_server(fact, told):
    said = words.tell(NadeError("The system refused: {reason}.", reason=fact))
    assert told in said and "srv" not in said and "Users" not in said


def test_a_viewer_sees_no_traceback_and_no_word_of_the_command_line():
    config = tomllib.loads((ROOT / ".streamlit/config.toml").read_text(encoding="utf-8"))
    assert config["client"]["showErrorDetails"] == "none"
    for path in {*(ROOT / "nade_core").rglob("*.py")} - {*(ROOT / "nade_core/cli").rglob("*.py")}:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("N_", "NadeError") and node.args:
                assert not re.search(r"(?<!\w)--[a-z]", ast.unparse(node.args[0])), path


def test_a_stroke_visits_a_pixel_once():
    assert read_stroke("0011") and read_stroke("0000") is None


def test_a_lock_holds_what_buttons_and_bars_change(chapter):
    page = chapter("coin", n=50, lock="n")
    page.button(key="throw-100").click().run()
    assert page.query_params["n"] == "50"
    page = chapter("generate", model="nade-mnist", n=4, seed=3, lock="seed,model")
    assert page.selectbox(key="model").disabled
    assert next(button for button in page.button if button.label == "New seed").disabled
    assert not [box for box in chapter("density", source="noise", hide="model").selectbox if box.key == "model"]


def test_a_model_that_is_deleted_while_a_page_uses_it_is_a_sentence(chapter, named, monkeypatch):
    path, listed = named("mine", "mine"), cache.list_models

    def list_and_lose(folders):
        found = listed(folders)
        path.unlink(missing_ok=True)
        return found

    monkeypatch.setattr(cache, "list_models", list_and_lose)
    page = chapter("home")
    for id in ("generate", "density", "complete"):
        named("mine", "mine")
        page = go(page, id, model="mine")
        assert not page.exception
        assert id == "complete" or "deleted" in page.error[0].value
