"""A NADE as one HTML file that draws, samples and scores: no server, no network, no build step.

The page is web/take_home/, its program the modules there and the engine beside them, put one after another: a page that
is opened from a disk may not load modules from files.
"""

import base64
import copy
import html
import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from string import Template
from typing import Any

import torch

from .. import __version__
from ..checkpoint import ModelCard, find_model, load_model, read_card
from ..data import SOURCES, load_dataset
from ..data.sources import IMAGE
from ..messages import N_, NadeError
from ..models import MODELS
from ..scoring import log_probs
from .bundle import HALVED, browser_bundle

Tell = Callable[[str, str], str]
HERE = Path(__file__).parents[1]
WEB = next((path for path in (HERE / "web", HERE.parent / "web") if path.is_dir()), HERE.parent)
MODULES = ("nade", "strokes", "take_home/paint", "take_home/words", "take_home/drawing", "take_home/samples")
PAGE_LIMIT = 5_000_000  # bytes; weights in float32 where the page stays below, else in float16
ROWS = 2000  # test images on which the difference is measured
OWN_ROWS = 200  # samples of the model, where its data are not here
ENGLISH = {"en": "English"}
FLOAT32 = N_("float32, as in the model's file")
ON_TEST = N_("float16; log p(x) differs from float32 by at most {most} nats on {n} test images")
ON_SAMPLES = N_("float16; log p(x) differs from float32 by at most {most} nats on {n} samples of its own")
WORDS = (
    N_("Class"),
    N_("Draw"),
    N_("The drawing, 28 by 28 pixels"),
    N_("Tools"),
    N_("Pen"),
    N_("Eraser"),
    N_("Width"),
    N_("Undo"),
    N_("Redo"),
    N_("Clear"),
    N_("Invert"),
    N_("With the keyboard: arrows move, space turns a pixel over, Ctrl+Z undoes."),
    N_("bits/dim"),
    N_("Which class, by Bayes' rule"),
    N_("The surprise of each pixel given those before it; all of them sum to −log p(x)."),
    N_("The surprise map, from 0 to {nats} nats"),
    N_("log p(x) = {nats} nats"),
    N_("{nats} nats"),
    N_("row {row}, column {column}: on"),
    N_("row {row}, column {column}: off"),
    N_("any: p(x)"),
    N_("Samples"),
    N_("New samples"),
    N_("Under each one: its log p(x) in nats. Choose one to watch it being drawn."),
    N_("Samples of the model"),
    N_("sample {n}, log p = {nats} nats"),
    N_("The sample so far"),
    N_("drawn so far; orange: the pixel that comes next"),
    N_("How likely each pixel was to be on"),
    N_("how likely each pixel was to be on, before it was drawn"),
    N_("{n} of {all} pixels; log p of what is drawn: {nats} nats"),
    N_("Pixels drawn"),
    N_("Play"),
    N_("Pause"),
    N_("Take it into the drawing"),
    N_("The model"),
    N_("kind"),
    N_("parameters"),
    N_("mean of −log p(x)"),
    N_("{split}: {nats} nats"),
    N_("training"),
    N_("validation"),
    N_("test"),
    N_("data"),
    N_("source and licence of the data"),
    N_("weights"),
    N_("program"),
    N_("NADE Lab {version}, MIT licence"),
    N_("Everything on this page is computed in this browser: no server, no network."),
    N_("For scripts, in the browser's console:"),
    FLOAT32,
    ON_TEST,
    ON_SAMPLES,
)


def has_page(card: ModelCard) -> bool:
    """Whether there is a page for that model: a NADE of images."""
    return card.shape == IMAGE and MODELS[card.model][0].in_browser


def page(model: str | Path, tell: Tell | None = None, languages: Mapping[str, str] = ENGLISH) -> bytes:
    """The HTML file of a NADE of 28 x 28 images: a pretrained name, a model file or a run folder.

    ``languages`` maps a code to what that language calls itself, and tell(code, message) translates; without it the
    page is in English. Weights are float32, or float16 where PAGE_LIMIT asks for it: the card on the page then says by
    how much log p(x) differs at most, as measured here. NadeError for a model that a browser does not compute.
    """
    path = find_model(model)
    card, whole = read_card(path), browser_bundle(path, halve=False)
    if not has_page(card):
        raise NadeError(
            "The model {model} is not one of 28 x 28 images, so there is nothing to draw on.", model=str(model)
        )
    page = _filled(card, whole, _about(card) | {"weights": FLOAT32}, tell, languages)
    if len(page) <= PAGE_LIMIT:
        return page
    return _filled(card, browser_bundle(path), _about(card) | _rounding(card), tell, languages)


def _about(card: ModelCard) -> dict[str, Any]:
    """What the card on the page says, in English."""
    source = SOURCES.get(card.embedded)
    return {
        "title": card.title,
        "model": card.model,
        "description": card.description,
        "parameters": card.parameters,
        "classes": card.classes,
        "nats": card.nats,
        "data": source.title if source else card.data,
        "binarisation": card.header.get("binarisation", ""),
        "credit": source.credit if source else "",
        "version": __version__,
    }


def _rounding(card: ModelCard) -> dict[str, Any]:
    """By how much float16 moves log p(x) at most, measured on test images, or on samples where those are not here."""
    model = load_model(card.path, "cpu")
    rounded = copy.deepcopy(model)
    for name, parameter in rounded.named_parameters():
        if name in HALVED:
            parameter.copy_(parameter.half())
    own = model.sample(OWN_ROWS, generator=torch.Generator().manual_seed(0))
    rows = load_dataset(card.embedded).test[:ROWS] if card.embedded else own
    most = abs(log_probs(model, rows) - log_probs(rounded, rows)).max()
    return {"weights": ON_TEST if card.embedded else ON_SAMPLES, "most": float(most), "n": len(rows)}


def _filled(card: ModelCard, weights: bytes, about: dict, tell: Tell | None, languages: Mapping[str, str]) -> bytes:
    messages = {*WORDS, *card.classes, *(about[name] for name in ("title", "description", "data", "binarisation"))}
    words = {code: {text: tell(code, text) for text in messages if text} if tell else {} for code in languages}
    facts = json.dumps({"card": about, "languages": languages, "words": words}, ensure_ascii=False)
    template = Template((WEB / "take_home" / "page.html").read_text("utf-8"))
    return template.substitute(
        notice=f"NADE Lab {__version__}, Copyright (c) The NADE Lab authors. SPDX-License-Identifier: MIT",
        title=html.escape(card.title),
        style=(WEB / "take_home" / "page.css").read_text("utf-8"),
        facts=facts.replace("<", "\\u003c"),  # or a title could end the element
        weights=base64.b64encode(weights).decode(),
        code=_program(),
    ).encode()


def _program() -> str:
    """The modules as one: each a function that gives what it exports, and the page's own at the end."""
    parts = [f"modules.{Path(name).name} = {_as_function(name)};" for name in (*MODULES, "take_home/main")]
    return "\n".join(["const modules = {};", *parts])


def _as_function(name: str) -> str:
    """The text of a module as a call that returns its exports; each import becomes a look at such a call's result."""
    text = (WEB / f"{name}.js").read_text("utf-8")
    text = re.sub(
        r'^import (\{.*\}) from "[./]*/(?:\w+/)*(\w+)\.js";$', r"const \1 = modules.\2;", text, flags=re.MULTILINE
    )
    exported = r"^export (?=(?:async function|function|class|const) (\w+))"
    names = re.findall(exported, text, re.MULTILINE)
    text = re.sub(exported, "", text, flags=re.MULTILINE)
    return f"(() => {{\n{text}\nreturn {{ {', '.join(names)} }};\n}})()"
