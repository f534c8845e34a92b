"""Binary 28 x 28 images: drawn pixel by pixel, scored with a surprise map, ranked against damaged ones and noise."""

import math

import numpy as np
import streamlit as st

from lesson import corruptions
from nade_core import ModelCard
from nade_core import images as pictures
from nade_core.data import SOURCES, Dataset
from nade_core.messages import N_

from .. import cache, neighbours
from ..components import image_grid, player
from ..link import linked, presenting
from ..numbers import as_power
from ..paper import paper
from ..pictures import DRAW, choose_picture, choose_source
from ..report import look_into, numbers, report_image
from ..session import ANY, choose_class
from ..take_home import page_button
from ..words import _, class_name, explain, prose

ID, PLACE = "images", 0
HOW_MANY = [4, 9, 16, 25, 36, 64, 100], 36
SHOWN = 60  # images of a ranking that stand on the page


def holds(card: ModelCard) -> bool:
    return card.shape == (28, 28)


def samples(card: ModelCard, n: int, seed: int, label: int | None, temperature: float) -> None:
    with st.spinner(_("Drawing…")):
        x, log_p = cache.samples(card, n, seed, label, temperature)
    left, right = st.columns([3, 2], gap="large")
    with left:
        captions = [[_("{value:.1f} nats", value=value)] for value in log_p]
        about = _("samples from the model; choose one to watch it being drawn")
        chosen = image_grid(x, captions, "chosen", about, default=0)
        given = "" if label is None else f" | {class_name(card, label)}"
        words = _(
            "Under each image: its exact log p(x{given}) in [[nat|nats]]. Click one to see it drawn.", given=given
        )
        least, most = (as_power(end) for end in (log_p.min(), log_p.max()))
        explain(
            words + " " + _("They are probabilities of about {least} to {most}.", least=least, most=most), small=True
        )
        with st.container(horizontal=True):
            st.download_button(
                _("Download the grid as PNG"),
                pictures.to_png(pictures.grid(x)),
                f"{card.name}-{seed}.png",
                "image/png",
                icon=":material/download:",
            )
            page_button(card)
    with right:
        _watch(card, x[chosen], label, chosen)


def sketch(card: ModelCard, n: int, key: str) -> None:
    sheet = pictures.grid(cache.samples(card, n, 0)[0], columns=math.isqrt(n), scale=4)
    words = _("Samples of the model as it is now, always from the same random numbers")
    st.image(sheet, caption=words, width="stretch", alt=_("{n} samples from the model being trained", n=n))


def _watch(card: ModelCard, image: np.ndarray, label: int | None, chosen: int) -> None:
    st.header(_("Image {n}, pixel by pixel", n=chosen + 1), anchor=False)
    terms = cache.terms(card, image, label)
    assert terms.p_on is not None, "an image is binary"
    player(image, terms.log_p, terms.p_on, cache.ordering(card), key="player")
    explain(
        _(
            "Right: how sure the model is that the pixel is on, *before* it is drawn: it has seen [[x-before|x_<i]], no "
            "more. Orange marks the next pixel."
        ),
        small=True,
    )
    if (data := cache.data_of(card)) is not None:
        _memorised(card, image, data)


def _memorised(card: ModelCard, image: np.ndarray, data: Dataset) -> None:
    st.header(_("Did it memorise?"), anchor=False)
    with st.spinner(_("Comparing with the training images…")):
        neighbour, distance = neighbours.nearest(cache.key_of(card), image.tobytes(), data)
        typical = neighbours.typical_distance(cache.key_of(card), data)
    gap = np.zeros((28, 2), np.uint8)
    three = [image.reshape(28, 28), gap, neighbour.reshape(28, 28), gap, (image != neighbour).reshape(28, 28)]
    st.image(
        np.hstack(three).repeat(8, 0).repeat(8, 1) * np.uint8(255),
        width="stretch",
        caption=_("the sample · its nearest training image · the {n} pixels that differ", n=distance),
        alt=_("the sample, its nearest training image, and the {n} pixels that differ", n=distance),
    )
    st.caption(
        _(
            "A real image that the model never saw is typically {typical:.0f} pixels from its nearest training one "
            "(median of {n}). A copy would be 0 away.",
            typical=typical,
            n=min(neighbours.TYPICAL_OF, len(data.test)),
        )
    )


def report(card: ModelCard) -> None:
    left, right = st.columns(2 if presenting() else [2, 3], vertical_alignment="bottom")
    source, label = choose_source(card, left), None
    if source == DRAW:
        paper(card, right)
        return
    if card.classes:
        about = _("Then p(x | class) stands beside p(x), and the surprise map is that of the class.")
        label = choose_class(card, right, _("Given the class"), "given", ANY, about)
    left, right = st.columns([3, 2], gap="large")
    with left:
        named = choose_picture(card, source)
    if named:
        report_image(card, named, left, right, label)


def gallery(card: ModelCard, n: int, seed: int) -> cache.Gallery | None:
    with st.spinner(_("Damaging images, drawing noise, scoring everything…")):
        return cache.gallery(card, n, seed)


SORTS = {"real": N_("real"), "samples": N_("model samples"), **corruptions.TITLES}
FIRST = ["real", "samples", "flipped-5", "pixels-shuffled", "coin-flips", "all-off"]  # shown at first


def sort_name(sort: str) -> str:
    if sort.startswith("data-"):
        return _("other data: {title}", title=_(SOURCES[sort.removeprefix("data-")].short))
    return _(SORTS[sort])


def show(card: ModelCard, shown: cache.Gallery, looks: dict[str, dict]) -> list[str]:
    """Images of the chosen sorts by log p; then what is said of the blank one."""
    chosen = linked(
        st.pills,
        _("Kinds shown"),
        list(looks),
        key="kinds",
        default=FIRST,
        format_func=sort_name,
        selection_mode="multi",
        help=_("Choose which kinds stand in the gallery and in the histograms."),
    )
    if not chosen:
        st.info(_("Choose at least one kind."))
        return []
    lowest = linked(
        st.toggle,
        _("Lowest first"),
        key="lowest",
        default=False,
        help=_("Otherwise the most probable image comes first."),
    )
    which = np.flatnonzero(np.isin(shown.sorts, chosen))
    which = which[np.argsort(shown.log_p[which] * (1 if lowest else -1), kind="stable")]
    picked = which if len(which) <= SHOWN else which[np.linspace(0, len(which) - 1, SHOWN).astype(int)]
    rank, ids = {index: place + 1 for place, index in enumerate(which.tolist())}, picked.tolist()
    captions = [
        [_("#{rank} · {value:.1f} nats", rank=rank[i], value=shown.log_p[i]), sort_name(shown.sorts[i])] for i in ids
    ]
    about = _("images sorted by log p; choose one to look into it")
    opened = image_grid(shown.rows[picked], captions, "open", about, cell="6rem", ids=ids, default=None)
    note = _("{n} images of {kinds} kinds, by log p(x) in nats.", n=len(which), kinds=len(chosen))
    if len(which) > SHOWN:
        note += " " + _("{n} of them shown, evenly spaced in rank.", n=SHOWN)
    st.caption(note + " " + _("Click one to look into it."))
    if opened is not None:
        _opened(card, shown, opened, _("Image #{rank}: {sort}", rank=rank[opened], sort=sort_name(shown.sorts[opened])))
    _blank(card, shown)
    return chosen


def _opened(card: ModelCard, shown: cache.Gallery, index: int, title: str) -> None:
    """The numbers and the surprise map of one image of the ranking."""
    with st.container(border=True):
        st.header(title, anchor=False)
        value, reference = float(shown.log_p[index]), cache.test_log_probs(card)
        numbers(card, shown.rows[index], value, reference)
        look_into(card, shown.rows[index], value, reference)


def _blank(card: ModelCard, shown: cache.Gallery) -> None:
    """What the model says of a blank image, computed, and why."""
    real, data, blank = cache.test_log_probs(card), cache.data_of(card), shown.of("all-off")[0]
    assert real is not None and data is not None, "what is ranked comes from the data"
    facts = {"blank": blank, "share": 100 * (real < blank).mean(), "n": len(real), "mean": real.mean()}
    with st.container(border=True):
        st.markdown(
            _(
                "**A blank image has log p = {blank:.1f} nats and outranks {share:.1f} % of {n:,} real images "
                "that the model never saw** (their mean is {mean:.1f}).",
                **facts,
            )
        )
        with st.expander(_("Why? Is the model broken?")):
            off = 100 * (1 - data.test.mean())
            explain(prose("rank", "blank", off=f"{off:.0f}"))
