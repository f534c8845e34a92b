"""What a viewer may take home: a model as a page that needs no server, the report of a training as a zip."""

from functools import partial

import streamlit as st

import texts
from nade_core import ModelCard, export
from nade_core.runs import RunState

from .words import _


def _languages() -> dict[str, str]:
    return {code: texts.name(code) for code in texts.LANGUAGES}


def page_button(card: ModelCard) -> None:
    """The button that gives a model as one HTML file; none for a model that a browser does not compute."""
    if export.has_page(card):
        st.download_button(
            _("Take it home"),
            partial(export.page, card.path, texts.translate, _languages()),
            f"{card.name}.html",
            "text/html",
            key=f"home-{card.name}",
            icon=":material/home:",
            help=_("One HTML file that draws, samples and scores on any computer or phone, without a server."),
            on_click="ignore",
        )


def report_button(run: RunState) -> None:
    """The button that gives the report of a run that has a model."""
    if (run.folder / "model.safetensors").exists():
        st.download_button(
            _("Lab report"),
            partial(_report, run),
            f"{run.name}.zip",
            "application/zip",
            key=f"report-{run.name}",
            icon=":material/folder_zip:",
            help=_("One zip: settings, log, curve, samples by epoch, the model, and a script that runs it."),
            on_click="ignore",
        )


def _report(run: RunState) -> bytes:
    return export.zipped(export.report(run.folder, texts.translate, _languages()), run.name)
