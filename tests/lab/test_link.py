"""The state of a chapter is its link: what stands in it, what comes back from it, and what is remembered."""

import pytest
from streamlit.testing.v1 import AppTest

from lab import cache, link
from lab.chapter import chapters

from .conftest import go, goes, healthy

DEFAULTS = {"n": 3, "c": "x", "r": (8, 20), "k": ["p"], "t": True}
CHOSEN = {"n": "7", "c": "y", "r": "2,5", "k": "q,p", "t": "0"}


def _page():
    import streamlit as st

    from lab import link

    def more():
        st.session_state["n"] += 1
        link.say("n", str(st.session_state["n"]))

    until = st.session_state.get("until")
    st.session_state["address"] = link.address()
    if until == "dialog":  # which runs alone
        return
    link.open_chapter(st.session_state.get("where", "here"))
    if until == "chapter":  # another run breaks this one off
        return
    most = st.session_state.get("most", 9)
    if most:
        link.linked(st.slider, "number", 1, most, key="n", default=3)
    st.button("press", key="press")
    st.button("one more", key="more", on_click=more)
    st.file_uploader("file", key="file")
    link.linked(st.selectbox, "choice", ["x", "y"], key="c", default="x")
    link.linked(st.slider, "range", 0, 28, key="r", default=(8, 20))
    link.linked(st.pills, "several", ["p", "q"], key="k", default=["p"], selection_mode="multi")
    link.linked(st.toggle, "on", key="t", default=True)


def _open(params=None):
    page = AppTest.from_function(_page)
    page.query_params = dict(params or {})
    return healthy(page.run())


def _values(page):
    return {key: page.session_state[key] for key in DEFAULTS}


def test_defaults_stay_out_of_the_link():
    page = _open()
    assert _values(page) == DEFAULTS and page.query_params == {}


def test_what_is_chosen_stands_in_the_link_and_comes_back_from_it():
    page = _open(CHOSEN)
    assert _values(page) == {"n": 7, "c": "y", "r": (2, 5), "k": ["q", "p"], "t": False}
    assert page.query_params == CHOSEN
    page.slider(key="n").set_value(8)
    page.toggle(key="t").set_value(True)
    assert page.run().query_params == {**{k: v for k, v in CHOSEN.items() if k != "t"}, "n": "8"}
    page.pills(key="k").set_value([])
    assert page.run().query_params["k"] == "-" and _values(_open(page.query_params)) == _values(page)


@pytest.mark.parametrize(
    "nonsense",
    [
        {"n": "99", "c": "z", "r": "5,2", "k": "p,p", "t": "maybe"},
        {"n": "many", "c": "", "r": "4", "k": "p,r", "t": "2"},
        {"n": "nan", "c": "x,y", "r": "1,2,3", "k": "q,", "t": "True"},
    ],
)
def test_nonsense_counts_as_the_default_and_leaves_the_link(nonsense):
    page = _open(nonsense)
    assert _values(page) == DEFAULTS and page.query_params == {}


def test_a_change_of_the_url_wins_over_what_the_control_held():
    page = _open({"n": "5"})
    assert goes(page, {"n": "2"}).session_state["n"] == 2
    assert goes(page, {}).session_state["n"] == 3
    page.slider(key="n").set_value(8).run()
    assert goes(page, {}).session_state["n"] == 3  # Back, right after a move


def test_what_was_changed_elsewhere_waits_for_a_control_that_is_not_shown():
    page = _open({"n": "5", "k": "q"})
    page.session_state["most"] = 0
    assert goes(page, {"n": "2"}).query_params == {"n": "2"}
    assert page.run().query_params == {"n": "2"} and page.session_state["k"] == ["p"]
    page.session_state["most"] = 9
    assert page.run().slider(key="n").value == 2


def test_what_no_control_has_said_yet_is_kept():
    page = AppTest.from_function(_page)
    page.session_state["most"], page.query_params = 0, {"n": "5"}
    page.run()
    for n in ("5", "2"):
        page.session_state["where"], page.query_params = "there", {}
        page.run()
        page.session_state["where"], page.query_params = "here", {}
        assert page.run().query_params == {"n": n}
        page.query_params = {}  # a slow browser's
        assert page.run().query_params == {"n": n}
        goes(page, {"n": "2"})


@pytest.mark.parametrize("hand, n", [(8, 2), (9, 9)])
def test_a_hand_that_breaks_off_a_run_holds_where_it_moved_something(hand, n):
    page = _open({"n": "8"})
    page.session_state["until"] = "chapter"
    goes(page, {"n": "2"})
    page.session_state["until"], page.session_state["n"] = None, hand
    assert page.run().session_state["n"] == n and page.query_params == {"n": str(n)}


def test_the_link_in_a_dialog_says_what_a_slow_browser_does_not_know():
    page = _open({"n": "5", "c": "y"})
    page.slider(key="n").set_value(3)
    page.toggle(key="t").set_value(False)
    page.run().query_params = {"n": "5", "c": "y"}
    page.session_state["until"] = "dialog"
    assert page.run().session_state["address"] == {"c": "y", "t": "0"}


HANDS = {
    "the same slider": lambda page: page.slider(key="n").set_value(8),
    "a toggle": lambda page: page.toggle(key="t").set_value(False),
    "a button": lambda page: page.button(key="press").click(),
    "a button with a callback": lambda page: page.button(key="more").click(),
    "a file": lambda page: page.file_uploader(key="file").set_value([("a.txt", b"a", "text/plain")]),
    "none: the page runs by itself": lambda page: page,
}


@pytest.mark.parametrize("hand", HANDS)
def test_a_hand_is_quicker_than_the_url(hand):
    """What is moved or pressed before the browser has heard of the last move: its request has the former address."""
    page = _open({"present": "1", "c": "y"})
    page.slider(key="n").set_value(5)
    page.selectbox(key="c").set_value("x")
    page.run().query_params = {"c": "y"}
    page = healthy(HANDS[hand](page).run())
    n = 8 if hand == "the same slider" else 6 if "callback" in hand else 5
    expected = {"present": "1", "n": str(n)} | ({"t": "0"} if hand == "a toggle" else {})
    assert page.query_params == expected and page.session_state["n"] == n and page.session_state["c"] == "x"
    assert goes(page, {"present": "1", "c": "y"}).session_state["n"] == 3  # Back: it wins
    assert page.session_state["c"] == "y"


def test_a_chapter_that_is_left_is_remembered_and_has_its_controls_to_itself():
    page = _open({"n": "5"})
    page.session_state["where"], page.query_params = "there", {}
    assert _values(page.run()) == DEFAULTS and page.query_params == {}
    page.session_state["where"], page.query_params = "here", {}
    assert page.run().session_state["n"] == 5 and page.query_params == {"n": "5"}
    page.session_state["where"], page.query_params = "there", {"n": "4"}
    assert page.run().session_state["n"] == 4  # a link says all of a chapter


def test_a_value_that_is_no_longer_possible_gives_way():
    page = _open({"n": "7"})
    page.session_state["most"] = 6
    assert healthy(page.run()).session_state["n"] == 3 and page.query_params == {}


LINKS = [
    ("generate", {"n": "16", "seed": "7", "temperature": "0.7", "chosen": "3"}),
    ("generate", {"model": "nade-animals", "n": "4", "label": "cat"}),
    ("generate", {"model": "rnade-moons", "n": "60", "point": "9"}),
    ("density", {"source": "test", "image": "9"}),
    ("density", {"model": "nade-animals", "source": "test", "of": "cat", "sheet": "2", "given": "dog"}),
    ("density", {"source": "noise", "on": "0.25", "seed": "3"}),
    ("density", {"source": "own", "auto": "0", "threshold": "90", "ground": "dark", "crop": "0"}),
    ("density", {"model": "rnade-moons", "x1": "0.5", "x2": "-0.25"}),
    ("density", {"model": "categorical-photo", "colour": "#a06040"}),
    ("rank", {"each": "20", "seed": "4", "compare": "independent-mnist"}),
    ("rank", {"each": "20", "kinds": "real,all-on", "lowest": "1", "open": "3"}),
    (
        "complete",
        {
            "of": "7",
            "sheet": "2",
            "image": "4",
            "region": "box",
            "rows": "3,9",
            "columns": "0,28",
            "n": "4",
            "seed": "2",
            "chosen": "3",
        },
    ),
    ("complete", {"region": "random-pixels", "share": "90", "n": "8", "completer": "any-order-mnist"}),
    ("complete", {"source": "own", "auto": "0", "threshold": "90", "ground": "dark", "crop": "0"}),
    ("nade", {"step": "count", "H": "20"}),
    ("nade", {"step": "generate", "model": "nade-animals", "label": "4", "seed": "3", "at": "300", "bet": "on"}),
]
NO_LINK = {
    "answer",  # any number is an answer
    "group",  # the model says it
    "switch",
    "presenting",
    "pictures",
    "picture",
    "look",
    "drawn-over",
}  # stand as lang and present; files of one's own


@pytest.mark.parametrize("lang", ["ko", "en"])
@pytest.mark.parametrize("id, params", LINKS)
def test_every_control_comes_back_from_its_link_in_every_language(chapter, id, params, lang):
    page = chapter(id, lang=lang, **params)
    assert page.segmented_control(key="switch").value == lang
    assert {key: page.query_params[key] for key in params} == params
    assert {key: link.write(page.session_state[key]) for key in params} == params


@pytest.mark.parametrize(
    "nonsense",
    ["banana", *(pytest.param(one, marks=pytest.mark.crawl) for one in ("-77", "1e9", "²", "nan", "3,4,5", ","))],
)
def test_nonsense_in_a_link_is_no_error_on_any_page(chapter, nonsense):
    pages = {}
    for id, params in LINKS:
        pages.setdefault((id, params.get("model", ""), params.get("source", "")), set()).update(params)
    for (id, *said), keys in pages.items():
        given = dict.fromkeys(keys, nonsense) | {k: v for k, v in zip(("model", "source"), said, strict=True) if v}
        page = chapter(id, **given | ({"each": "20"} if id == "rank" else {"n": "4"} if "n" in keys else {}))
        shown = {*page.session_state["controls"], "chosen", "open"}
        assert nonsense not in [text for key, text in page.query_params.items() if key in shown]


def test_no_control_is_without_a_link(chapter):
    known = {(id, key) for id, params in LINKS for key in params}
    for id, params in LINKS:
        page = chapter(id, **params)
        kinds = "button_group", "color_picker", "number_input", "select_slider", "selectbox", "slider", "toggle"
        found = {widget.key for kind in kinds for widget in page.get(kind)} - NO_LINK - {"model"}
        assert {(id, key) for key in found} <= known, found


def test_the_model_follows_from_chapter_to_chapter_and_the_rest_stays(chapter):
    page = chapter("density", model="nade-animals", source="test", image=5)
    page = healthy(go(page, "generate", n=4))
    assert page.selectbox(key="model").value == "nade-animals" and page.query_params["model"] == "nade-animals"
    page = healthy(go(page, "density"))
    assert page.query_params == {"lang": "en", "model": "nade-animals", "source": "test", "image": "5"}
    page.selectbox(key="group").set_value("mnist")
    assert healthy(page.run()).query_params == {"lang": "en", "model": "nade-mnist", "source": "test", "image": "5"}


def test_another_models_ends_are_no_error(chapter):
    page = chapter("density", model="rnade-rings", x1=4.1, x2=-4.1)
    for name in [name for name, card in cache.cards().items() if card.model == "RNADE"] + ["nade-mnist"]:
        assert healthy(go(page, "density", model=name, x1=4.1, x2=-4.1)).query_params["model"] == name


def test_every_chapter_opens_at_its_address(chapter):
    for id, (what, _render) in chapters().items():
        assert chapter(id).title[0].value == what.title


def test_a_control_that_the_browser_makes_late_begins_where_it_stands():
    page = _open({"n": "7", "c": "y", "r": "2,5", "k": "q,p", "t": "0"})
    for _run in range(2):  # the second one sets nothing: the browser may have made nothing of the first
        assert list(page.slider(key="n").proto.default) == [7] and list(page.slider(key="r").proto.default) == [2, 5]
        assert page.selectbox(key="c").proto.default == 1 and not page.toggle(key="t").proto.default
        assert sorted(page.pills(key="k").proto.default) == [0, 1]
        page = healthy(page.run())
    assert not page.slider(key="n").proto.set_value
    page.slider(key="n").set_value(8)
    assert list(healthy(page.run()).slider(key="n").proto.default) == [8] and page.query_params["n"] == "8"
