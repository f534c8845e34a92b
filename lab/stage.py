"""The frame of a chapter of the lesson: the stage at the left, the board at the right, the rail below both.

The stage holds the one thing that is touched and what it shows; the board holds the formula with this moment's
numbers, two or three figures that matter, and the words of this step.
"""

import re
from collections.abc import Callable
from functools import partial
from typing import Any

import streamlit as st

from lesson import questions

from . import link
from .chapter import Chapter
from .components import rail
from .link import linked, presenting
from .words import _, explain, prose

STEP = "step"
LAB = "density"  # where the lesson leads on to: one's own picture, and its log p
MINUS = re.compile(r"(?<![\w−-])-(?=\d)")


def step(chapter: Chapter) -> str:
    """The step of the chapter that is on the stage, as the link says; the first one by default."""
    text = link.arriving(STEP)
    if text is not None:
        st.session_state[STEP] = text if text in chapter.steps else chapter.steps[0]
    here = st.session_state[STEP] = st.session_state[STEP]  # no widget keeps it
    link.say(STEP, None if here == chapter.steps[0] else here)
    return here


def columns() -> tuple[Any, Any]:
    """The stage and the board, 3 : 2 where the window is wide; a chart on the stage is as tall as the window allows."""
    with st.container(key="play"):
        left, right = st.columns([3, 2], gap="large")
    return left.container(key="stage"), right.container(key="board")


def halves() -> tuple[Any, Any, Any]:
    """Two halves that are equals, and the room under both."""
    with st.container(key="play"):
        left, right = st.columns(2, gap="large")
        return left, right, st.container()


def whole() -> Any:
    """Stage and board in one, for what has a board of its own."""
    return st.container(key="play")


def below() -> Any:
    """What needs more room than the screen, under stage and board; a presentation leaves it out."""
    return st.container(key="below")


def words(chapter: Chapter, here: str, **facts: Any) -> None:
    """The words of a step, from the chapter's prose."""
    explain(prose(chapter.id, here, **facts))


def formula(latex: str, key: str = "formula") -> None:
    """The formula of the board, with this moment's numbers in it; a second one has a key of its own."""
    with st.container(key=f"board-{key}"):
        st.latex(latex)


def figures(values: dict[str, str]) -> None:
    """The two or three figures that matter, side by side."""
    with st.container(horizontal=True, gap="small", key="figures"):
        for name, value in values.items():
            st.metric(name, MINUS.sub("−", value), width="content")


def wide(pixels: int) -> int:
    """The width of a control whose words take so many pixels on a page: before a hall they are larger."""
    return 2 * pixels if presenting() else pixels


def kept(key: str, default: Any, low: Any = None, high: Any = None) -> Any:
    """A value without a control of its own, which buttons change: it stands in the link as others do."""
    text = link.arriving(key)
    if text is not None:
        st.session_state[key] = link.read(text, default, () if low is None else (low, high))
    value = st.session_state[key] = st.session_state[key]  # said anew in each run, or it would be forgotten
    link.say(key, None if value == default else link.write(value))
    link.controls().setdefault(key, key)
    return value


def keep(key: str, value: Any, default: Any) -> None:
    """Set such a value, from a button or in the browser; one that the link holds stays what it is."""
    if link.fixed(key):
        return
    st.session_state[key] = value
    link.say(key, None if value == default else link.write(value))


def guess(key: str, label: str, low: float, high: float, step: float, first: float) -> float | None:
    """A prediction by a slider, made before the answer is shown; None until the viewer commits to it.

    Both the guess and that it was made stand in the link.
    """
    return _committed(key, partial(linked, st.slider, label, low, high, key=key, default=first, step=step))


def guess_among(key: str, label: str, options: list[Any], first: Any) -> Any:
    """A prediction as ``guess`` is one, of one of the options, which stand in an order."""
    return _committed(key, partial(linked, st.select_slider, label, options, key=key, default=first))


def _committed(key: str, control: Callable[..., Any]) -> Any:
    """What the control says, once the viewer asks for the answer; then it stays as it is."""
    shown = is_shown(key)
    with st.container(horizontal=True, vertical_alignment="bottom", key=f"{key}-row"):
        value = control(disabled=shown)
        if not shown and not answers_hidden():
            st.button(_("Show the answer"), key=f"{key}-button", type="primary", on_click=_show, args=(key,))
    return value if shown else None


def is_shown(key: str) -> bool:
    """Whether the answer to a prediction is shown."""
    return kept(f"{key}-shown", False) and not answers_hidden()


def answers_hidden() -> bool:
    """Whether the teacher's link keeps the answers for later."""
    return link.asked(link.ANSWERS) == link.HIDDEN


def _show(key: str) -> None:
    keep(f"{key}-shown", True, False)


def question(chapter: Chapter, id: str, ask: str, options: dict[str, str] | None = None, **state: Any) -> None:
    """The question that closes a chapter, one of lesson.questions, answered from the ``state`` of this moment.

    ``options`` are words by id, for one that offers a choice. Why the answer is right stands in the chapter's prose,
    under ``because``. It stands in the steps that the question names.
    """
    asked = questions.QUESTIONS[id]
    if answers_hidden() or st.session_state[STEP] not in asked.steps:
        return
    with st.container(border=True, key="closing"):
        explain(f"**{ask}**")
        given = _answer(asked, ask, options)
        if given is not None:
            truth = questions.answer(id, **state)
            right = questions.is_right(id, given, **state)
            verdict = _("Yes.") if right else _("Not quite: {answer}.", answer=_truth(asked, truth, options))
            explain(f"{verdict} {prose(chapter.id, 'because')}")


def _answer(asked: questions.Question, ask: str, options: dict[str, str] | None) -> Any:
    common = {"default": None, "label_visibility": "collapsed"}
    if options:
        return linked(st.pills, ask, list(options), key="answer", format_func=options.get, **common)
    kind = int if asked.kind == questions.INTEGER else float
    look = {"format": "%d" if kind is int else f"%.{asked.digits}f", "width": 260}
    look["step"] = kind(1) if kind is int else 10.0**-asked.digits
    return linked(st.number_input, ask, key="answer", kind=kind, placeholder=_("your answer"), **look, **common)


def _truth(asked: questions.Question, truth: Any, options: dict[str, str] | None) -> str:
    if options:
        return options[str(truth)]
    return f"{truth:,}" if asked.kind == questions.INTEGER else f"{truth:.{asked.digits}f}"


def foot(chapter: Chapter, lesson: list[Chapter]) -> None:
    """The sentence to keep, before a hall with the last step, and the rail: where one is, back, next."""
    if chapter.sentence and not (presenting() and st.session_state.get(STEP) != chapter.steps[-1]):
        with st.container(key="sentence"):
            explain(_(chapter.sentence))
    names = [{"id": c.id, "place": c.place, "short": _(c.short), "title": _(c.title)} for c in lesson]
    steps = list(chapter.steps)
    here = st.session_state.get(STEP)
    at = steps.index(here) if here in steps else 0
    place = {"chapter": chapter.id, "steps": len(steps), "step": at, "hall": presenting()}
    rail({"chapters": names, "words": _rail_words(), **place}, on_go=lambda: _go(chapter, lesson))
    _asked()


def _rail_words() -> dict[str, Any]:
    return {
        "back": _("Back"),
        "next": _("Next"),
        "lab": _("To the lab"),
        "where": _("chapter {n} of {all}, step {step} of {steps}"),
        "touched": _("touched"),
        "lesson": _("The lesson"),
        "blank": _("The screen is blank; any key brings it back"),
        "on": _("On from where you left: {place} · {title}"),
        "keys": [
            ["→  PageDown", _("next step, then the next chapter")],
            ["←  PageUp", _("back")],
            ["P", _("presentation on and off")],
            ["F", _("full screen")],
            ["B", _("blank the screen")],
            ["?", _("these keys")],
            ["Esc", _("close what is open")],
        ],
    }


def _go(chapter: Chapter, lesson: list[Chapter]) -> None:
    """Where the rail, or a key, sends the viewer: "next", "back", "present", a chapter's id, or "id:step"."""
    to, _colon, step = _asked().partition(":")
    steps, ids = list(chapter.steps), [c.id for c in lesson]
    at, place = steps.index(st.session_state.get(STEP, steps[0])), ids.index(chapter.id)
    if to == "present":
        link.say(link.PRESENT, None if presenting() else "1")
    elif to == "next" and at + 1 < len(steps):
        _to_step(steps, at + 1)
    elif to == "back" and at > 0:
        _to_step(steps, at - 1)
    elif to == "next" and place + 1 < len(ids):
        link.leave_for(ids[place + 1], step=None)
    elif to == "next" and not presenting():
        link.leave_for(LAB)
    elif to == "back" and place > 0:
        link.leave_for(ids[place - 1], step=lesson[place - 1].steps[-1])
    elif to == chapter.id and step:
        _to_step(steps, min(int(step), len(steps) - 1))
    elif to in ids:
        there = lesson[ids.index(to)].steps
        link.leave_for(to, **({"step": there[min(int(step), len(there) - 1)]} if step else {}))


def _asked() -> str:
    """Where the browser asks to go; nowhere, "", where it says again what was answered before."""
    to, when = st.session_state["rail"].get("go") or ("", 0)
    if when <= st.session_state.get("gone", 0):
        return ""
    st.session_state["gone"] = when
    return to


def _to_step(steps: list[str], at: int) -> None:
    st.session_state[STEP] = steps[at]
    link.say(STEP, steps[at] if at else None)
