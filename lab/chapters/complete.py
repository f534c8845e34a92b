"""Complete: erase a region of an image, and let a model fill it in, several times."""

import numpy as np
import streamlit as st

from lesson import regions
from nade_core import ModelCard, images
from nade_core.messages import N_

from .. import cache, completions, kinds
from ..answers import Completions
from ..cache import gaps
from ..chapter import Chapter
from ..link import linked
from ..pictures import SOURCES, preparation, test_picture
from ..session import PICTURES, describe, device
from ..unlike import warn
from ..words import _

CHAPTER = Chapter(
    id="complete",
    group="lab",
    place=3,
    icon=":material/healing:",
    title=N_("Complete"),
    lead=N_(
        "Erase a region: what could have been there? An [[order-agnostic]] model takes any region; PixelCNN draws on from "
        "what its scan has seen."
    ),
)


def render() -> None:
    found = {name: card for name, card in cache.cards().items() if _can(card)}
    if not found:
        command = "`nade train --model OrderAgnosticNADE --data mnist --out runs/any-order`"
        st.info(_("This chapter needs an order-agnostic model: {command} makes one.", command=command))
        return
    card = _model(found)
    place = st.container()  # what is erased, and what could be there, stand above the pictures to choose from
    chosen = _picture(card)
    if chosen is None:
        st.info(_("Drop a picture above: a photo of a digit on paper, or a drawing."))
        return
    with place:
        done, known = _completed(card, *chosen)
    if done is not None:
        completions.uncertainty(done, known)


def _completed(card: ModelCard, image: np.ndarray, name: str) -> tuple[Completions | None, np.ndarray]:
    """The controls, then the image with its completions; None where nothing is erased. And which pixels are known."""
    known, n, seed = _controls()
    if known.all():
        st.info(_("Nothing is erased, so there is nothing to complete: choose a larger region."))
        return None, known
    with st.spinner(_("Filling in…")):
        drawn = gaps.complete(card, image, known, n, seed)
    completions.how(drawn)
    left, right = st.columns(2, gap="large")
    with right:
        picked = completions.completions(drawn, known)
    with left:
        completions.given(image, drawn.rows[picked], known, name, _("completion {n}", n=picked + 1))
    return drawn, known


def _can(card: ModelCard) -> bool:
    """Whether a model of images can be asked for pixels given others."""
    return kinds.of(card) == "images" and gaps.can(card)


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
            help=_("Models that can complete an image."),
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
    with st.container(key="knobs"):
        first, second, third = st.columns(3)
    region = linked(
        first.selectbox,
        _("Erase"),
        list(regions.REGIONS),
        key="region",
        default="bottom-half",
        format_func=lambda region: _(regions.REGIONS[region]),
        help=_("What the model does not get to see."),
    )
    n = linked(
        second.select_slider,
        _("Completions"),
        [4, 8, 12, 16, 24],
        key="n",
        default=12,
        help=_("Each is drawn pixel by pixel, given what is known."),
    )
    about = _("The same seed gives the same completions.")
    seed = linked(third.number_input, _("Seed"), 0, 10**6, key="seed", default=0, help=about)
    share = _share() if region == "random-pixels" else 0.0
    box = _box() if region == "box" else (0, 0, 0, 0)
    return ~regions.erased(region, share, box, seed).ravel(), n, seed


def _share() -> float:
    about = _("100 % erases everything: the completions are then samples of p(x).")
    label = _("Share of pixels erased (%)")
    return linked(st.slider, label, 5, 100, key="share", default=70, step=5, help=about) / 100


def _box() -> regions.Box:
    left, right = st.columns(2)
    rows, columns = _("From the upper to the lower edge."), _("From left to right.")
    top, bottom = linked(left.slider, _("Rows erased"), 0, 28, key="rows", default=(8, 20), help=rows)
    start, end = linked(right.slider, _("Columns erased"), 0, 28, key="columns", default=(8, 20), help=columns)
    return top, bottom, start, end
