"""Charts in a real browser: taken along as PNG, SVG and CSV; light and dark are switched."""

import csv
import re

from playwright.sync_api import expect


def download(viewer, chart, kind):
    chart.hover()
    with viewer.page.expect_download() as found:
        chart.get_by_role("button", name=f"Download the chart as {kind}").click()
    return found.value.suggested_filename, found.value.path().read_bytes()


def test_a_chart_is_taken_along_as_picture_drawing_and_numbers(viewer):
    viewer.follow("density?source=test&image=3&lang=en&model=nade-mnist")
    chart = viewer.page.locator(".js-plotly-plot").first
    chart.wait_for()
    name, png = download(viewer, chart, "PNG")
    assert name == "surprise.png" and png.startswith(b"\x89PNG")
    name, svg = download(viewer, chart, "SVG")
    assert name == "surprise.svg" and b"<svg" in svg and b"nats" in svg
    name, table = download(viewer, chart, "CSV")
    rows = list(csv.reader(table.decode("utf-8-sig").splitlines()))
    assert name == "surprise.csv" and len(rows) == 1 + 784
    told = viewer.page.get_by_text(re.compile("All 784 sum to")).inner_text()
    assert abs(sum(float(row[3]) for row in rows[1:]) - float(re.search(r"sum to ([\d.]+)", told)[1])) < 0.01


def test_light_and_dark_are_switched_in_the_menu_and_charts_follow(viewer):
    viewer.open("density?source=test&image=3&lang=ko")
    ink = "() => getComputedStyle(document.querySelector('.js-plotly-plot .xtick text') ?? document.body).fill"  # drawn anew
    viewer.page.locator(".js-plotly-plot .xtick text").first.wait_for()
    assert viewer.page.evaluate(ink) == "rgb(27, 36, 48)"
    viewer.page.get_by_test_id("stMainMenu").click()
    dark = viewer.page.get_by_role("menuitemradio").nth(2)
    expect(dark).to_contain_text("어둡게")
    dark.click()
    viewer.page.wait_for_function(f"({ink})() === 'rgb(232, 237, 243)'")


COVERED = """() => [...document.querySelectorAll(".js-plotly-plot")].flatMap((plot) => {
  const names = [...plot.querySelectorAll(".textpoint text")].filter((name) => name.style.visibility !== "hidden");
  const boxes = names.map((name) => name.getBoundingClientRect());
  const shared = (a, b) => Math.min(Math.min(a.right, b.right) - Math.max(a.left, b.left), Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top));
  return names.filter((_, i) => boxes.some((box, j) => j < i && shared(box, boxes[i]) > 3)).map((name) => name.textContent);
})"""


def test_on_a_phone_no_name_beside_a_mark_covers_another(viewer):
    viewer.page.set_viewport_size({"width": 390, "height": 844})
    viewer.follow("leaderboard?lang=en&near=1")
    named = viewer.page.locator(".js-plotly-plot .textpoint text").filter(has_text="NADE")
    expect(named.last).to_be_attached()
    assert viewer.page.evaluate(COVERED) == []
