"""Complete: erase a region of an image, and let a model that takes any order fill it in, several times."""

import math

import numpy as np
import streamlit as st

from nade_core import ModelCard, images
from nade_core.messages import N_

from .. import cache, kinds
from ..chapter import Chapter
from ..components import TINT, image_grid
from ..link import linked
from ..numbers import as_power
from ..pictures import SOURCES, preparation, test_picture
from ..session import PICTURES, describe, device
from ..theme import chart, figure
from ..unlike import warn
from ..words import _, explain

CHAPTER = Chapter(
    id="complete",
    group="lab",
    place=3,
    icon=":material/healing:",
    title=N_("Complete"),
    lead=N_(
        "An [[order-agnostic]] model can be asked for any pixels given any others. Erase a region: what could have been "
        "there, and how sure is the model?"
    ),
)
REGIONS = {
    "bottom-half": N_("bottom half"),
    "top-half": N_("top half"),
    "left-half": N_("left half"),
    "right-half": N_("right half"),
    "centre": N_("centre"),
    "random-pixels": N_("random pixels"),
    "box": N_("a box"),
}
Box = tuple[int, int, int, int]  # top, bottom, left, right, in pixels


def render() -> None:
    found = {name: card for name, card in cache.cards().items() if _can(card)}
    if not found:
        command = "`nade train --model OrderAgnosticNADE --data mnist --out runs/any-order`"
        st.info(_("This chapter needs an order-agnostic model: {command} makes one.", command=command))
        return
    card = _model(found)
    chosen = _picture(card)
    if chosen is None:
        st.info(_("Drop a picture above: a photo of a digit on paper, or a drawing."))
        return
    image, name = chosen
    known, n, seed = _controls()
    if known.all():
        st.info(_("Nothing is erased, so there is nothing to complete: choose a larger region."))
        return
    with st.spinner(_("Filling in…")):
        found = cache.complete(card, image, known, n, seed)
    left, right = st.columns(2, gap="large")
    with right:
        picked = _completions(found, known)
    with left:
        _given(image, found.rows[picked], known, name, _("completion {n}", n=picked + 1))
    _uncertainty(found, known)


def _can(card: ModelCard) -> bool:
    """Whether a model of images can be asked for any pixels given any others."""
    return kinds.of(card) == "images" and cache.model_class(card).completes


def _model(found: dict[str, ModelCard]) -> ModelCard:
    """The model in use; a choice where there are several, at first the one of the other chapters if it can."""
    following = st.query_params.get("model")
    name = first = following if following in found else next(iter(found))
    if len(found) > 1:
        name = linked(
            st.selectbox,
            _("Model"),
            list(found),
            key="completer",
            default=first,
            format_func=lambda name: describe(found[name]),
            help=_("Models that can be asked for any pixels given any others."),
        )
    else:
        st.sidebar.caption(describe(found[name]))
    st.sidebar.caption(_("Runs on {device}", device=device()))
    return found[name]


def _picture(card: ModelCard) -> tuple[np.ndarray, str] | None:
    """The image (784,) to erase from, and what it is called."""
    left, right = st.columns([1, 2])
    offered = ["test", "own"] if cache.data_of(card) else ["own"]
    source = linked(
        left.segmented_control,
        _("Picture from"),
        offered,
        key="source",
        default=offered[0],
        format_func=lambda source: _(SOURCES[source]),
        required=True,
        help=_("What a region is erased from."),
    )
    if source == "test":
        picture = test_picture(card, right)
        return picture.row, picture.name
    file = right.file_uploader(
        _("Drop a picture"),
        PICTURES,
        key="picture",
        max_upload_size=images.MAX_BYTES >> 20,
        help=_("It becomes 28 × 28 black and white; the Density chapter shows how. Nothing is kept."),
    )
    how = preparation(card)
    if not file:
        return None
    prepared = images.prepare(file.getvalue(), *how)
    warn(card, prepared)
    return prepared.image.ravel(), file.name


def _controls() -> tuple[np.ndarray, int, int]:
    """Which pixels stay, (784,) bool, how many completions, and the seed."""
    first, second, third = st.columns(3)
    region = linked(
        first.selectbox,
        _("Erase"),
        list(REGIONS),
        key="region",
        default="bottom-half",
        format_func=lambda region: _(REGIONS[region]),
        help=_("What the model does not get to see."),
    )
    n = linked(
        second.select_slider,
        _("Completions"),
        [4, 8, 12, 16, 24],
        key="n",
        default=12,
        help=_("Each is drawn pixel by pixel, along a random ordering of its own."),
    )
    about = _("The same seed gives the same completions.")
    seed = linked(third.number_input, _("Seed"), 0, 10**6, key="seed", default=0, help=about)
    share = _share() if region == "random-pixels" else 0.0
    box = _box() if region == "box" else (0, 0, 0, 0)
    return ~erased(region, share, box, seed).ravel(), n, seed


def _share() -> float:
    about = _("100 % erases everything: the completions are then samples of p(x).")
    label = _("Share of pixels erased (%)")
    return linked(st.slider, label, 5, 100, key="share", default=70, step=5, help=about) / 100


def _box() -> Box:
    left, right = st.columns(2)
    rows, columns = _("From the upper to the lower edge."), _("From left to right.")
    top, bottom = linked(left.slider, _("Rows erased"), 0, 28, key="rows", default=(8, 20), help=rows)
    start, end = linked(right.slider, _("Columns erased"), 0, 28, key="columns", default=(8, 20), help=columns)
    return top, bottom, start, end


def erased(region: str, share: float, box: Box, seed: int) -> np.ndarray:
    """Which pixels are erased: (28, 28) bool."""
    if region == "random-pixels":
        return np.random.default_rng(seed).random((28, 28)) < share
    slices = {
        "bottom-half": np.s_[14:, :],
        "top-half": np.s_[:14, :],
        "left-half": np.s_[:, :14],
        "right-half": np.s_[:, 14:],
        "centre": np.s_[8:20, 8:20],
        "box": np.s_[box[0] : box[1], box[2] : box[3]],
    }
    missing = np.zeros((28, 28), bool)
    missing[slices[region]] = True
    return missing


def _given(image: np.ndarray, completion: np.ndarray, known: np.ndarray, name: str, which: str) -> None:
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


def _completions(found: cache.Completions, known: np.ndarray) -> int:
    """The grid of completions; the index of the one clicked."""
    st.header(_("What could have been there"), anchor=False)
    captions = [[_("{value:.1f} nats", value=value)] for value in found.log_p]
    picked = image_grid(found.rows, captions, "chosen", _("completions of the image"), marked=~known, below=False)
    about = _(
        "In blue: completed pixels. Under each: log p(missing | known), the mean probability over {orderings} random orderings.",
        orderings=cache.ORDERINGS,
    )
    look = _("Click one to see it beside the truth.")
    explain(f"{about} {_truth(found)} {look}", small=True)
    return picked


def _truth(found: cache.Completions) -> str:
    """Where the truth stands among the completions, in words."""
    beaten, n = int((found.log_p < found.log_p_true).sum()), len(found.log_p)
    facts = {"truth": found.log_p_true, "power": as_power(found.log_p_true), "n": n, "beaten": beaten}
    if beaten == n:
        return _("The truth has **{truth:.1f} [[nat|nats]]** (about {power}), more than all {n} of these.", **facts)
    if beaten == 0:
        return _("The truth has **{truth:.1f} [[nat|nats]]** (about {power}), more than none of these {n}.", **facts)
    return _("The truth has **{truth:.1f} [[nat|nats]]** (about {power}), more than {beaten} of these {n}.", **facts)


def entropy(p: np.ndarray) -> np.ndarray:
    """Of coins with probabilities p, in bits: −p log₂ p − (1 − p) log₂(1 − p), where 0 log 0 = 0."""
    both = np.stack([p, 1 - p])
    return -(both * np.log2(both, out=np.zeros_like(both), where=both > 0)).sum(0)


def _uncertainty(found: cache.Completions, known: np.ndarray) -> None:
    bits = np.where(known, 0, entropy(found.marginals))
    left, right = st.columns(2, gap="large")
    with left:
        st.header(_("The guess for each pixel"), anchor=False)
        about = _("Probability that each pixel is on, given the known ones.")
        _map(found.marginals, _("p(on)"), about, "marginals")
        st.caption(
            _(
                "p(xᵢ = 1 | known) of each erased pixel if it were the next one to be drawn: one pass of the network "
                "gives them all. Known pixels show their value."
            )
        )
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
