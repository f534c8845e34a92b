"""benchmarks.quick at its smallest size, in the browser of the other tests: one of its own takes seconds to begin."""

import re
from contextlib import nullcontext
from types import SimpleNamespace

from benchmarks import quick


def test_the_time_from_a_control_to_its_result_is_measured(tab, monkeypatch, capsys):
    pages = []

    def new_page(viewport):
        pages.append(tab.context.new_page())
        pages[0].set_viewport_size(viewport)
        return pages[0]

    ours = SimpleNamespace(new_page=new_page, close=lambda: pages[0].close())
    playwright = SimpleNamespace(chromium=SimpleNamespace(launch=lambda **_: ours))
    monkeypatch.setattr(quick, "sync_playwright", lambda: nullcontext(playwright))
    quick.main(["--pages", "generate", "--changes", "2", "--address", tab.address])
    printed = capsys.readouterr().out
    assert re.search(r"^\| generate \|  \| \d+ \| \d+ \| 2 \|$", printed, re.M), printed
