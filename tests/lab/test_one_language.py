"""Every page and every option of it in Korean, without a browser: no English word in anything that the page is sent."""

import json
import re

import pytest
from google.protobuf.message import Message
from streamlit.dataframe_util import convert_arrow_bytes_to_pandas_df
from streamlit.testing.v1 import element_tree

from lab.chapter import chapters
from tests.foreign import foreign

from .conftest import healthy

QUICK = "home", "coin", "generate", "density", "tables", "leaderboard"  # every option of the others is for make crawl
PAGES = [(id, step) for id, (chapter, _render) in chapters().items() for step in chapter.steps or [None]]
FIELDS = [
    "body",
    "label",
    "help",
    "options",
    "content",
    "placeholder",
    "alt",
    "text",
    "raw_values",
    "raw_value",
    "format",
    "default",
]
FIGURE = ["text", "name", "hovertemplate", "hovertext", "texttemplate", "ticktext", "labels", "x", "y"]
UNREAD = re.compile(  # styles, drawings, formulas, addresses, colours and marks of Markdown, tags, ids of terms, gaps
    r"<style.*?</style>|<svg.*?</svg>|`[^`]*`|\$[^$]+\$|https?://\S+|:\w+\[|\[\[[\w-]+\||<[^>]*>|\{\w+\}|&[#\w]+;", re.S
)
# What components and plots are given that is no words: ids, drawings, addresses, sizes, numbers in base 64.
ID = re.compile(r"[\w+/=-]+|/web/.*|[a-z]+\(.*\)|[\d.]+rem")
KEYS = {"PageDown", "PageUp", "Esc"}  # of a keyboard


def messages(message):
    """A message to the browser with all that it holds."""
    yield message
    for field, value in message.ListFields():
        if isinstance(value, Message):
            yield from messages(value)
        elif field.message_type and not field.message_type.GetOptions().map_entry:
            for one in value:
                yield from messages(one)


def blocks(block):
    """The elements of a page, with those in them."""
    for child in block.children.values():
        yield child
        yield from blocks(child) if hasattr(child, "children") else ()


def leaves(value, keys=None):
    """The texts in a JSON value; with keys, those under one of them."""
    for key, one in value.items() if isinstance(value, dict) else enumerate(value):
        if isinstance(one, dict) and "bdata" in one:
            continue  # numbers in base 64
        if isinstance(one, dict | list):
            yield from leaves(one, None if keys and key in keys else keys)
        elif isinstance(one, str) and (keys is None or key in keys):
            yield one


def texts_of(message):
    """The texts that a viewer reads of one message."""
    kind = message.DESCRIPTOR.name
    if kind == "PlotlyChart":
        yield from leaves(json.loads(message.spec)["data"], FIGURE)
        yield from leaves(json.loads(message.spec)["layout"] | {"template": {}}, FIGURE)
    elif kind == "BidiComponent" and message.json:
        told = leaves(json.loads(message.json))
        yield from (text for text in told if not ID.fullmatch(text) and not KEYS & {*text.split()})
    elif kind == "Dataframe":
        named, table = json.loads(message.columns or "{}"), convert_arrow_bytes_to_pandas_df(message.arrow_data.data)
        yield from leaves(named, {"label", "help"})
        yield from (str(name) for name in table.columns if not (named.get(name) or {}).get("label"))
        yield from (cell for cell in table.to_numpy().ravel() if isinstance(cell, str))
    elif kind not in ("Html", "Code"):
        for name in FIELDS:
            value = getattr(message, name, "")
            if isinstance(value, str):
                yield value
            elif not isinstance(value, int | float | bool):
                yield from (one for one in value if isinstance(one, str))


def english(page):
    """The English words of a page in Korean, with the text that they stand in."""
    for element in blocks(page._tree):
        if getattr(element, "proto", None) is not None:
            for message in messages(element.proto):
                for text in texts_of(message):
                    if words := foreign(UNREAD.sub(" ", text), "ko"):
                        yield f"{message.DESCRIPTOR.name}: {words} in {text[:160]!r}"


def choices(page):
    """Every control with each of its options, but the language, and the models of one kind, here or to compare with."""
    for control in [*page.selectbox, *page.button_group, *page.checkbox, *page.toggle]:
        if control.key not in ("switch", "model", "compare") and not control.disabled:
            options = getattr(control, "options", None)
            yield from ((control.key, option) for option in options or [not control.value])


class Shown(str):
    """An option as it is shown, which needs no further words."""


@pytest.fixture
def by_its_words(monkeypatch):
    """Options are chosen as the viewer does: by what is shown."""
    formatted = element_tree._format_value_for_widget

    def said(function, value):
        return value if isinstance(value, Shown) else formatted(function, value)

    monkeypatch.setattr(element_tree, "_format_value_for_widget", said)


def choose(page, key, option):
    """The page with that option of a control; None where another option took the control away."""
    controls = [*page.selectbox, *page.button_group, *page.checkbox, *page.toggle]
    control = next((one for one in controls if one.key == key), None)
    if control is None or control.disabled or (isinstance(option, str) and option not in control.options):
        return None
    control.set_value(Shown(option) if isinstance(option, str) else option)
    return healthy(page.run())


@pytest.mark.parametrize(
    "id, step",
    [pytest.param(*page, marks=pytest.mark.crawl) if page[0] not in QUICK else page for page in PAGES],
    ids=lambda part: str(part or ""),
)
def test_every_option_of_a_page_speaks_korean(chapter, by_its_words, id, step):
    page = chapter(id, lang="ko", **({"step": step} if step else {}))
    faults = {*english(page)}
    for key, option in list(choices(page)):
        if choose(page, key, option):
            faults |= {*english(page)}
    assert not faults, "\n".join(sorted(faults))


def test_an_english_word_would_be_found(chapter):
    assert any("'Density'" in fault for fault in english(chapter("density", lang="en")))
