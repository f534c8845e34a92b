"""The language in a real browser: chosen and switched, a page that the browser translates, Streamlit's own words."""

import re

import pytest
from playwright.sync_api import expect


def test_the_browser_chooses_the_language_and_the_switch_changes_all_of_it(visit):
    viewer = visit()
    korean = {"userAgent": viewer.page.evaluate("navigator.userAgent"), "acceptLanguage": "ko-KR"}
    viewer.context.new_cdp_session(viewer.page).send("Emulation.setUserAgentOverride", korean)
    viewer.open("density?source=own")
    html, upload = viewer.page.locator("html"), viewer.page.get_by_test_id("stFileUploaderDropzone").locator("button")
    expect(html).to_have_attribute("lang", "ko")
    expect(viewer.page).to_have_title("밀도 · NADE Lab")
    expect(upload).to_contain_text("파일 고르기")
    viewer.page.get_by_text("English", exact=True).click()
    expect(html).to_have_attribute("lang", "en")
    expect(viewer.page).to_have_title("Density · NADE Lab")
    expect(upload).to_contain_text("Upload")
    expect(viewer.page).to_have_url(re.compile("lang=en"))
    viewer.page.get_by_role("link", name="Generate").click()
    expect(viewer.page.get_by_role("heading", level=1)).to_have_text("Generate")
    expect(html).to_have_attribute("lang", "en")
    viewer.page.get_by_text("한국어", exact=True).click()
    expect(viewer.page.get_by_role("heading", level=1)).to_have_text("생성")
    expect(html).to_have_attribute("lang", "ko")


# As browsers translate: the text within a new element, or a translation in the place of the text.
WRAP = """(replace) => {
  const walker = document.createTreeWalker(document.querySelector('[data-testid="stApp"]'), NodeFilter.SHOW_TEXT);
  const nodes = [];
  const words = (node) => node.data.trim() && !node.parentElement.closest("style, script");
  while (walker.nextNode()) if (words(walker.currentNode)) nodes.push(walker.currentNode);
  for (const node of nodes) {
    const outer = document.createElement("font"), inner = document.createElement("font");
    outer.append(inner);
    node.replaceWith(outer);
    inner.append(replace ? `«${node.data}»` : node);
  }
}"""


@pytest.mark.parametrize("replace", [pytest.param(False, marks=pytest.mark.crawl), True])
def test_a_page_that_the_browser_translated_goes_on_working(viewer, replace):
    viewer.follow("density?lang=en&source=test")
    value = viewer.page.get_by_test_id("stMetricValue").first
    before = value.inner_text()
    viewer.page.evaluate(WRAP, replace)
    viewer.page.locator("button.cell").nth(1).click()
    expect(value).to_have_text(re.compile(r"^−[\d.]+ nats$"))
    expect(value).not_to_have_text(before)
    image = viewer.page.get_by_text(re.compile(r"^«*test image [1-9]\d*: "))
    expect(image.first).to_be_visible()
    viewer.page.evaluate(WRAP, replace)
    viewer.page.get_by_text(re.compile("^«*Noise»*$")).click()
    expect(viewer.page.get_by_text("p(pixel is on)").first).to_be_visible()
    expect(image).to_have_count(0)
    viewer.page.evaluate(WRAP, replace)
    viewer.page.get_by_role("link", name="Rank").click()
    expect(viewer.page.get_by_role("heading", level=1)).to_have_text("Rank")
    viewer.settle()
    viewer.page.evaluate(WRAP, replace)
    viewer.page.get_by_text("한국어").first.click()
    expect(viewer.page.get_by_role("heading", level=1)).to_have_text("순위 매기기")
    expect(viewer.page.get_by_text("Compare with")).to_have_count(0)


def test_streamlits_own_words_in_lists_tables_and_fields_are_told(viewer):
    viewer.follow("rank?lang=ko")
    box = viewer.page.locator("input[role=combobox]").first
    box.click()
    box.fill("zzzz")
    expect(viewer.page.get_by_text("결과가 없어요")).to_be_visible()
    viewer.page.keyboard.press("Escape")
    seed = viewer.page.get_by_test_id("stNumberInputField")
    seed.fill("-5")
    expect(viewer.page.get_by_text("Enter를 누르면 적용돼요")).to_be_visible()
    table = viewer.page.get_by_test_id("stDataFrame")
    table.hover()
    viewer.page.get_by_role("button", name="열 보이기/숨기기").click()
    expect(viewer.page.get_by_text("모두 고르기")).to_be_visible()
    viewer.page.keyboard.press("Escape")
    table.hover()
    viewer.page.get_by_role("button", name="CSV로 내려받기").hover()
    expect(viewer.page.get_by_test_id("stTooltipContent")).to_have_text("CSV로 내려받기")
