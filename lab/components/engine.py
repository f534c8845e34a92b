"""What a component needs to compute in the browser: where the engine and the model stand, and words for its faults."""

from typing import Any

from nade_core import ModelCard
from nade_core.messages import N_

from .. import cache, served
from ..words import _

FAULTS = (
    N_("Expected a class from 0 to {last}; got {label}."),
    N_("Expected a hidden unit from 0 to {last}; got {unit}."),
    N_("Expected a pixel from 0 to {last}; got {pixel}."),
    N_("Expected a prefix of at most {dims} values, 0 and 1 only."),
    N_("Expected a temperature above 0; got {temperature}."),
    N_("Expected an array of {dims} pixels, 0 and 1 only; got {value}."),
    N_("Expected between 0 and {dims} known pixels; got {n}."),
    N_("Expected pixels of 0 and 1 only; pixel {pixel} is {value}."),
    N_("Expected rows of {width} random numbers; got {length}."),
    N_("Expected {dims} pixels, 0 and 1 only; got {length} values."),
    N_("Random numbers lie between 0 and 1; got {value}."),
    N_("The engine does not know {call}, or has no model yet."),
    N_("The engine does not start in this browser."),
    N_("The hidden units belong to one class: choose a class first."),
    N_("The model did not arrive (status {status})."),
    N_("This file has format version {version}; up to {known} is known here."),
    N_("This file holds a {model}; a browser computes NADE alone."),
    N_("This file is damaged: {tensor} does not fit its header."),
    N_("This file is damaged: {tensor} holds numbers that are not finite."),
    N_("This file is not a NADE Lab model, or it is damaged: no readable header."),
    N_("This link holds no drawing: expected {expected} letters, digits, - or _; got {length}."),
    N_("This model takes {megabytes} MB; the browser is given {most} MB at most."),
    N_("This model was trained without classes, so it has no p(y | x)."),
    N_("This model was trained without classes: leave the label out."),
    N_("{tensor} holds numbers of type {dtype}; F32 and F16 are known here."),
)


def plays(card: ModelCard) -> bool:
    """Whether a browser can compute with the model, and draw its rows."""
    return cache.model_class(card).in_browser and card.shape == (28, 28)


def engine(card: ModelCard) -> dict[str, Any]:
    """The addresses and the words, as the components take them."""
    return {
        "engine": served.engine(),
        "model": served.model(*cache.key_of(card)),
        "faults": {fault: _(fault) for fault in FAULTS},
        "unstarted": _("The engine does not start in this browser."),
        "lost": _("The browser does not compute here: {reason} What you see are the server's numbers."),
    }
