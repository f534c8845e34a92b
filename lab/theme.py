"""One look for every plot: colours that colour-blind readers tell apart, units on axes, a text alternative."""

import math
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import plotly.graph_objects as go
import streamlit as st

from . import link
from .numbers import power

# Okabe & Ito (2008), a palette made for all kinds of colour vision. What a colour means is the same everywhere:
# blue what is real or known, green what a model drew, orange this one, now, grey noise or unknown, purple a guess.
BLUE, ORANGE, GREEN, PURPLE, AMBER, SKY = "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9"
GREY = "#8A94A0"
ON_PAGE = {False: {SKY: "#4198D0", AMBER: "#B67B00"}, True: {BLUE: "#2C88D2"}}  # light, dark: 3:1 and more on the page
ON_LIGHT, ON_DARK = {ORANGE: "#8F3D00", BLUE: "#00598C"}, {ORANGE: "#F58B4C", BLUE: "#7CC4EE"}  # as words
INK_ON_LIGHT, INK_ON_DARK = "#1B2430", "#E8EDF3"  # the text of the page
PAGE = {False: "#FFFFFF", True: "#10151C"}  # the page itself, light and dark
PALETTE = (BLUE, ORANGE, GREEN, PURPLE, AMBER, SKY)
FONT = '"Source Sans", "Noto Sans KR", "Noto Sans CJK KR", "Apple SD Gothic Neo", "Malgun Gothic", sans-serif'
AXIS = re.compile(r"[xy]axis\d*")
LATER = "charts later"
SIZE, LARGE = 14, 18  # pixels of the smallest words in a plot, and for a hall


def figure(x: str, y: str, height: int = 360, log_x: bool = False) -> go.Figure:
    """An empty figure with labelled axes (give the unit in the label) in the shared look."""
    look: dict[str, Any] = {
        "height": height,
        "colorway": PALETTE,
        "margin": {"l": 10, "r": 10, "t": 30, "b": 10},
        "bargap": 0.02,
        "legend": {"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0},
    }
    axes: dict[str, Any] = {
        "xaxis": {"title": {"text": x}, "type": "log" if log_x else None},
        "yaxis": {"title": {"text": y}},
    }
    return go.Figure(layout=look | {name: {**axis, "automargin": True} for name, axis in axes.items()})


def log_ticks() -> dict[str, Any]:
    """The ticks of a logarithmic axis: 1, 2 and 5 of every power of ten, each with all its digits."""
    values = [m * 10**e for e in range(-2, 7) for m in (1, 2, 5)]
    return {"tickvals": values, "ticktext": [f"{value:,.10g}" for value in values]}


def power_ticks(most: float) -> dict[str, Any]:
    """The ticks of an axis that shows log10 of what is counted, up to ``most``: 1 and whole powers of ten."""
    exponents = range(0, math.floor(most) + 1, max(1, math.ceil(most / 5)))
    return {"tickvals": list(exponents), "ticktext": [power(e) if e else "1" for e in exponents]}


def chart(fig: go.Figure, alt: str, key: str) -> None:
    """Show a figure with what it says in words for those who cannot see it.

    On it appear the buttons of components/charts.js, by which it is taken along: as PNG, as SVG, its numbers as CSV.
    """
    later = st.session_state.get(LATER)
    place: Any = st if later is None else st.empty()
    config = {
        "displaylogo": False,
        "displayNotifier": False,
        "modeBarButtons": [["toImage"]],
        "toImageButtonOptions": {"filename": key, "scale": 2},
    }
    show = partial(place.plotly_chart, _readable(fig), key=key, alt=alt, height="stretch", config=config)
    show() if later is None else later.append(show)


@contextmanager
def words_first() -> Iterator[None]:
    """The first charts of a tab come at the end of the run: a browser needs a while to read plotly, and until then the
    words that come after it would wait."""
    if "charted" in st.session_state:
        yield
        return
    later: list[Callable[[], Any]] = []
    st.session_state[LATER] = later
    try:
        yield
    finally:
        del st.session_state[LATER]
    for show in later:
        show()
        st.session_state["charted"] = True


def _readable(fig: go.Figure) -> dict[str, Any]:
    """The figure with every word in the page's own colour and large enough; a colour of its own stays.

    Written into the figure's plain content: plotly's own updates take longer than all else that a page does.
    """
    size = max(LARGE, round(0.85 * st.session_state.get("frame", {}).get("em", 0))) if link.presenting() else SIZE
    font = {"size": size, "color": INK_ON_DARK if is_dark() else INK_ON_LIGHT, "family": FONT}
    whole = fig.to_dict()
    layout = whole["layout"]
    bar = {"bgcolor": PAGE[is_dark()], "color": font["color"], "activecolor": font["color"]}
    hover = {"font": {"size": size, "family": FONT}}
    _put(layout, {"font": font, "legend": {"font": font}, "hoverlabel": hover, "modebar": bar})
    for name in {"xaxis", "yaxis", *(name for name in layout if AXIS.fullmatch(name))}:
        _put(layout.setdefault(name, {}), {"title": {"font": font}, "tickfont": font})
    for one in layout.get("annotations", ()):
        one["font"] = {**font, **one.get("font", {}), "size": size}
    _seen(whole)
    for trace in whole["data"]:
        if "marker" in trace and trace["type"] == "scatter":
            trace["marker"].setdefault("opacity", 1)  # else plotly lets marks of many sizes fade
        if "colorbar" in trace and trace["type"] == "heatmap":
            _put(trace["colorbar"], {"tickfont": font, "title": {"font": font}})
        elif trace["type"] == "bar" and trace.get("text") is not None:  # beside the bar: no ink is 7:1 on orange
            _put(trace, {"textposition": "outside", "textfont": font, "cliponaxis": False})
        elif "text" in (trace.get("mode") or ""):
            _put(trace, {"textfont": {"size": size}})
    return whole


def _seen(part: Any) -> None:
    """Change every colour of marks to what is seen on this viewer's page."""
    for one in part if isinstance(part, (list, tuple)) else [part]:
        if not isinstance(one, dict):
            return
        for name, value in one.items():
            if name in ("color", "colorway", "fillcolor"):
                one[name] = on_page(value)
            elif name in ("data", "layout", "shapes", "marker", "line"):
                _seen(value)


def on_page(colour: Any) -> Any:
    """That colour, or each of several, as a mark that is seen on the page of this viewer."""
    if isinstance(colour, (list, tuple)):
        return [on_page(one) for one in colour]
    return ON_PAGE[is_dark()].get(colour, colour) if isinstance(colour, str) else colour


def behind(colour: str) -> dict[str, Any]:
    """The look of an area over which lines are drawn: pale, with an edge that is seen."""
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    edge = {"color": colour, "width": 1.5, "shape": "hvh"}
    return {"line": edge, "fill": "tozeroy", "fillcolor": f"rgba({red}, {green}, {blue}, 0.25)", "mode": "lines"}


def _put(into: dict[str, Any], values: dict[str, Any]) -> None:
    """Write values into a nest of dicts; what else stands in it stays."""
    for name, value in values.items():
        if isinstance(value, dict):
            _put(into.setdefault(name, {}), value)
        else:
            into[name] = value


def is_dark() -> bool:
    """Whether this viewer sees the page in dark colours."""
    return st.context.theme.type == "dark"


def text_colour(colour: str) -> str:
    """That colour for words: dark or light enough to be read, also from afar (7:1), on the page of this viewer."""
    return ON_DARK[colour] if is_dark() else ON_LIGHT[colour]
