"""Chapter 8 and the canvas without a browser: the numbers are the library's, the drawing is in the link."""

import asyncio
import gzip
import re
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
from starlette.applications import Starlette

from lab import drawing, served
from lab.cache import sums
from lab.chapters import nade
from lab.components.engine import FAULTS
from lesson import counting
from nade_core import load_model, read_card
from nade_core.checkpoint import find_model
from nade_core.messages import NadeError

from .conftest import metric, words

DASH = np.zeros(784, np.uint8)
DASH[290:294] = 1


def test_a_drawing_comes_back_from_its_text():
    row = np.random.default_rng(0).integers(0, 2, 784, np.uint8)
    assert len(drawing.encode(row)) == 131 and (drawing.decode(drawing.encode(row)) == row).all()


@pytest.mark.parametrize("text", ["", "A", "A" * 130, "A" * 132, "A" * 130 + "B", "A" * 130 + "!", "A" * 130 + "한"])
def test_what_is_no_drawing_is_refused_in_words(text):
    with pytest.raises(NadeError, match=f"expected 131 letters, digits, - or _; got {len(text)}"):
        drawing.decode(text)


def test_the_engines_faults_are_all_in_the_readers_words():
    code = "".join(path.read_text("utf-8") for path in served.ENGINE.glob("*.js"))
    assert set(re.findall(r'NadeFault\(\s*"([^"]+)"', code)) == set(FAULTS)


def get(address, **headers):
    """The status, the headers and the body with which the app answers a browser."""
    sent = []

    async def receive():
        return {"type": "http.request"}

    async def send(message):
        sent.append(message)

    named = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    scope = {"type": "http", "method": "GET", "path": address, "query_string": b"", "root_path": "", "headers": named}
    app = Starlette(routes=served.routes())
    with ThreadPoolExecutor() as other:  # a browser's loop may be running in this thread
        other.submit(lambda: asyncio.run(app(scope, receive, send))).result()
    answered = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    return sent[0]["status"], answered, b"".join(message["body"] for message in sent[1:])


def test_weights_are_compressed_kept_and_not_sent_twice():
    path = find_model("nade-mnist")
    address, content = served.model(str(path), path.stat().st_mtime), path.read_bytes()
    status, headers, body = get(address, accept_encoding="gzip, br")
    assert status == 200 and headers["content-encoding"] == "gzip" and "immutable" in headers["cache-control"]
    assert gzip.decompress(body) == content and len(body) < len(content)
    again, _, nothing = get(address, accept_encoding="gzip", if_none_match=headers["etag"])
    assert again == 304 and not nothing
    assert get(address)[2] == content  # to who takes nothing compressed


def test_the_engines_modules_are_served_together():
    folder = served.engine()
    for path in served.ENGINE.glob("*.js"):
        _, headers, body = get(f"{folder}/{path.name}")
        assert body == path.read_bytes() and headers["content-type"].startswith("text/javascript")


def test_the_readme_says_how_long_the_first_visit_takes():
    path = find_model("nade-mnist")
    addresses = [f"{served.engine()}/{module.name}" for module in served.ENGINE.glob("*.js")]
    size = sum(len(get(at, accept_encoding="gzip")[2]) for at in (*addresses, served.model(str(path), 0.0)))
    readme = (served.ENGINE.parent / "README.md").read_text("utf-8")
    said = re.search(r"fetches ([\d.]+) MB.*?: ([\d.]+) seconds at 10 Mbit/s", readme, re.DOTALL)
    assert float(said[1]) == pytest.approx(size / 1e6, rel=0.02)
    assert float(said[2]) == pytest.approx(size * 8 / 1e7, rel=0.03)


@pytest.mark.parametrize("name", ["", "x.safetensors", "../app.py", "..%2fapp.py", "0" * 32 + ".safetensors"])
def test_what_was_not_offered_is_not_there(name):
    assert get(f"/web/{name}")[0] == 404


def test_a_file_that_has_changed_or_gone_is_not_served_under_its_old_address(tmp_path):
    path = tmp_path / "model.safetensors"
    path.write_bytes(b"one")
    changed = served.model(str(path), 1.0)
    path.write_bytes(b"two")
    assert get(changed)[0] == 404
    here = served.model(str(path), 2.0)
    assert get(here)[2] == b"two"
    served._packed.cache_clear()
    path.unlink()
    assert get(here)[0] == 404


@pytest.mark.parametrize("step", nade.CHAPTER.steps)
@pytest.mark.parametrize("model", ["nade-mnist", "nade-animals"])
def test_every_step_opens(chapter, step, model):
    assert chapter("nade", step=step, model=model).query_params.get("step", "draw") == step


def test_the_drawing_of_the_link_is_scored_by_the_library(chapter):
    page = chapter("nade", drawing=drawing.encode(DASH))
    value = float(load_model("nade-mnist", "cpu").log_prob(torch.tensor(DASH[None]))[0])
    assert f"{value:.2f}" in page.latex[0].value and metric(page, "pixels on") == "4"
    assert page.query_params["drawing"] == drawing.encode(DASH)


def test_a_link_without_a_drawing_is_told_and_the_page_works(chapter):
    page = chapter("nade", drawing="nonsense")
    assert "This link holds no drawing" in page.warning[0].value and "log p" in page.latex[0].value


def test_the_count_is_the_models(chapter):
    page = chapter("nade", step="count", model="nade-mnist-classes")
    card = read_card("nade-mnist-classes")
    hidden, classes = card.header["config"]["hidden"], len(card.classes)
    assert page.slider(key="H").value == hidden
    assert metric(page, "this model has") == f"{card.parameters:,}"
    assert counting.nade(784, hidden).parameters + classes * hidden == card.parameters
    page.slider(key="H").set_value(10).run()
    assert "16{,}474" in page.latex[0].value and page.query_params["H"] == "10"
    assert page.code[-1].value == str(2**784 - 1)


@pytest.mark.parametrize(("n", "seed"), [(1, 0), (9, 3)])
def test_all_images_of_a_random_nade_sum_to_one(chapter, n, seed):
    p = sums.of_all_images(n, nade.SMALL[1], seed)
    assert p.shape == (2**n,) and p.sum() == pytest.approx(1, abs=1e-12) and p[0] > 1.1 / 2**n
    page = chapter("nade", step="sum", n=n, weights=seed)
    assert "= 1.000000000" in page.latex[0].value and metric(page, "highest p(x)") == f"{p[0]:.3f}"
    assert not page.selectbox  # it has a model of its own
    page.button(key="anew").click().run()
    assert metric(page, "highest p(x)") != f"{p[0]:.3f}"


def test_only_models_that_a_browser_plays_are_offered(chapter):
    page = chapter("nade", model="pixelcnn-mnist")
    assert page.query_params["model"] == "nade-mnist"


def test_the_class_is_a_switch_that_stands_in_the_link(chapter):
    page = chapter("nade", step="look", model="nade-animals", label="4")
    assert page.segmented_control(key="label").value == "4" and page.query_params["label"] == "4"


def test_the_closing_question_is_answered_by_the_count(chapter):
    page = chapter("nade", step="count", answer=85)
    assert counting.nade(*nade.SMALL).parameters == 85 and "Yes." in words(page)


def test_korean(chapter):
    assert "놀라움" in words(chapter("nade", locale="ko-KR")) and "봉우리" in words(chapter("density", locale="ko-KR"))
