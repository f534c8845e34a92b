"""Where an image comes from: one's own picture, a test image, or noise."""

from dataclasses import dataclass

import numpy as np
import streamlit as st

from nade_core import ModelCard, images
from nade_core.messages import N_, NadeError

from . import cache
from .components.engine import plays
from .link import linked
from .paper import paper
from .session import PICTURES
from .words import _, tell

MAX_FILES = 50
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


def choose_picture(card: ModelCard) -> list[Picture]:
    """An image or several, as the viewer says; none as long as nothing was dropped, and none where one draws."""
    possible = {DRAW: plays(card), "test": cache.data_of(card) is not None}
    offered = [source for source in SOURCES if possible.get(source, True)]
    source = linked(
        st.segmented_control,
        _("Picture from"),
        offered,
        key="source",
        default=next(source for source in (DRAW, "test", "own") if source in offered),
        format_func=lambda source: _(SOURCES[source]),
        required=True,
        help=_("The same model scores any of these."),
    )
    if source == DRAW:
        paper(card)
        return []
    return {"own": _own, "test": lambda: [test_picture(card)], "noise": lambda: [_noise()]}[source]()


def _own() -> list[Picture]:
    files = st.file_uploader(
        _("Drop one or many pictures"),
        PICTURES,
        key="pictures",
        accept_multiple_files=True,
        max_upload_size=images.MAX_BYTES >> 20,
        help=_("They become 28 × 28 black and white, step by step below. Nothing is kept."),
    )
    threshold, crop, invert = _preparation()
    if len(files) > MAX_FILES:
        st.warning(_("The first {n} of {all} pictures are shown.", n=MAX_FILES, all=len(files)))
    named = []
    for file in files[:MAX_FILES]:
        try:
            named.append(Picture(file.name, images.prepare(file.getvalue(), threshold, crop, invert)))
        except NadeError as error:
            st.warning(f"{file.name}: {tell(error)}", icon=":material/broken_image:")
    if not files:
        st.info(_("Drop a picture above: a photo of a digit on paper, a drawing, the silhouette of a dog."))
    return named


def _preparation() -> tuple[float | None, bool, bool | None]:
    """The threshold (None: automatic), whether to crop, and whether to invert (None: automatic)."""
    columns = st.columns(3, vertical_alignment="bottom")
    automatic = linked(
        columns[0].toggle,
        _("Automatic threshold"),
        key="auto",
        default=True,
        help=_("Otsu's method splits dark from bright."),
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
    crop = linked(st.toggle, _("Crop to the content and centre it, as MNIST does"), key="crop", default=True)
    return None if automatic else level, crop, INVERT[ground]


def test_picture(card: ModelCard, where=st) -> Picture:
    """A test image by its number."""
    data = cache.data_of(card)
    last = len(data.test) - 1
    i = linked(
        where.number_input,
        _("Test image, 0 to {last}", last=last),
        0,
        last,
        key="image",
        default=0,
        help=_("From the part that the model never saw."),
    )
    of_class = "" if data.test_labels is None else _(data.class_names[data.test_labels[i]])
    name = _("test image {i}: {name}", i=i, name=of_class) if of_class else _("test image {i}", i=i)
    return _one(name, data.test[i], _(data.binarisation))


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
