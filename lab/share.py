"""The link of this very state: as a QR code for the hall, and as a teacher wants it, with controls hidden or locked."""

from urllib.parse import urlencode

import segno
import streamlit as st

import texts

from . import link
from .words import _


def address(start: str = "here", language: str | None = None) -> str:
    """The link that restores what is on the page, or (``start="beginning"``) the page as it is at first.

    ``language`` is one of the texts, "reader" for the browser's own, or None for the one that is read here.
    """
    asked = link.address()
    if start == "beginning":
        asked = {key: value for key, value in asked.items() if key in link.SHARED}
    if language == "reader":
        asked.pop(link.LANGUAGE, None)
    elif language:
        asked[link.LANGUAGE] = language
    base = (st.context.url or "").split("?")[0]
    return f"{base}?{urlencode(asked, safe=',')}" if asked else base


def panel() -> None:
    """A button that opens the link, its QR code, the presentation, and the teacher's part: drawn when asked for."""
    note = _("Share this page, present it, prepare it for a class")
    if st.button(_("Share"), icon=":material/qr_code_2:", help=note, key="share-page"):
        st.dialog(_("The link of this page"), width="large", on_dismiss="rerun")(_panel)()


def _panel() -> None:
    left, right = st.columns([3, 2], gap="large")
    with right:
        here, place = st.container(key="address"), st.container()
        start, language = _teacher()
        with place:
            st.button(
                _("End the presentation") if link.presenting() else _("Presentation"),
                key="presenting",
                icon=":material/present_to_all:",
                on_click=lambda: link.say(link.PRESENT, None if link.presenting() else "1"),
                help=_("Large type, one screen a step; ? lists the keys."),
            )
    to = address(start, language)
    with here:
        st.code(to, language=None, wrap_lines=True)
    with left, st.container(key="qr"):
        try:
            code = segno.make(to, error="l", micro=False)
        except segno.DataOverflowError:
            st.info(_("This link is too long for a QR code: copy it instead."))
        else:
            st.image(code.svg_inline(scale=8, border=2, dark="#000", light="#fff"), width="stretch", alt=to)


def _teacher() -> tuple[str, str]:
    """What the link hides or locks; where it starts, and in which language."""
    st.markdown(f"**{_('For the class')}**")
    starts = {"here": _("as it is now"), "beginning": _("from the beginning")}
    start = st.segmented_control(
        _("Start"), list(starts), format_func=starts.__getitem__, default="here", key="link-start"
    )
    names = {**{id: texts.name(id) for id in texts.LANGUAGES}, "reader": _("the reader's")}
    spoken = st.segmented_control(
        _("Language"),
        list(names),
        format_func=names.__getitem__,
        default=st.session_state["language"],
        key="link-language",
    )
    st.session_state["link-answers"] = link.asked(link.ANSWERS) == link.HIDDEN
    st.toggle(
        _("Keep answers for later"),
        key="link-answers",
        on_change=lambda: link.say(link.ANSWERS, link.HIDDEN if st.session_state["link-answers"] else None),
        help=_("Predictions are not resolved and closing questions not asked, until a link without this is opened."),
    )
    _controls()
    return start or "here", spoken or st.session_state["language"]


def _controls() -> None:
    known = link.controls() | {key: key for key in link.listed(link.HIDE) + link.listed(link.LOCK)}
    for key, label, why in (
        (link.HIDE, _("Hide"), _("Controls that the link does not show; they keep the value they have now.")),
        (link.LOCK, _("Lock"), _("Controls that are shown, and cannot be moved.")),
    ):
        st.session_state[f"teacher-{key}"] = link.listed(key)
        if known:
            st.multiselect(
                label,
                list(known),
                key=f"teacher-{key}",
                format_func=known.__getitem__,
                help=why,
                on_change=_list,
                args=(key,),
            )


def _list(key: str) -> None:
    link.say(key, ",".join(st.session_state[f"teacher-{key}"]) or None)
