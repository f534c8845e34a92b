"""The lesson in a real browser: its steps by keys and by the rail, its link, its presentation, Back and Forward."""

import re
from urllib.parse import parse_qs, urlsplit

from playwright.sync_api import expect

import texts
from lab.chapter import lesson
from lab.chapters.coin import CHAPTER as COIN

from .conftest import step_is

NEXT = lesson()[lesson().index(COIN) + 1]


def address(chapter):
    return "" if chapter.home else chapter.id


def state(url):
    """What an address says, without the language and the model."""
    said = parse_qs(urlsplit(url).query)
    return {key: text[0] for key, text in said.items() if key not in ("lang", "model")}


def at(viewer, chapter, step, language="en", **more):
    """Wait until the viewer is at that step of the chapter, with nothing else in the address but what is given."""
    step_is(viewer.page, chapter, step)
    viewer.heading(texts.translate(language, chapter.title))
    said = ({} if step == chapter.steps[0] else {"step": step}) | more
    viewer.page.wait_for_url(lambda url: urlsplit(url).path == f"/{address(chapter)}" and state(url) == said)
    viewer.settle()  # a run under way may still write into the address


def press(viewer, words):
    viewer.page.get_by_role("button", name=words, exact=True).click()


def test_keys_go_through_the_steps_on_to_the_next_chapter_and_back(viewer):
    viewer.follow(f"{address(COIN)}?lang=en&step={COIN.steps[0]}")
    for step in COIN.steps:
        at(viewer, COIN, step)
        viewer.page.keyboard.press("ArrowRight")
    at(viewer, NEXT, NEXT.steps[0])
    viewer.page.keyboard.press("PageUp")
    at(viewer, COIN, COIN.steps[-1])
    viewer.page.keyboard.press("ArrowLeft")
    at(viewer, COIN, COIN.steps[-2])


def test_an_arrow_that_moves_a_control_does_not_turn_the_page(viewer):
    viewer.follow(f"{address(COIN)}?lang=en&step=curve&p=0.5")
    viewer.page.get_by_role("slider").first.press("ArrowRight")
    expect(viewer.page).to_have_url(re.compile("p=0.51"))
    at(viewer, COIN, "curve", p="0.51")


def test_the_rail_goes_on_and_back_and_to_any_chapter_and_marks_what_was_touched(viewer):
    viewer.follow(f"{address(COIN)}?lang=en&step={COIN.steps[0]}")
    press(viewer, "Next")
    at(viewer, COIN, COIN.steps[1])
    press(viewer, "Back")
    at(viewer, COIN, COIN.steps[0])
    press(viewer, "throw 100")
    at(viewer, COIN, COIN.steps[0], n="110")
    last = lesson()[-1]
    press(viewer, re.compile(rf"^{last.place}\. "))
    at(viewer, last, last.steps[0])
    expect(viewer.page.get_by_role("button", name=re.compile(rf"^{COIN.place}\. .*, touched$"))).to_be_visible()


def test_back_and_forward_go_through_steps_and_chapters_with_their_state(viewer):
    viewer.open(f"{address(COIN)}?lang=en")
    press(viewer, "throw 10")
    at(viewer, COIN, "throw", n="20")
    press(viewer, "Next")
    at(viewer, COIN, "curve", n="20")
    press(viewer, re.compile(rf"^{NEXT.place}\. "))
    at(viewer, NEXT, NEXT.steps[0])
    press(viewer, "Next")
    at(viewer, NEXT, NEXT.steps[1])
    viewer.page.get_by_role("link", name="Density").click()
    viewer.heading("Density")
    walk = [
        (NEXT, NEXT.steps[1], {}),
        (NEXT, NEXT.steps[0], {}),
        (COIN, "curve", {"n": "20"}),
        (COIN, "throw", {"n": "20"}),
    ]
    for chapter, step, more in walk:
        viewer.page.go_back()
        at(viewer, chapter, step, **more)
    viewer.page.go_back()
    at(viewer, COIN, "throw")
    for chapter, step, more in reversed(walk):
        viewer.page.go_forward()
        at(viewer, chapter, step, **more)
    viewer.page.go_forward()
    viewer.heading("Density")


def test_the_language_switch_keeps_the_state(viewer):
    viewer.follow(f"{address(COIN)}?lang=en&step=curve&p=0.7&n=30")
    at(viewer, COIN, "curve", p="0.7", n="30")
    for name, language in (("한국어", "ko"), ("English", "en")):
        viewer.page.get_by_text(name, exact=True).click()
        at(viewer, COIN, "curve", language, p="0.7", n="30")
        expect(viewer.page.get_by_role("slider").first).to_have_value("0.7")


def test_a_link_hides_and_locks_controls_which_keep_its_values(viewer):
    opened = {"step": "never", "throws": "50", "alpha": "0.5"}
    viewer.open(f"{address(COIN)}?lang=en&step=never&throws=50&alpha=0.5&hide=throws&lock=alpha")
    at(viewer, COIN, **opened, hide="throws", lock="alpha")
    expect(viewer.page.get_by_text("throws", exact=True)).to_have_count(0)
    slider = viewer.page.get_by_role("slider")
    expect(slider).to_have_count(1)
    expect(slider).to_be_disabled()
    viewer.open(f"{address(COIN)}?lang=en&step=never&throws=50&alpha=0.5")
    at(viewer, COIN, **opened)
    expect(slider).to_have_count(2)
    expect(slider.first).to_be_enabled()


def test_the_code_shows_the_address_and_the_teacher_hides_a_control(viewer):
    viewer.open(f"{address(COIN)}?lang=en&step=curve&p=0.7")
    at(viewer, COIN, "curve", p="0.7")
    viewer.page.get_by_role("button", name="Share").click()
    shown = viewer.page.get_by_role("dialog")
    expect(shown.get_by_role("img", name=re.compile("step=curve"))).to_be_visible()
    link = shown.get_by_test_id("stCode")
    said = parse_qs(urlsplit(link.inner_text()).query)
    assert said == parse_qs(urlsplit(viewer.page.url).query)
    shown.get_by_role("combobox", name=re.compile("Hide")).click()
    viewer.page.get_by_role("option", name="Your p").click()
    expect(link).to_contain_text("hide=p")
    viewer.open(link.inner_text().removeprefix(f"{viewer.address}/"))
    at(viewer, COIN, "curve", p="0.7", hide="p")
    expect(viewer.page.get_by_role("slider")).to_have_count(0)


def test_p_begins_and_ends_the_presentation_and_b_makes_the_screen_black(viewer):
    viewer.open(f"{address(COIN)}?lang=en")
    navigation = viewer.page.get_by_test_id("stSidebarNav")
    expect(navigation).to_be_visible()
    viewer.page.keyboard.press("p")
    expect(navigation).to_be_hidden()
    at(viewer, COIN, COIN.steps[0], present="1")
    viewer.page.keyboard.press("b")
    expect(viewer.page.locator("#nade-blank")).to_be_visible()
    viewer.page.keyboard.press("b")
    expect(viewer.page.locator("#nade-blank")).to_have_count(0)
    viewer.page.keyboard.press("p")
    expect(navigation).to_be_visible()
    at(viewer, COIN, COIN.steps[0])
