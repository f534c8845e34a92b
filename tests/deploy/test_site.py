"""The demo of static files: small, whole, in every language, and without a network."""

import re

import pytest
from playwright.sync_api import expect

import texts
from deploy import site

MEGABYTES = 14


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    out = tmp_path_factory.mktemp("site")
    for name, content in site.site("https://example.org/nade"):
        (out / name).write_bytes(content)
    return out


@pytest.fixture
def page(browser, request):
    """page(locale): a page of a browser that has no network."""
    contexts = []

    def new(locale):
        contexts.append(browser.new_context(locale=locale, offline=True, viewport={"width": 390, "height": 844}))
        return contexts[-1].new_page()

    yield new
    for context in contexts:
        context.close()


def test_the_site_is_small_and_has_a_page_a_model_and_an_index_a_language(folder):
    names = {path.name for path in folder.iterdir()}
    assert names == {f"{name}.html" for name in site.MODELS} | {"index.html", "ko.html"}
    assert sum(path.stat().st_size for path in folder.iterdir()) < MEGABYTES * 1e6


@pytest.mark.parametrize("locale", texts.LANGUAGES)
def test_the_index_speaks_the_readers_language_and_leads_to_pages_that_do(folder, page, locale):
    reader = page(locale)
    faults = []
    reader.on("pageerror", lambda error: faults.append(str(error)))
    reader.goto(f"file://{folder}/index.html")
    expect(reader.locator("html")).to_have_attribute("lang", locale)
    wide = reader.evaluate(
        "[...document.querySelectorAll('*')].filter((e) => e.scrollWidth > e.clientWidth + 1).length"
    )
    assert wide == 0 and reader.locator("li img").count() == len(site.MODELS)
    other = next(code for code in texts.LANGUAGES if code != locale)
    reader.get_by_role("link", name=texts.name(other)).click()
    expect(reader.locator("html")).to_have_attribute("lang", other)
    reader.locator("li a").first.click()
    expect(reader.locator("html")).to_have_attribute("lang", other)
    expect(reader.locator("#density")).to_have_text(re.compile(r"\d"))
    assert not faults


def test_a_link_to_the_whole_app_is_there_only_where_it_is_given():
    pages = [site._page("en", [], app).decode() for app in ("", 'https://a.org/"><script>')]
    assert "whole lecture" not in pages[0]
    assert 'href="https://a.org/&quot;&gt;&lt;script&gt;"' in pages[1]
