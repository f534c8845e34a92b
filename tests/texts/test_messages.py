"""Every sentence stands in every language, is found by the extraction, and comes after what is cached."""

import ast
import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
import streamlit

import texts
from lab import borrowed
from texts import catalog, extract
from texts.catalog import SOURCE

ROOT = Path(__file__).parents[2]
OTHERS = [language for language in texts.LANGUAGES if language != SOURCE]
CODE = [path for place in extract.CODE for path in sorted((ROOT / place).rglob("*.py"))]
COMPONENTS = ROOT / "lab" / "components"


@pytest.fixture(scope="module")
def found():
    return extract.template()


@pytest.mark.parametrize("language", OTHERS)
def test_every_message_has_its_translation_with_the_same_gaps(found, language):
    faults = list(extract.faults(language, found))
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize("language", OTHERS)
def test_the_file_is_as_the_extraction_writes_it(found, language):
    written = (ROOT / "texts" / language / "messages.po").read_text("utf-8")
    assert written == extract.written(extract.update(language, found), language), "run python -m texts.extract"


def test_messages_of_code_errors_and_data_are_found(found):
    for message in ("Language", "Choose an option", "NADE, ten animals", "sheep", "Animal silhouettes", "PixelCNN"):
        assert message in found
    assert "7" not in found  # a digit is the same everywhere
    assert found["{n:,} parameters"].flags == {"python-brace-format"}
    assert not found["{n:,} parameters"].string


@pytest.fixture
def folder(monkeypatch, tmp_path):
    """A folder of texts in Korean with one message that is told, one that is not, one that is gone, and a part."""
    (tmp_path / "ko" / "parts").mkdir(parents=True)
    monkeypatch.setattr(extract, "HERE", tmp_path)
    _write(tmp_path / "ko" / "messages.po", {"Told {n}": "한 말 {n}", "Gone": "간 말", "Untold": ""})
    _write(tmp_path / "ko" / "parts" / "one.po", {"Told {n}": "다른 말 {n}", "Untold": "새 말", "Unknown": "모르는 말"})
    return tmp_path / "ko"


def _write(path, messages):
    entries = "".join(f'msgid "{id}"\nmsgstr "{text}"\n\n' for id, text in messages.items())
    path.write_text(extract.HEADER.format(language="ko") + entries, "utf-8")


def _template(*ids):
    catalog = extract.Catalog()
    for id in ids:
        catalog.add(id, locations=[("lab/some.py", 0)])
    return catalog


def test_an_update_keeps_what_is_told_and_drops_what_is_gone(folder):
    catalog = extract.update("ko", _template("Told {n}", "Gone {n}"))
    told = {message.id: message.string or "" for message in catalog if message.id}
    assert told == {"Told {n}": "한 말 {n}", "Gone {n}": ""}


def test_a_merge_takes_in_the_parts_and_says_where_they_differ(folder):
    clashes = list(extract.merge("ko"))
    assert len(clashes) == 1 and "다른 말" in clashes[0]
    merged = extract.read("ko")
    assert (merged["Told {n}"].string, merged["Untold"].string) == ("한 말 {n}", "새 말")
    assert not list(folder.glob("parts/*"))


def test_the_check_tells_each_fault(folder):
    _write(folder / "messages.po", {"Told {n}": "한 말 {m}", "Gone": "간 말", "Untold": ""})
    faults = "\n".join(extract.faults("ko", _template("Told {n}", "Untold", "New")))
    for fault in ("other gaps: 'Told {n}'", "obsolete: 'Gone'", "missing: 'Untold'", "missing: 'New'"):
        assert fault in faults


def test_streamlits_own_words_are_still_its_words():
    """Sentences that Streamlit puts together are looked up piece by piece."""
    folder = Path(streamlit.__file__).parent / "static" / "static" / "js"
    theirs = "".join(path.read_text("utf-8") for path in folder.glob("*.js"))
    pieces = {
        piece.strip()
        for word in borrowed.WORDS
        for piece in re.split(r"\{\w+\}|: | — |⌘|Ctrl|(?<=to )|(?<=Press )| (?=available|icon)", word)
    }
    assert not [piece for piece in pieces if piece not in theirs]


def test_no_words_within_what_is_cached_for_all_viewers():
    for path in (ROOT / "lab").rglob("*.py"):
        for function in ast.walk(ast.parse(path.read_text("utf-8"))):
            decorators = map(ast.unparse, getattr(function, "decorator_list", ()))
            if any("cache_" in decorator for decorator in decorators):
                called = {ast.unparse(call.func) for call in ast.walk(function) if isinstance(call, ast.Call)}
                assert not called & {"_", "tell", "prose", "language"}, f"{path}: {function.name}"


def test_an_error_has_a_literal_template():
    for path in CODE:
        for call in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(call, ast.Call) and ast.unparse(call.func) in ("NadeError", "_", "N_") and call.args:
                first = call.args[0]
                assert not isinstance(first, ast.JoinedStr | ast.BinOp), f"{path}:{call.lineno}"


class _Texts(HTMLParser):
    """The texts of a page, and the attributes that are words to someone."""

    def __init__(self):
        super().__init__()
        self.words = []

    def handle_data(self, data):
        self.words += re.findall(r"[^\W\d_]{2,}", data.replace("log", ""))  # formulas are single letters

    def handle_starttag(self, tag, attributes):
        self.words += [value for name, value in attributes if name in ("aria-label", "title", "alt", "placeholder")]


@pytest.mark.parametrize("path", sorted(COMPONENTS.rglob("*.html")), ids=lambda path: path.name)
def test_the_html_of_a_component_has_no_words_of_its_own(path):
    page = _Texts()
    page.feed(path.read_text("utf-8"))
    assert not page.words


SHOWN = re.compile(
    r"""(?:textContent|innerText|innerHTML|title|alt|placeholder|ariaLabel)\s*=\s*(["'`][^;]*)"""
    r"""|setAttribute\(\s*["'](?:aria-label|title|alt|placeholder)["']\s*,\s*(["'`][^;]*)"""
    r"""|(?:fillText|createTextNode|alert|confirm)\(\s*(["'`][^;]*)"""
)
LITERAL = re.compile(r""""([^"\n]*)"|'([^'\n]*)'|`([^`]*)`""")


def shown_words(script):
    """Words in the literals of a script that are shown, or that read like a sentence."""
    script = re.sub(r"/\*.*?\*/|^\s*//.*?$|(?<=[;{},\s])//\s.*?$", "", script, flags=re.S | re.M)
    shown = [next(filter(None, match)) for match in SHOWN.findall(script)]
    literals = [re.sub(r"\$\{[^}]*\}|\\u\w{4}", "", next(filter(None, match), "")) for match in LITERAL.findall(script)]
    sentences = [text for text in literals if re.search(r"[A-Za-z]{3,} [a-z]{2,}", text)]
    words = [re.sub(r"\$\{[^}]*\}|\\u\w{4}", "", text) for text in shown]
    return [text for text in words if re.search(r"[^\W\d_]{2,}", text)] + sentences


@pytest.mark.parametrize("path", sorted(COMPONENTS.rglob("*.js")), ids=lambda path: path.name)
def test_the_script_of_a_component_has_no_words_of_its_own(path):
    assert not shown_words(path.read_text("utf-8"))


def test_words_in_a_script_would_be_found():
    assert shown_words('a.textContent = "Play";') and shown_words("b.setAttribute('aria-label', 'stop');")
    assert shown_words('const c = "one pixel on";') and not shown_words("a.textContent = `${words.play}`;")


@pytest.mark.parametrize("language", OTHERS)
def test_bold_words_end(language):
    """In Markdown ``**`` after a bracket or a stop, with a letter after it, does not end what is bold."""
    said = [message.string for message in extract.read(language) if message.id]
    said += [path.read_text("utf-8") for path in (ROOT / "texts" / language).glob("*.md")]
    assert not [
        found[0] for text in said for found in re.finditer(r".{0,20}[^\w\s*]\*\*\w", text) if found[0][0] != "*"
    ]


def test_numbers_below_zero_have_a_minus_sign_and_words_keep_their_hyphens():
    assert texts.translate("en", "{a:.1f} and {b}, {word}", a=-1.25, b=np.float32(-2), word="-x") == "−1.2 and −2.0, -x"


@pytest.mark.parametrize("value, written", [(-0.04, "0.0"), (-0.06, "−0.1"), (0.04, "0.0"), (-1e-5, "0.0")])
def test_what_is_rounded_to_zero_has_no_sign(value, written):
    assert catalog.FILLED.format("{value:.1f}", value=value) == written
