"""The surprise map: -log p(x_i | x_<i) of every pixel, which sums to -log p(x)."""

import numpy as np
import plotly.graph_objects as go

from .theme import figure


def surprise_map(image: np.ndarray, probs: np.ndarray) -> tuple[go.Figure, np.ndarray]:
    """A heat map in nats, and the (784,) surprises, from an image (784,) and its conditionals."""
    p = np.where(image == 1, probs, 1 - probs).astype(float)
    surprise = -np.log(np.clip(p, 1e-12, 1))
    fig = figure("column (pixels)", "row (pixels)", height=420)
    fig.add_heatmap(
        z=surprise.reshape(28, 28),
        colorscale="Cividis",
        colorbar={"title": "nats"},
        zmin=0,
        customdata=np.stack([image, probs], -1).reshape(28, 28, 2),
        hovertemplate="row %{y}, column %{x}<br>x = %{customdata[0]:.0f}, p(x = 1 | before) = %{customdata[1]:.3f}"
        "<br>surprise %{z:.2f} nats<extra></extra>",
    )
    fig.update_yaxes(autorange="reversed", scaleanchor="x", constrain="domain", showgrid=False)
    fig.update_xaxes(constrain="domain", showgrid=False)
    return fig, surprise
