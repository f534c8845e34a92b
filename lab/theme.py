"""One look for every plot: colours that colour-blind readers tell apart, units on axes, a text alternative."""

import plotly.graph_objects as go
import streamlit as st

from . import link

# Okabe & Ito (2008), a palette made for all kinds of colour vision. What a colour means is the same everywhere:
# blue what is real or known, green what a model drew, orange this one, now, grey noise or unknown, purple a guess.
BLUE, ORANGE, GREEN, PURPLE, AMBER, SKY = "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9"
GREY = "#8A94A0"
ON_LIGHT, ON_DARK = {ORANGE: "#A84800", BLUE: "#00598C"}, {ORANGE: "#F58B4C", BLUE: "#7CC4EE"}  # as words
PALETTE = (BLUE, ORANGE, GREEN, PURPLE, AMBER, SKY)
FONT = '"Source Sans", "Noto Sans KR", "Noto Sans CJK KR", "Apple SD Gothic Neo", "Malgun Gothic", sans-serif'


def figure(x: str, y: str, height: int = 360, log_x: bool = False) -> go.Figure:
    """An empty figure with labelled axes (give the unit in the label) in the shared look."""
    fig = go.Figure()
    fig.update_layout(
        height=height,
        colorway=PALETTE,
        font_family=FONT,
        margin={"l": 10, "r": 10, "t": 30, "b": 10},
        bargap=0.02,
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0},
        hoverlabel={"font_size": 14, "font_family": FONT},
    )
    fig.update_xaxes(title=x, automargin=True, type="log" if log_x else None)
    fig.update_yaxes(title=y, automargin=True)
    return fig


def chart(fig: go.Figure, alt: str, key: str):
    """Show a figure with what it says in words for those who cannot see it."""
    if link.presenting():
        _for_the_hall(fig)
    return st.plotly_chart(
        fig, key=key, alt=alt, height="stretch", config={"displaylogo": False, "displayModeBar": False}
    )


def _for_the_hall(fig: go.Figure) -> None:
    """Type that the last row reads: from 18 px up, growing with the page's own, black on white or white on black."""
    size = max(18, round(0.85 * st.session_state.get("frame", {}).get("em", 0)))
    ink = "#FFFFFF" if st.context.theme.type == "dark" else "#000000"
    font = {"size": size, "color": ink}
    fig.update_layout(
        font=font, legend_font=font, hoverlabel_font_size=size, uniformtext={"minsize": 18, "mode": "show"}
    )
    for update in (fig.update_xaxes, fig.update_yaxes):
        update(tickfont=font, title_font=font)
    fig.update_annotations(font=font)
    fig.update_traces(textfont_size=size, selector=lambda trace: "textfont" in trace)
    fig.update_traces(colorbar_tickfont=font, colorbar_title_font=font, selector={"type": "heatmap"})


def text_colour(colour: str) -> str:
    """That colour for words: dark or light enough to be read (4.5:1) on the page of this viewer."""
    return ON_DARK[colour] if st.context.theme.type == "dark" else ON_LIGHT[colour]
