"""Every figure can be read: by its size, by its contrast on light and dark, and along a logarithmic axis."""

from types import SimpleNamespace

import plotly.graph_objects as go
import pytest

from lab import link, theme


def contrast(one: str, other: str) -> float:
    """The contrast of two colours as WCAG 2 defines it, 1 to 21."""
    light, dark = sorted(map(_luminance, (one, other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


@pytest.fixture
def shown(monkeypatch):
    """shown(fig): the figure as it reaches the page, and the page's way of showing it."""
    handed = {}
    monkeypatch.setattr(theme.st, "plotly_chart", lambda fig, **options: handed.update(options, fig=fig))

    def show(fig):
        theme.chart(fig, "in words", "some")
        return go.Figure(handed["fig"]), handed

    return show


def busy():
    fig = theme.figure("x", "y")
    fig.add_scatter(x=[1], y=[1], text=["a"], mode="markers+text", textfont={"size": 9, "color": theme.ORANGE})
    fig.add_heatmap(z=[[1]], colorbar={"title": "nats"})
    fig.add_annotation(text="here", font={"size": 8})
    return fig


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("present, smallest, least", [(None, 14, 4.5), ("1", 18, 7)])
def test_words_in_a_figure_are_large_and_clear(monkeypatch, shown, dark, present, smallest, least):
    monkeypatch.setattr(theme, "is_dark", lambda: dark)
    monkeypatch.setattr(theme.st, "query_params", {link.PRESENT: present})
    fig, _options = shown(busy())
    layout, points, heat = fig.layout, fig.data[0], fig.data[1]
    fonts = [
        layout.font,
        layout.legend.font,
        layout.annotations[0].font,
        heat.colorbar.tickfont,
        heat.colorbar.title.font,
    ]
    fonts += [font for axis in (layout.xaxis, layout.yaxis) for font in (axis.tickfont, axis.title.font)]
    assert all(font.size >= smallest for font in (*fonts, points.textfont, layout.hoverlabel.font))
    assert all(contrast(font.color, theme.PAGE[dark]) >= least for font in fonts)
    marks = go.Figure(layout={"colorway": (*theme.PALETTE, theme.GREY)}).add_bar(marker_color=list(theme.PALETTE))
    marks.add_scatter(line=theme.behind(theme.BLUE)["line"]).add_vline(x=1, line={"color": theme.SKY})
    seen, _options = shown(marks)
    colours = [
        *seen.layout.colorway,
        *seen.data[0].marker.color,
        seen.data[1].line.color,
        seen.layout.shapes[0].line.color,
    ]
    assert all(contrast(colour, theme.PAGE[dark]) >= 3 for colour in colours)
    assert heat.colorbar.title.text == "nats" and points.textfont.color == theme.ORANGE
    words = theme.ON_DARK if dark else theme.ON_LIGHT
    assert all(contrast(colour, theme.PAGE[dark]) >= 7 for colour in words.values())


def test_a_figure_can_be_taken_along(shown):
    _fig, options = shown(busy())
    assert options["config"]["modeBarButtons"] == [["toImage"]] and "displayModeBar" not in options["config"]
    assert options["config"]["toImageButtonOptions"]["filename"] == "some" and options["alt"] == "in words"


def test_the_first_charts_of_a_tab_come_after_the_words(monkeypatch):
    said = []
    monkeypatch.setattr(theme, "is_dark", lambda: False)
    monkeypatch.setattr(theme.st, "session_state", {})
    monkeypatch.setattr(theme.st, "empty", lambda: SimpleNamespace(plotly_chart=lambda *_, **__: said.append("later")))
    monkeypatch.setattr(theme.st, "plotly_chart", lambda *_, **__: said.append("at once"))
    for _run in range(2):
        with theme.words_first():
            theme.chart(busy(), "in words", "some")
            said.append("words")
    assert said == ["words", "later", "at once", "words"] and theme.LATER not in theme.st.session_state


def test_a_logarithmic_axis_says_whole_numbers():
    ticks = dict(zip(*theme.log_ticks().values(), strict=True))
    assert ticks[1] == "1" and ticks[200] == "200" and ticks[5000] == "5,000" and ticks[0.5] == "0.5"
