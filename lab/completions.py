"""What is seen of completions: the image that was given, what could have been there, and how sure the model is."""

import math

import numpy as np
import streamlit as st

from lesson import regions

from .answers import Completions
from .components import TINT, image_grid
from .numbers import as_power
from .theme import chart, figure
from .words import _, explain


def given(image: np.ndarray, completion: np.ndarray, known: np.ndarray, name: str, which: str) -> None:
    """Three pictures in a row: what the model gets, one of its completions, and the truth."""
    st.header(_("What the model gets"), anchor=False)
    missing = ~known.reshape(28, 28)
    given, filled, true = (
        np.repeat(row.reshape(28, 28, 1), 3, 2) * np.uint8(255) for row in (image, completion, image)
    )
    given[missing] = 128
    filled[missing] = np.where(completion.reshape(28, 28, 1) == 1, *TINT)[missing]
    facts = {"n": missing.sum(), "which": which}
    alt = _("{name} with {n} pixels erased, {which}, and the true image", name=name, **facts)
    st.image(_in_a_row(given, filled, true), width="stretch", alt=alt)
    st.caption(_("{n} pixels erased (grey) · {which} (in blue) · the truth", **facts))


def _in_a_row(*pictures: np.ndarray) -> np.ndarray:
    """Pictures (28, 28, 3) beside one another, transparent between them: (224, W, 4)."""
    opaque = [np.dstack([picture, np.full((28, 28), 255, np.uint8)]) for picture in pictures]
    gap = np.zeros((28, 1, 4), np.uint8)
    return np.hstack([part for picture in opaque for part in (gap, picture)][1:]).repeat(8, 0).repeat(8, 1)


def completions(found: Completions, known: np.ndarray) -> int:
    """The grid of completions; the index of the one clicked."""
    st.header(_("What could have been there"), anchor=False)
    captions = [[_("{value:.1f} nats", value=value)] for value in found.log_p]
    picked = image_grid(
        found.rows, captions, "chosen", _("completions of the image"), marked=~known, below=False, default=0
    )
    about = _under(found)
    look = _("Click one to see it beside the truth.")
    explain(f"{about} {_truth(found)} {look}", small=True)
    return picked


def how(found: Completions) -> None:
    """What is exact in what is shown, and what is not."""
    if found.how == "any":
        explain(_("**Exact** for any region: this model gives a pixel given any others, along any ordering."))
    elif found.how == "scan":
        explain(_("**Exact**: a scan of this model has all known pixels first, so the rest is drawn as any sample is."))
    else:
        explain(
            _(
                "**Approximate**: no scan of this model has all known pixels first. {particles} particles draw along one; "
                "those that make the known pixels improbable give way to the others (effective sample size "
                "{effective:.0f} at its lowest). An [[order-agnostic]] model is exact here.",
                particles=found.particles,
                effective=found.effective,
            )
        )


def _under(found: Completions) -> str:
    """What the number under a completion is, in words."""
    if found.how == "any":
        return _(
            "In blue: completed pixels. Under each: log p(missing | known), the mean probability over {orderings} random orderings.",
            orderings=found.orderings,
        )
    if found.how == "scan":
        return _("In blue: completed pixels. Under each: log p(missing | known), exact, along the scan.")
    return _(
        "In blue: completed pixels. Under each: log p(missing | known) = log p(x) − log p(known), where the particles "
        "estimate p(known)."
    )


def _truth(found: Completions) -> str:
    """Where the truth stands among the completions, in words."""
    beaten, n = int((found.log_p < found.log_p_true).sum()), len(found.log_p)
    facts = {"truth": found.log_p_true, "power": as_power(found.log_p_true), "n": n, "beaten": beaten}
    if beaten == n:
        return _("The truth has **{truth:.1f} [[nat|nats]]** (about {power}), more than all {n} of these.", **facts)
    if beaten == 0:
        return _("The truth has **{truth:.1f} [[nat|nats]]** (about {power}), more than none of these {n}.", **facts)
    return _("The truth has **{truth:.1f} [[nat|nats]]** (about {power}), more than {beaten} of these {n}.", **facts)


def uncertainty(found: Completions, known: np.ndarray) -> None:
    bits = np.where(known, 0, regions.entropy(found.marginals))
    left, right = st.columns(2, gap="large")
    with left:
        st.header(_("The guess for each pixel"), anchor=False)
        about = _("Probability that each pixel is on, given the known ones.")
        _map(found.marginals, _("p(on)"), about, "marginals")
        st.caption(_guess(found))
    with right:
        st.header(_("Its uncertainty"), anchor=False)
        _map(bits, _("bits"), _("Entropy of each erased pixel; {sum:.0f} bits in all.", sum=bits.sum()), "entropy")
        st.caption(
            _(
                "The entropy of each pixel on its own; they sum to {sum:.0f} bits. Drawn together, each pixel knows of "
                "those before it: −log₂ p of the {n} completions is {drawn:.0f} bits on average, an estimate of what the "
                "region as a whole holds.",
                sum=bits.sum(),
                n=len(found.log_p),
                drawn=-found.log_p.mean() / math.log(2),
            )
        )


def _guess(found: Completions) -> str:
    """Where the probability of each pixel is from, in words."""
    if found.drawn:
        return _(
            "p(xᵢ = 1 | known) of each erased pixel: the share of {n} draws in which it is on. Known pixels show their "
            "value.",
            n=found.drawn,
        )
    return _(
        "p(xᵢ = 1 | known) of each erased pixel if it were the next one to be drawn: one pass of the network "
        "gives them all. Known pixels show their value."
    )


def _map(values: np.ndarray, title: str, alt: str, key: str) -> None:
    fig = figure(_("column (pixels)"), _("row (pixels)"), 400)
    fig.add_heatmap(
        z=values.reshape(28, 28),
        colorscale="Cividis",
        zmin=0,
        zmax=1,
        colorbar={"title": title},
        hovertemplate=_("row %{y}, column %{x}") + "<br>%{z:.3f} " + title + "<extra></extra>",
    )
    fig.update_yaxes(autorange="reversed", scaleanchor="x", constrain="domain", showgrid=False)
    fig.update_xaxes(constrain="domain", showgrid=False)
    chart(fig, alt, key=key)
