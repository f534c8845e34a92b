"""Every page in every language: no word of another one, nothing wider than its box, and a page translated under way."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import TimeoutError, expect

import texts
from lab.chapter import chapters
from nade_core import list_models
from nade_core.models import MODELS

from .conftest import PHONE, WIDE

HERE = Path(__file__).parent
SEEN, WIDE_JS = (HERE / "seen.js").read_text("utf-8"), (HERE / "wide.js").read_text("utf-8")
SCHEMES = {"light": "rgb(255, 255, 255)", "dark": "rgb(16, 21, 28)"}  # and the colour of the page
STATES = {  # of a chapter: what else is to be read, beside what it shows at first
    "generate": ["model=pixelcnn-animals", "model=rnade-moons", "model=categorical-photo"],
    "density": ["source=test", "source=own", "source=noise", "model=rnade-dog", "model=rnade-photo"],
    "rank": ["compare=made-mnist", "model=rnade-dog", "model=rnade-photo"],
    "complete": ["source=own"],
    "nade": ["step=look&model=nade-animals", "step=count&model=nade-mnist-classes"],
}
# What Korean readers write in Latin letters: names, formats, and symbols of more than one letter.
TERMS = re.findall(
    r"\S+",
    """NADE EoNADE ConvNADE DeepNADE PixelRNN DARN DRAW VLAE RBM MNIST Fashion-MNIST Chow-Liu AUROC DeLong Otsu EXIF MoG KL
PNG SVG JPG JPEG GIF WEBP BMP TIF TIFF CSV NPZ NPY ZIP RGB MB GB KB CPU GPU CUDA QR Lab log max min exp bits nat dim or xor Enter
Ctrl English""",
)
TERMS += [*MODELS, *(card.name for card in list_models())]
LATIN = re.compile(r"[A-Za-z][A-Za-z'’-]*[A-Za-z]")
NOT_WORDS = re.compile(
    r"(?<=[가-힣])\([A-Za-z ,-]+\)"  # an English term in brackets after the Korean one
    r"|(?:van den )?[A-Z]\w+ (?:et al\.|& [A-Z]\w+),? \d{4}"  # a citation
    r"|%\{[^}]*\}|</?\w+>"  # the gaps and tags of hover texts
    r"|\b[\w-]+\.(?:png|csv|npz|npy|safetensors)\b"
)


def foreign(text, language):
    """The words of a text that are not of that language."""
    if language == "en":
        return re.findall("[가-힣]+", text.replace("한국어", ""))
    return [word for word in LATIN.findall(NOT_WORDS.sub(" ", text)) if word not in TERMS]


def addresses(language):
    """Every page to read: chapter, address, state. In English, where only Hangul would be amiss, as it is at first."""
    for id, (chapter, _render) in chapters().items():
        for state in ["", *STATES.get(id, [])] if language != texts.catalog.SOURCE else [""]:
            yield chapter, f"{'' if chapter.home else id}?lang={language}&{state}", state


def read(viewer):
    """All words of a page, with those of lists that open."""
    seen = viewer.page.evaluate(SEEN)
    for box in viewer.page.locator("input[role=combobox]:enabled").all():
        option = viewer.page.locator("[role=listbox] [role=option]")
        opened(box, option.first)
        seen += [("option", text) for text in option.all_inner_texts()]
        viewer.page.keyboard.press("Escape")
        expect(option).to_have_count(0)
    return seen


def opened(box, option):
    """Open a list; a run of the page that ends just then closes it again."""
    for patience in (3_000, 10_000, 30_000):
        box.click()
        try:
            return expect(option, box.get_attribute("aria-label")).to_be_visible(timeout=patience)
        except AssertionError:
            continue
    raise AssertionError(f"{box.get_attribute('aria-label')} does not open")


def too_wide(viewer):
    """The texts that do not fit once the page has taken its new size."""
    try:
        viewer.page.wait_for_function(f"({WIDE_JS})().length === 0", timeout=3_000)
        return []
    except TimeoutError:
        return viewer.page.evaluate(WIDE_JS)


def looked_at(viewer, language, schemes):
    """What is wrong with the page as it stands: its words, then its boxes, wide and phone, in each of the schemes."""
    assert viewer.page.evaluate("document.documentElement.lang") == language
    for what, text in read(viewer):
        yield from (f"{what}: {word!r} in {text!r}" for word in foreign(text, language))
    for scheme in schemes:
        viewer.page.emulate_media(color_scheme=scheme)
        expect(viewer.page.get_by_test_id("stApp")).to_have_css("background-color", SCHEMES[scheme])
        for size in (PHONE, WIDE):
            viewer.page.set_viewport_size(size)
            yield from (f"at {size['width']}, {scheme}: {fault}" for fault in too_wide(viewer))
            viewer.fits()


@pytest.mark.parametrize("language", texts.LANGUAGES)
def test_every_page_speaks_one_language_and_fits_wide_and_phone_light_and_dark(visit, language):
    viewer, faults, schemes = visit(), [], ["dark", "light"]
    for chapter, path, state in addresses(language):
        viewer.open(path)
        expect(viewer.page).to_have_title(f"{texts.translate(language, chapter.title)} · NADE Lab")
        if not state:
            schemes.reverse()  # the page is in the first of them
        faults += [f"/{path}, {fault}" for fault in looked_at(viewer, language, schemes[-1:] if state else schemes)]
        for step in () if state else chapter.steps[1:]:
            viewer.page.locator("button.next").click()
            expect(viewer.page).to_have_url(re.compile(f"step={step}\\b"))
            viewer.settle()
            faults += [f"/{path}, {step}, {fault}" for fault in looked_at(viewer, language, schemes[-1:])]
    assert not faults, "\n".join(faults)


def test_the_browser_chooses_the_language_and_the_switch_changes_all_of_it(visit):
    viewer = visit(locale="ko-KR")
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


@pytest.mark.parametrize("replace", [False, True])
def test_a_page_that_the_browser_translated_goes_on_working(viewer, replace):
    viewer.open("density?lang=en&source=test")
    value = viewer.page.get_by_test_id("stMetricValue").first
    before = value.inner_text()
    viewer.page.evaluate(WRAP, replace)
    viewer.page.locator("button.cell").nth(1).click()
    expect(value).to_have_text(re.compile(r"^-[\d.]+ nats$"))
    expect(value).not_to_have_text(before)
    image = viewer.page.get_by_text(re.compile(r"^«*test image [1-9]\d*: "))
    expect(image.first).to_be_visible()
    viewer.page.evaluate(WRAP, replace)
    viewer.page.get_by_text(re.compile("^«*Noise»*$")).click()
    expect(viewer.page.get_by_text("p(pixel is on)").first).to_be_visible()
    expect(image).to_have_count(0)
    viewer.page.evaluate(WRAP, replace)
    viewer.page.get_by_role("link", name="Rank").click()
    expect(viewer.page.get_by_role("heading", level=1)).to_have_text("Rank: real against noise")
    viewer.settle()
    viewer.page.evaluate(WRAP, replace)
    viewer.page.get_by_text("한국어").first.click()
    expect(viewer.page.get_by_role("heading", level=1)).to_have_text("순위: 진짜와 노이즈")
    expect(viewer.page.get_by_text("Compare with")).to_have_count(0)


def test_streamlits_own_words_in_lists_tables_and_fields_are_told(viewer):
    viewer.open("rank?lang=ko")
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


@pytest.mark.parametrize("width, fits", [(400, True), (40, False)])
def test_a_text_that_does_not_fit_would_be_found(browser, width, fits):
    page = browser.new_page()
    page.set_content(f"<div style='width: {width}px; overflow: hidden; white-space: nowrap'>some longer text</div>")
    assert (page.evaluate(WIDE_JS) == []) == fits
    page.close()


def test_a_foreign_word_would_be_found():
    assert foreign("모델 model", "ko") == ["model"] and foreign("The 모델", "en") == ["모델"]
    assert not foreign("자기회귀 모델(autoregressive model)의 log p(x), NADE", "ko")
    assert not foreign("한국어", "en")
