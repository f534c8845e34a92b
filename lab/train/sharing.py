"""Who else may look at a run and use its model; how one logs in, and how a teacher says that he is one."""

import streamlit as st

from nade_core.messages import N_
from nade_core.runs import Owned, RunState, give, owned

from .. import cache, visitor
from ..words import _, plain
from .queue import viewer

WORDS = {"owner": N_("only I"), "link": N_("who has the link"), "class": N_("the whole class")}


def audience(run: RunState) -> None:
    """Where many people share the app: who else sees this run. Only a teacher publishes it to the class."""
    if not visitor.HOSTING.hosted:
        return
    known, key = owned(run.folder), f"audience-{run.name}"
    offered = [id for id in WORDS if id != "class" or viewer().teacher or known.audience == "class"]
    st.session_state[key] = known.audience
    st.segmented_control(
        _("Who sees this run and uses its model"),
        offered,
        key=key,
        format_func=lambda id: _(WORDS[id]),
        required=True,
        help=_("The link of a chapter that shows this model is what to send. Stop and Delete stay with you."),
        on_change=lambda: give(run.folder, Owned(known.owner, st.session_state[key])),
    )


def login() -> None:
    """Where the host has set up a login: who logs in finds his runs on every device."""
    name, offered = visitor.called(), visitor.providers()
    if name:
        st.caption(_("Logged in as {name}: your runs are yours on every device.", name=plain(name)))
        st.button(_("Log out"), icon=":material/logout:", key="logout", on_click=st.logout)
    for provider in [] if name else offered:
        words = _("Log in with {provider}", provider=plain(provider)) if provider else _("Log in")
        about = _("Runs that you asked for without it stay with this browser.")
        if st.button(words, icon=":material/login:", key=f"login-{provider}", help=about):
            st.login(provider)


def teacher() -> None:
    """The place where the teacher's key is entered, once a browser."""
    if not visitor.HOSTING.teacher_key:
        return
    if viewer().teacher:
        st.caption(_("You are the teacher here: you see, stop, delete and publish every run."))
        return
    with st.expander(_("For the teacher"), icon=":material/key:"), st.form("teacher", border=False):
        key = st.text_input(_("Teacher's key"), type="password", autocomplete="off")
        if st.form_submit_button(_("Enter")) and key:
            if visitor.becomes_teacher(key, cache.RUNS):
                st.rerun()
            st.warning(_("This is not the key."), icon=":material/info:")
