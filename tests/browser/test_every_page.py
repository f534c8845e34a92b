"""Every page as it is seen: in one language, within its boxes wide and on a phone, and in nobody's way.

``make test`` goes through every step and page in Korean, and sees the first page in English; ``make crawl`` goes
through all in both, and through the pages of other models and sources.
"""

import re

import pytest
from playwright.sync_api import expect

import texts
from lab.chapter import chapters, lesson

from . import looks
from .conftest import PHONE, WIDE, step_is
from .looks import WIDE_JS

STATES = {  # of a chapter: what else is to be seen, beside what it shows at first
    "generate": ["model=nade-animals", "model=rnade-moons", "model=categorical-photo"],
    "density": ["source=test", "source=own", "source=noise", "model=rnade-dog", "model=rnade-photo"],
    "rank": ["compare=made-mnist", "model=rnade-dog", "model=rnade-photo"],
    "complete": ["source=own"],
    "nade": ["step=look&model=nade-animals", "step=count&model=nade-mnist-classes"],
}
ADDRESSES = {id: "" if chapter.home else id for id, (chapter, _render) in chapters().items()}
LAB = [chapter for chapter, _render in chapters().values() if chapter.group == "lab"]
SEEN_ALWAYS = ["home"]  # the others are for make crawl
HEADINGS = "[...document.querySelectorAll('h1, h2, h3, h4')].map((h) => Number(h.tagName[1]))"
FAINT = """[...document.querySelectorAll('[data-testid="stCaptionContainer"]')]
  .filter((one) => getComputedStyle(one).opacity !== "1").map((one) => one.innerText)"""


def told(where, faults):
    """The faults with where they were found."""
    return [f"/{where}: {fault}" for fault in faults]


def steps(viewer, language):
    """Go through the lesson by a presenter's clicker, from the first step of all to the last."""
    viewer.open(f"?lang={language}")
    for chapter in lesson():
        for step in chapter.steps:
            step_is(viewer.page, chapter, step)
            yield chapter, step
            viewer.page.evaluate("document.activeElement?.blur()")  # a key in a field is for the field
            viewer.page.keyboard.press("PageDown")


def seen(viewer, language, sizes=(WIDE, PHONE)):
    """What is amiss with the words and the boxes of the page as it stands; it ends in the other size."""
    yield from looks.of_another_language(viewer.page, language)
    yield from looks.too_wide(viewer.page, *sizes)
    viewer.fits()


@pytest.mark.parametrize(
    "language",
    [pytest.param(one, marks=pytest.mark.crawl if one == texts.catalog.SOURCE else ()) for one in texts.LANGUAGES],
)
def test_every_step_speaks_one_language_and_fits_wide_and_phone(viewer, language):
    sizes, faults = [WIDE, PHONE], []
    for chapter, step in steps(viewer, language):
        faults += told(f"{chapter.id}, {step}", seen(viewer, language, sizes))
        sizes.reverse()  # the window is in the last one
    assert not faults, "\n".join(faults)


def test_every_page_of_the_lab_speaks_korean_and_fits_wide_and_phone(viewer):
    sizes, faults = [WIDE, PHONE], []
    for chapter in LAB:
        viewer.follow(f"{ADDRESSES[chapter.id]}?lang=ko")
        expect(viewer.page).to_have_title(f"{texts.translate('ko', chapter.title)} · NADE Lab")
        faults += told(chapter.id, seen(viewer, "ko", sizes))
        sizes.reverse()  # the window is in the last one
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize(
    "id", [one if one in SEEN_ALWAYS else pytest.param(one, marks=pytest.mark.crawl) for one in ADDRESSES]
)
def test_every_page_is_in_order_and_in_nobodys_way_light_and_dark(viewer, id):
    viewer.open(f"{ADDRESSES[id]}?lang=en")
    expect(viewer.page).to_have_title(f"{chapters()[id][0].title} · NADE Lab")
    faults = [*looks.serious(viewer.page)]
    looks.scheme(viewer.page, "dark")
    faults += [f"dark: {fault}" for fault in looks.faint(viewer.page)]
    levels = viewer.page.evaluate(HEADINGS)
    steps_down = zip(levels, levels[1:], strict=False)
    assert levels[0] == 1 and all(after <= before + 1 for before, after in steps_down), levels
    assert viewer.page.evaluate(FAINT) == []
    faults += seen(viewer, "en")
    assert not faults, "\n".join(faults)


@pytest.mark.crawl
@pytest.mark.parametrize("id", STATES)
@pytest.mark.parametrize("language", texts.LANGUAGES)
def test_pages_of_other_models_and_sources_speak_one_language_and_fit(viewer, language, id):
    faults = []
    for state in STATES[id]:
        viewer.page.set_viewport_size(WIDE)
        viewer.open(f"{ADDRESSES[id]}?lang={language}&{state}")
        faults += told(f"{id}?{state}", seen(viewer, language))
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize("width, fits", [(400, True), (40, False)])
def test_a_text_that_does_not_fit_would_be_found(viewer, width, fits):
    viewer.blank()
    viewer.page.set_content(
        f"<h1>one</h1><p style='width: {width}px; overflow: hidden; white-space: nowrap'>some text</p>"
    )
    assert (viewer.page.evaluate(WIDE_JS) == []) == fits


def test_what_stands_in_the_way_would_be_found(viewer):
    viewer.blank()
    viewer.page.set_content("<html lang='en'><main><h1>one</h1><p style='color: #aaa'>faint</p></main></html>")
    assert re.match("color-contrast: ", next(looks.serious(viewer.page, "color-contrast")))
