"""Every two columns of a table against each other: real rows in blue and drawn ones in green."""

from collections.abc import Sequence

import numpy as np

from .theme import BLUE, GREEN, chart, figure
from .words import _

SHOWN = 120  # rows of each at most: every dot is an element of the page


def pair_plot(
    real: np.ndarray | None, drawn: np.ndarray, names: Sequence[str], chosen: Sequence[int], height: int, key: str
) -> None:
    """A chart of the chosen columns, at least two, of real rows (N, D), where there are any, and drawn ones (M, D)."""
    side = len(chosen) - 1
    fig = figure("", "", height)
    fig.set_subplots(side, side, shared_xaxes=True, shared_yaxes=True, horizontal_spacing=0.03, vertical_spacing=0.04)
    for rows, name, colour, symbol in ((real, _("real"), BLUE, "circle"), (drawn, _("drawn"), GREEN, "x")):
        if rows is None:
            continue
        for i, j in zip(*np.tril_indices(side), strict=True):
            x, y = (rows[:SHOWN, chosen[int(k)]] for k in (j, i + 1))
            marker = {"color": colour, "size": 5, "opacity": 1, "symbol": symbol}
            look = {"mode": "markers", "marker": marker, "legendgroup": name}
            fig.add_scatter(x=x, y=y, name=name, showlegend=bool(i == 0), row=int(i) + 1, col=int(j) + 1, **look)
    for k in range(side):
        fig.update_xaxes(title=_short(names[chosen[k]]), nticks=4, row=side, col=k + 1)
        fig.update_yaxes(title=_short(names[chosen[k + 1]]), row=k + 1, col=1)
    fig.update_layout(legend_itemsizing="constant")
    facts = {"columns": ", ".join(names[j] for j in chosen), "n": min(len(drawn), SHOWN)}
    chart(fig, _("Pairs of {columns}: {n} rows that the model drew over real ones.", **facts), key)


def _short(name: str) -> str:
    return name if len(name) <= 18 else name[:17] + "…"
