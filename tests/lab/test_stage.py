"""The frame of the lesson: steps, guesses and questions stand in the link; a link hides and locks; the table of contents."""

import pytest
import streamlit as st

from lab import contents, link, stage
from lab.chapter import chapters, lesson
from lab.numbers import NBSP
from lab.words import JOINER, explain
from lesson import questions

from .conftest import healthy, metric, words

LESSON = lesson()


@pytest.mark.parametrize("chapter_", LESSON, ids=lambda c: c.id)
def test_every_step_opens_with_its_words_in_both_languages(chapter, chapter_):
    for step in chapter_.steps:
        page = chapter(chapter_.id, step=step)
        assert page.query_params.get("step", chapter_.steps[0]) == step
    korean = chapter(chapter_.id, step=chapter_.steps[-1], lang="ko")
    assert any("가" <= letter <= "힣" for letter in words(korean))


def test_a_guess_is_kept_and_then_stands_beside_the_answer(chapter):
    page = chapter("coin", n=100)
    page.slider(key="guess").set_value(0.25).run()
    assert page.query_params["guess"] == "0.25" and "guess-shown" not in page.query_params
    assert "Guess before you look" in words(page)
    page.button(key="guess-button").click().run()
    assert page.query_params["guess-shown"] == "1" and page.slider(key="guess").disabled
    assert "Guess before you look" not in words(page)  # what asked for the guess
    again = chapter("coin", n=100, guess=0.25, **{"guess-shown": 1})
    assert [m.value for m in again.metric] == [m.value for m in page.metric]


def test_what_the_chain_rule_takes_is_guessed_first(chapter):
    page = chapter("rules", numbers=4)
    assert metric(page, "free numbers of the table") == "2³ − 1 = 7" and "exact for every table" not in words(page)
    page.button(key="numbers-button").click().run()
    assert metric(page, "free numbers") == "1 + 2 + 4 = 7" and "exact for every table" in words(page)
    assert page.select_slider(key="numbers").value == 4 and page.query_params["numbers-shown"] == "1"


def test_the_closing_question_is_answered_from_the_page(chapter):
    page = chapter("independence", p1=0.5, p2=0.5, answer=0.25)
    assert "Yes." in words(page)
    assert "Not quite: 0.25." in words(chapter("independence", p1=0.5, p2=0.5, answer=0.5))
    assert "Yes." not in words(chapter("independence", step="coins", p1=0.5, p2=0.5, answer=0.25))


def test_a_link_hides_and_locks_controls(chapter):
    page = chapter("coin", step="curve", p=0.4, hide="p")
    assert not [slider for slider in page.slider if slider.key == "p"]
    assert "0.40" in page.latex[0].value
    assert chapter("coin", step="curve", p=0.4, lock="p").slider(key="p").disabled


def test_where_the_browser_says_again_that_it_goes_was_gone_to_before(monkeypatch):
    monkeypatch.setattr(st, "session_state", {"rail": {"go": ["next", 5]}})
    assert (stage._asked(), stage._asked()) == ("next", "")
    st.session_state["rail"] = {}
    assert stage._asked() == ""


@pytest.mark.parametrize("hall", [False, True])
def test_after_the_last_step_the_lesson_leads_on_to_the_lab_but_not_before_a_hall(monkeypatch, hall):
    monkeypatch.setattr(st, "session_state", {"rail": {"go": ["next", 5]}, "step": LESSON[-1].steps[-1]})
    monkeypatch.setattr(stage, "presenting", lambda: hall)
    gone = []
    monkeypatch.setattr(link, "leave_for", gone.append)
    stage._go(LESSON[-1], LESSON)
    assert gone == ([] if hall else [stage.LAB]) and stage.LAB in chapters()


def test_presentation_follows_from_chapter_to_chapter_and_bars_from_the_link(chapter):
    page = chapter("rules", present=1, joint="0.5,0,0,0,0,0,0,0.5")
    assert page.query_params["present"] == "1"
    assert "0.500" in page.latex[0].value
    page.segmented_control(key="switch").set_value("ko").run().query_params = {"lang": "en"}  # a slow browser's
    assert healthy(page.run()).query_params == {"lang": "ko", "present": "1", "joint": "0.5,0,0,0,0,0,0,0.5"}
    assert f"p(x₂{NBSP}|{JOINER}{NBSP}x₁)" in " ".join(e.value for e in page.markdown)  # no line ends in it
    assert chapter("rules", joint="0.5,0.7").latex[0].value == chapter("rules").latex[0].value


def test_marks_at_which_no_line_ends_are_not_typeset(monkeypatch):
    said = []
    monkeypatch.setattr(st, "markdown", lambda text, **_: said.append(text))
    explain("log p of n = 2, e ≈ 2.7 is $p(x_1 | x_2) = 2$")
    assert said == [f"log{NBSP}p of n{NBSP}={NBSP}2, e{NBSP}≈{NBSP}2.7 is $p(x_1 | x_2) = 2$"]


def test_every_chapter_of_the_lesson_says_what_the_frame_needs():
    assert [chapter.place for chapter in LESSON] == sorted({chapter.place for chapter in LESSON})
    assert all(chapter.short and chapter.sentence and chapter.steps for chapter in LESSON)
    assert link.LANGUAGE not in link.controls()
    steps = {chapter.id: set(chapter.steps) for chapter in LESSON}
    assert all(asked.steps and set(asked.steps) <= steps[asked.chapter] for asked in questions.QUESTIONS.values())


def test_the_readme_lists_every_chapter():
    inside = contents.README.read_text("utf-8").split(contents.START)[1].split(contents.END)[0]
    assert inside == contents.table(), "run python -m lab.contents"
    assert len(inside.splitlines()) == len(chapters()) + 2
