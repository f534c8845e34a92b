"""The page and the report to take home, as files: whole, small, in every word marked, and refused where they cannot be."""

import csv
import io
import json
import re
import zipfile
from html.parser import HTMLParser

import numpy as np
import pytest
from PIL import Image

from nade_core import images, load_model, runs, save_model
from nade_core.cli import main
from nade_core.data import load_dataset
from nade_core.export import page, report, zipped
from nade_core.export.page import PAGE_LIMIT, WEB, WORDS
from nade_core.messages import NadeError
from nade_core.training import TrainConfig

from .small_runs import CPU, finish

NAMES = {"en": "English", "xx": "Shouted"}


def shouted(language, message):
    return message.upper() if language == "xx" else message


def test_every_word_on_the_page_is_known_where_it_is_translated():
    said = set(re.findall(r'data-label="([^"]+)"', (WEB / "take_home/page.html").read_text("utf-8")))
    said |= set(re.findall(r"data-say>([^<]+)<", (WEB / "take_home/page.html").read_text("utf-8")))
    for path in (WEB / "take_home").glob("*.js"):
        text = path.read_text("utf-8")
        said |= set(re.findall(r'\btell\("([^"]+)"', text))
        said |= {
            word
            for words in re.findall(r"^const SPLITS = \{(.*)\};$", text, re.M)
            for word in re.findall(r'"(\w+)"', words)
        }
    from_here = {word for word in WORDS if word.startswith("float")}
    assert said == set(WORDS) - from_here and len(WORDS) == len(set(WORDS))


def test_the_page_is_one_file_below_its_limit_with_words_in_every_language():
    content = page("nade-mnist", shouted, NAMES)
    assert len(content) < PAGE_LIMIT
    text = content.decode()
    asked = []
    parser = HTMLParser()
    parser.handle_starttag = lambda tag, attributes: asked.extend(a for a in attributes if a[0] in ("src", "href"))
    parser.feed(re.sub(r"<script type=\"(text/plain|module)\".*?</script>", "", text, flags=re.S))
    assert asked == [] and not re.search(r"^import |\bimport\(|\bfetch\(|^export ", text, re.M)
    facts = json.loads(re.search(r'id="facts">(.*?)</script>', text, re.S)[1])
    assert facts["languages"] == NAMES and facts["words"]["xx"]["Draw"] == "DRAW"
    assert facts["words"]["xx"]["NADE, digits"] == "NADE, DIGITS" and facts["card"]["nats"]["test"] > 0
    assert "CC BY-SA" in facts["card"]["credit"]


def test_a_title_cannot_end_its_element(tmp_path, make_nade):
    title = "</script><script>alert(1)</script>$code"
    path = save_model(make_nade(784, 4).float(), tmp_path / "m.safetensors", title=title, shape=[28, 28])
    text = page(path).decode()
    assert "alert(1)</script>" not in text and "\\u003c/script>" in text


@pytest.mark.parametrize("name", ["made-mnist", "rnade-moons"])
def test_a_model_that_a_browser_does_not_compute_is_refused_in_a_sentence(name, tmp_path, capsys):
    with pytest.raises(NadeError, match="a browser computes NADE alone"):
        page(name)
    with pytest.raises(SystemExit) as refused:
        main(["export", name, "--html", str(tmp_path / "page.html")])
    assert refused.value.code == 2 and "computes NADE alone" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_a_nade_of_a_table_has_nothing_to_draw_on(tmp_path, make_nade):
    with pytest.raises(NadeError, match="nothing to draw on"):
        page(save_model(make_nade(6, 4).float(), tmp_path / "m.safetensors"))


def test_the_command_writes_the_page_in_the_languages_that_stand_beside_it(tmp_path, capsys, monkeypatch):
    main(["export", "nade-mnist", "--html", str(tmp_path / "page.html"), "--json"])
    written = json.loads(capsys.readouterr().out)
    assert written == [{"file": str(tmp_path / "page.html"), "bytes": (tmp_path / "page.html").stat().st_size}]
    assert "한국어" in (tmp_path / "page.html").read_text("utf-8")
    monkeypatch.setattr("nade_core.cli.export.WORDS", "no_such_words")
    main(["export", "nade-mnist", "--html", str(tmp_path / "page.html")])
    assert "한국어" not in (tmp_path / "page.html").read_text("utf-8").partition('id="facts"')[2]


@pytest.fixture
def run(tmp_path):
    """A small run on a hundred digits."""
    np.save(tmp_path / "digits.npy", load_dataset("mnist").train[:100])
    how = TrainConfig(epochs=3, batch_size=30, learning_rate=1e-2, seed=7)
    sizes = {"dims": 784, "hidden": 8}
    finish(tmp_path / "run", runs.RunConfig(str(tmp_path / "digits.npy"), "NADE", sizes, how, title="Mine"))
    return tmp_path / "run"


def test_a_report_holds_what_was_done_what_came_of_it_and_what_to_do_it_with(run, tmp_path, capsys):
    main(["report", str(run), "--out", str(tmp_path / "report.zip")])
    with zipfile.ZipFile(tmp_path / "report.zip") as archive:
        files = {name.removeprefix("report/"): archive.read(name) for name in archive.namelist()}
    assert set(files) == {
        *("config.json", "about.json", "log.csv", "curve.png", "NADE.py", "model.safetensors", "model.html"),
        *(f"samples/epoch-{epoch:04}.png" for epoch in (1, 2, 3)),
    }
    assert all(name in capsys.readouterr().out for name in ("curve.png",))
    about, log = json.loads(files["about.json"]), runs.read_log(run)
    assert (about["seed"], about["title"], len(about["fingerprint"])) == (7, "Mine", 64)
    table = list(csv.DictReader(io.StringIO(files["log.csv"].decode())))
    assert [float(row["train_nats"]) for row in table] == [report["train_nats"] for report in log]
    sheet = np.asarray(Image.open(io.BytesIO(files["samples/epoch-0003.png"])))
    assert np.array_equal(sheet, images.grid(runs.read_replay(run)[-1].rows))
    (tmp_path / "again.safetensors").write_bytes(files["model.safetensors"])
    x = load_dataset("mnist").test[:5]
    scores = [load_model(path, "cpu").log_prob(x) for path in (run, tmp_path / "again.safetensors")]
    assert scores[0].equal(scores[1])
    assert Image.open(io.BytesIO(files["curve.png"])).size == (1200, 700)


def test_the_same_run_makes_the_same_report(run):
    assert zipped(report(run), "r") == zipped(report(run), "r")


def test_a_report_of_a_table_has_neither_sheets_nor_a_page(people, tmp_path):
    how = TrainConfig(epochs=1, batch_size=100)
    finish(tmp_path / "run", runs.RunConfig(str(people), "MADE", {"dims": 24, "hidden": 8, "masks": 1}, how))
    assert set(report(tmp_path / "run")) == {
        *("config.json", "about.json", "log.csv", "curve.png", "MADE.py", "model.safetensors"),
    }


def test_a_report_of_no_run_or_of_one_without_a_model_is_refused(people, tmp_path):
    with pytest.raises(NadeError, match="no config.json"):
        report(tmp_path)
    runs.create(tmp_path / "run", runs.RunConfig(str(people), "NADE", {"dims": 24, "hidden": 8}, TrainConfig(epochs=1)))
    with pytest.raises(NadeError, match="no model yet"):
        report(tmp_path / "run")
    list(runs.run(tmp_path / "run", CPU))
    assert "model.html" not in report(tmp_path / "run")  # a NADE, though of a table


def test_the_curve_marks_every_validation(run):
    picture = np.asarray(Image.open(io.BytesIO(report(run)["curve.png"])).convert("RGB")).astype(int)
    blue = (abs(picture - [0, 0x72, 0xB2]).sum(2) < 30).any(0)[110:1170]
    assert blue[: 1060 // 3 - 30].sum() == 0 and blue[1060 // 3 + 5 : 1050].all()  # from the end of the first epoch on
