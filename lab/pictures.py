"""Where an image comes from: one's own picture, a test image, or noise."""

from dataclasses import dataclass

import numpy as np
import streamlit as st

from nade_core import ModelCard, images
from nade_core.data import Dataset
from nade_core.messages import N_, NadeError

from . import cache
from .components import chosen_id, image_grid
from .components.engine import plays
from .link import linked
from .session import ANY, PICTURES, by_dog
from .words import _, plain, tell

MAX_FILES = 50
OFFERED = 8  # test images at a time
DRAW = "draw"
SOURCES = {DRAW: N_("Draw"), "own": N_("My pictures"), "test": N_("A test image"), "noise": N_("Noise")}
GROUNDS = {"auto": N_("automatic"), "bright": N_("bright: invert"), "dark": N_("dark: keep")}
INVERT = {"auto": None, "bright": True, "dark": False}


@dataclass(frozen=True, eq=False)
class Picture:
    """An image (28, 28) with its name in words and the steps that led to it."""

    name: str
    prepared: images.Prepared

    @property
    def row(self) -> np.ndarray:
        return self.prepared.image.ravel()

    @property
    def was_prepared(self) -> bool:
        """Whether it was made from a picture in several steps, any of which may have gone wrong."""
        return len(self.prepared.steps) > 1


def choose_source(card: ModelCard, where) -> str:
    """Where the image comes from, as an id of SOURCES; the choice stands ``where`` it is told."""
    possible = {DRAW: plays(card), "test": cache.data_of(card) is not None}
    offered = [source for source in SOURCES if possible.get(source, True)]
    return linked(
        where.segmented_control,
        _("Picture from"),
        offered,
        key="source",
        default=next(source for source in (DRAW, "test", "own") if source in offered),
        format_func=lambda source: _(SOURCES[source]),
        required=True,
        label_visibility="collapsed",
    )


def choose_picture(card: ModelCard, source: str) -> list[Picture]:
    """An image or several of that source; none as long as nothing was dropped."""
    if source == "own":
        return _own(card)
    return [test_picture(card) if source == "test" else _noise()]


def _own(card: ModelCard) -> list[Picture]:
    files = st.file_uploader(
        _("Drop one or many pictures"),
        PICTURES,
        key="pictures",
        accept_multiple_files=True,
        max_upload_size=images.MAX_BYTES >> 20,
        help=_("They become 28 × 28 black and white, step by step below. Nothing is kept."),
    )
    how = preparation(card)
    if len(files) > MAX_FILES:
        st.warning(_("The first {n} of {all} pictures are shown.", n=MAX_FILES, all=len(files)))
    named = []
    for file in files[:MAX_FILES]:
        try:
            named.append(Picture(file.name, images.prepare(file.getvalue(), *how)))
        except NadeError as error:
            st.warning(f"{plain(file.name)}: {plain(tell(error))}", icon=":material/broken_image:")
    if not files:
        st.info(_("Drop a picture above: a photo of a digit on paper, a drawing, the silhouette of a dog."))
    return named


FITS = {
    images.MASS: N_("The longer side of the drawing becomes {box} pixels; its centre of mass stands in the middle."),
    images.OUTLINE: N_(
        "The longer side of the drawing becomes {box} pixels; the middle of its outline stands in the middle."
    ),
}


def preparation(card: ModelCard) -> tuple[float | None, bool, bool | None, images.Fit]:
    """How to prepare a picture, as images.prepare takes it: a threshold (None: automatic), whether to crop, whether
    to invert (None: automatic), and the fit of the model's own images."""
    columns = st.columns(3, vertical_alignment="bottom")
    automatic = linked(
        columns[0].toggle,
        _("Automatic threshold"),
        key="auto",
        default=True,
        help=_("The level that splits dark from bright best (Otsu's method)."),
    )
    level = linked(
        columns[1].slider,
        _("Threshold"),
        0,
        255,
        key="threshold",
        default=128,
        disabled=automatic,
        help=_("Pixels brighter than this are on."),
    )
    ground = linked(
        columns[2].selectbox,
        _("Background"),
        list(GROUNDS),
        key="ground",
        default="auto",
        format_func=lambda ground: _(GROUNDS[ground]),
        help=_("Models here know bright drawings on a dark ground."),
    )
    about = _(FITS[card.fit.centre], box=card.fit.box)
    words = _("Crop, and fit like the images of this model")
    crop = linked(st.toggle, words, key="crop", default=True, help=about)
    return None if automatic else level, crop, INVERT[ground], card.fit


def test_picture(card: ModelCard, where=st) -> Picture:
    """A test image, chosen among a few of a class by how it looks. Its number stands in the link."""
    data = cache.data_of(card)
    assert data is not None, "test images are offered where they are here"
    with where.container():
        i = chosen_id("image", list(range(len(data.test))), 0)
        ids = _among(data, i)
        captions = [[_name(data, k) or str(k)] for k in ids]
        i = image_grid(data.test[ids], captions, "image", _("test images; choose one"), "3.4rem", ids=ids, default=0)
    name = _("test image {i}", i=i) + (f": {_name(data, i)}" if _name(data, i) else "")
    return _one(name, data.test[i], _("As it stands in the data: every pixel is on or off."))


def _among(data: Dataset, chosen: int) -> list[int]:
    """The numbers of the test images that are offered: of a class or any, a few at a time, the chosen one always."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        found = np.arange(len(data.test))
        if data.test_labels is not None:
            offered = [ANY, *by_dog(data.class_names)]
            of = linked(st.pills, _("Test images of"), offered, key="of", default=ANY, format_func=_, required=True)
            found = found if of == ANY else np.flatnonzero(data.test_labels == data.class_names.index(of))
        last = max(1, -(-len(found) // OFFERED))
        about = _("From the part that the model never saw.")
        sheet = linked(
            st.number_input, _("Page, 1 to {n}", n=last), 1, last, key="sheet", default=1, help=about, width=150
        )
    ids = found[(sheet - 1) * OFFERED : sheet * OFFERED].tolist()
    return ids if chosen in ids else [chosen, *ids]


def _name(data: Dataset, i: int) -> str:
    """The class of a test image in words, "" where there are none."""
    return "" if data.test_labels is None else _(data.class_names[data.test_labels[i]])


def _noise() -> Picture:
    left, right = st.columns(2)
    p = linked(
        left.slider,
        _("p(pixel is on)"),
        0.0,
        1.0,
        key="on",
        default=0.5,
        step=0.01,
        help=_("Every pixel is the same coin. At 0 the image is blank."),
    )
    seed = linked(
        right.number_input, _("Seed"), 0, 10**6, key="seed", default=0, help=_("The same seed, the same noise.")
    )
    image = (np.random.default_rng(seed).random(784) < p).astype(np.uint8)
    return _one(_("noise"), image, _("784 coins, each on with probability {p}.", p=p))


def _one(name: str, image: np.ndarray, explanation: str) -> Picture:
    image = image.reshape(28, 28)
    return Picture(name, images.Prepared(image, (images.Step(name, explanation, image * 255),), 127.5))
