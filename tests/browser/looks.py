"""What can be seen of a page: its words, texts that do not fit, and what stands in somebody's way."""

import time
from pathlib import Path

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import TimeoutError, expect

from tests.conftest import PATIENCE
from tests.foreign import foreign

from .conftest import TWO_FRAMES

HERE = Path(__file__).parent
SEEN, WIDE_JS = (HERE / "seen.js").read_text("utf-8"), (HERE / "wide.js").read_text("utf-8")
SCHEMES = {"light": "rgb(255, 255, 255)", "dark": "rgb(16, 21, 28)"}  # and the colour of the page


def found(page, script):
    """What a script finds amiss, once the page has taken its size."""
    page.evaluate(TWO_FRAMES)
    try:
        page.wait_for_function(
            f"({script})().length === 0", polling=100, timeout=PATIENCE
        )  # not each frame: it is long
        return []
    except TimeoutError:
        return page.evaluate(f"({script})()")


def too_wide(page, *sizes):
    """The texts that do not fit the window, in each of the sizes."""
    for size in sizes:
        page.set_viewport_size(size)
        yield from (f"at {size['width']}: {fault}" for fault in found(page, WIDE_JS))


def of_another_language(page, language):
    """The words of a page, with those of lists that open, that are not of its language."""
    expect(page.locator("html")).to_have_attribute("lang", language)
    page.keyboard.press("Escape")  # help opens by the focus for those who use keys
    for what, text in [*page.evaluate(SEEN), *listed(page)]:
        yield from (f"{what}: {word!r} in {text!r}" for word in foreign(text, language))


def listed(page):
    """The options of every list that opens."""
    for box in page.locator("input[role=combobox]:enabled").all():
        option = page.locator("[role=listbox] [role=option]")
        opened(box, option.first)
        yield from (("option", text) for text in option.all_inner_texts())
        page.keyboard.press("Escape")
        expect(option).to_have_count(0)


def opened(box, option):
    """Open a list; a run of the page that ends just then closes it again."""
    for patience in (3_000, 10_000, 30_000):
        box.click()
        try:
            return expect(option, box.get_attribute("aria-label")).to_be_visible(timeout=patience)
        except AssertionError:
            continue
    raise AssertionError(f"{box.get_attribute('aria-label')} does not open")


def scheme(page, name):
    """Show the page in that scheme."""
    page.emulate_media(color_scheme=name)
    expect(page.get_by_test_id("stApp")).to_have_css("background-color", SCHEMES[name])


def faint(page):
    """What axe finds faint, once all that is slow to take the page's colours has taken them."""
    until = time.monotonic() + PATIENCE / 1000
    while (faults := [*serious(page, "color-contrast")]) and time.monotonic() < until:
        page.evaluate(TWO_FRAMES)
    return faults


def serious(page, *rules):
    """What axe finds that is serious or worse; by these rules alone, where there are any."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE_SCRIPT)
    options = {"resultTypes": ["violations"]} | ({"runOnly": list(rules)} if rules else {})
    for fault in page.evaluate("(options) => axe.run(options)", options)["violations"]:
        if fault["impact"] in ("serious", "critical"):
            yield from (f"{fault['id']}: {node['target']} {node['html'][:140]}" for node in fault["nodes"])
