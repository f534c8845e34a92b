"""The link of this very state: as a QR code for the hall, and as a teacher wants it, with controls hidden or locked."""

from urllib.parse import urlencode

import segno
import streamlit as st

from . import link, stage
from .words import _


def address() -> str:
    """The link that restores what is on the page."""
    asked = urlencode(st.query_params.to_dict(), safe=",")
    base = (st.context.url or "").split("?")[0]
    return f"{base}?{asked}" if asked else base


def panel() -> None:
    """A button that opens the link, its QR code, the presentation, and the teacher's part."""
    with st.popover("", icon=":material/qr_code_2:", help=_("Share this page, present it, prepare it for a class")):
        here = address()
        code = segno.make(here, error="m", micro=False)
        st.image(code.svg_inline(scale=8, border=2, dark="#000", light="#fff"), width=360)
        st.code(here, language=None, wrap_lines=True)
        st.toggle(
            _("Presentation"),
            value=stage.presenting(),
            key="presenting",
            on_change=_present,
            help=_("Large type, one screen a step. Keys: → ← steps, P in and out, B blank, F full screen, ? all keys."),
        )
        _teacher()


def _present() -> None:
    link.say(link.PRESENT, "1" if st.session_state["presenting"] else None)


def _teacher() -> None:
    """What the link hides or locks."""
    known = link.controls() | {key: key for key in link.listed(link.HIDE) + link.listed(link.LOCK)}
    if not known:
        return
    st.markdown(f"**{_('For the class')}**")
    for key, label, why in (
        (link.HIDE, _("Hide"), _("Controls that the link does not show; they keep the value they have now.")),
        (link.LOCK, _("Lock"), _("Controls that are shown, and cannot be moved.")),
    ):
        st.session_state[f"teacher-{key}"] = link.listed(key)
        st.multiselect(
            label,
            list(known),
            key=f"teacher-{key}",
            format_func=known.get,
            help=why,
            on_change=_list,
            args=(key,),
        )


def _list(key: str) -> None:
    link.say(key, ",".join(st.session_state[f"teacher-{key}"]) or None)
