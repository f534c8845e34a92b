"""The surprise map: -log p(x_i | x_<i) of every pixel, which sums to -log p(x)."""

import numpy as np
import plotly.graph_objects as go

from .cache import Terms
from .theme import figure
from .words import _


def surprise_map(image: np.ndarray, terms: Terms) -> go.Figure:
    """A heat map in nats, of an image (784,) and its conditionals."""
    assert terms.p_on is not None, "an image is binary"
    fig = figure(_("column (pixels)"), _("row (pixels)"), height=380)
    fig.add_heatmap(
        z=-terms.log_p.reshape(28, 28),
        colorscale="Cividis",
        colorbar={"title": _("nats")},
        zmin=0,
        customdata=np.stack([image, terms.p_on], -1).reshape(28, 28, 2),
        hovertemplate=_("row %{y}, column %{x}")
        + "<br>x = %{customdata[0]:.0f}, "
        + _("p(x = 1 | before) = %{customdata[1]:.3f}")
        + "<br>"
        + _("surprise %{z:.2f} nats")
        + "<extra></extra>",
    )
    fig.update_yaxes(autorange="reversed", scaleanchor="x", constrain="domain", showgrid=False)
    fig.update_xaxes(constrain="domain", showgrid=False)
    return fig
