"""The state of a chapter is its link: every control stands in the URL by id, and comes back from it.

A control is made by ``linked(st.slider, label, 1, 9, key="n", default=3)``. What the URL says comes first; what the
viewer then chooses is written into it, defaults left out. Where the browser goes (Back, Forward, a link), the URL wins
over what the controls held. In every other run of a chapter what was last written holds: a browser that is slower than
the hand knows nothing of it yet, and sends a former URL with the next press. A chapter that is left is remembered, and
is as it was when one comes back to it. A link may hide controls (``hide=seed,n``) or lock them (``lock=n``): they keep
the value that it gives them. With ``answers=hidden`` no prediction is resolved and no closing question asked.
"""

from collections.abc import Callable, Iterable
from typing import Any

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

LANGUAGE, MODEL, PRESENT, HIDE, LOCK, ANSWERS = "lang", "model", "present", "hide", "lock", "answers"
SHARED = (LANGUAGE, MODEL, PRESENT, HIDE, LOCK, ANSWERS)  # what follows from chapter to chapter
HIDDEN = "hidden"  # of answers

# What was last written, by key; what each chapter has or had, and what follows; and of what the browser changed by going
# elsewhere, what the control held then.
STATE = {"said": dict, "kept": dict, "changed": dict}
_session = st.session_state


def open_chapter(id: str) -> None:
    """Begin a run of a chapter: what the URL says where the browser went there, else what was last written."""
    said, kept, changed = (_session.setdefault(name, kind()) for name, kind in STATE.items())
    arrived = _session.get("chapter") != id
    if arrived:
        _arrive(id, kept)
        said.clear()
        changed.clear()
    elif went():
        there = {key: st.query_params.get(key) for key in said}
        changed.update({key: write(_session.get(key)) for key in said if there[key] != said[key]})
        said.update(there)
    else:
        for key, text in (kept.get(id, {}) | said).items():
            _write(key, text)
    for key in SHARED:
        said[key] = kept[key] = st.query_params.get(key)
    if arrived or went():  # also what no control has said yet
        kept[id] = {key: text for key, text in st.query_params.items() if key not in SHARED}
    _session["controls"] = {}


def _arrive(id: str, kept: dict[str, Any]) -> None:
    """Come to a chapter: without a state of its own in the URL, to what it had when it was left; with what follows."""
    _session["chapter"] = id
    for key in _session["said"]:  # controls of the same name in two chapters are two controls
        _session.pop(key, None)
    if not set(st.query_params) - set(SHARED):
        st.query_params.update(kept.get(id, {}))
    for key in SHARED:
        if key not in st.query_params and kept.get(key):
            st.query_params[key] = kept[key]


def went() -> bool:
    """Whether the browser went to the URL of this run, by Back, Forward or a link; all others begin with a hand."""
    run = get_script_run_ctx(suppress_warning=True)
    return run is not None and run.is_history_navigation


def asked(key: str) -> str | None:
    """What the URL says under a key, before the chapter is open too: in callbacks, and where the page begins."""
    said = _session.get("said", {})
    return said[key] if key in said and not went() else st.query_params.get(key)


def say(key: str, text: str | None) -> None:
    """Write a value into the URL, or take it out of it (None)."""
    _write(key, text)
    said, kept, changed = (_session.setdefault(name, kind()) for name, kind in STATE.items())
    said[key] = text
    changed.pop(key, None)
    if key in SHARED:
        kept[key] = text
    else:
        mine = kept.setdefault(_session.get("chapter", ""), {})
        mine.pop(key, None)
        if text is not None:
            mine[key] = text


def _write(key: str, text: str | None) -> None:
    if text is None:
        st.query_params.pop(key, None)
    elif st.query_params.get(key) != text:
        st.query_params[key] = text


def arriving(key: str) -> str | None:
    """What the URL says of a control that is new here, or that the URL has changed; None where the viewer's holds: also
    where a hand has moved it since, in a run that broke off the one in which the URL came."""
    if key in _session and write(_session[key]) != _session.get("changed", {}).get(key):
        return None
    return st.query_params.get(key, "")


def address() -> dict[str, str]:
    """What stands in the URL, by key, or will once the browser hears of it: within a dialog it may send a former one."""
    said, kept = _session.get("said", {}), _session.get("kept", {})
    found = st.query_params.to_dict() | kept.get(_session.get("chapter"), {}) | said
    return {key: text for key, text in found.items() if text is not None}


def linked(
    widget: Callable[..., Any], label: str, *args: Any, key: str, default: Any, kind: Any = None, **options: Any
) -> Any:
    """The widget, with its value in the URL under its key. The value is one of the options, or within the ends.

    Options are ids (str) or numbers. What says nothing possible counts as the default: a text in the URL, or the value
    that the control had where another model has other options or ends. ``kind`` is the type of the values where the
    default, None, does not tell it.
    """
    text = arriving(key)
    if text is None and not _possible(_session[key], default, args):
        text = st.query_params.get(key, "")
    if text is not None:
        value = read(text, default, args, kind)
        _session[key] = default if isinstance(value, tuple) and value[0] > value[-1] else value  # a range has an order
    locked = offer(key, label)
    if locked is None:
        value = _session[key]
        _session[key] = value  # said anew in each run: a control that is not shown would be forgotten
    else:
        locked = options.pop("disabled", False) or locked
        value = widget(label, *args, key=key, disabled=locked, **options, **begins(widget, args, _session[key]))
    say(key, None if value == default else write(value))
    return value


BEGINS = {"selectbox": "index", "segmented_control": "default", "pills": "default"}  # of all others: value


def begins(widget: Callable[..., Any], args: tuple[Any, ...], value: Any) -> dict[str, Any]:
    """The argument by which the widget begins at the value it has. A browser that had not yet made the control when the
    page ran again takes it from here: of what an earlier run set, it knows nothing, and a slider would begin at its end."""
    name = BEGINS.get(widget.__name__, "value")
    return {name: list(args[0]).index(value) if name == "index" else value}


def presenting() -> bool:
    """Whether the page is shown to a hall: large type, one screen a step."""
    return asked(PRESENT) == "1"


def leave_for(id: str, **state: str | None) -> None:
    """Where the next run goes: to a chapter, as it was when it was left but for this state."""
    mine = _session.setdefault("kept", {}).setdefault(id, {})
    for key, text in state.items():
        mine.pop(key, None) if text is None else mine.update({key: text})
    _session["goto"] = id


def fixed(key: str) -> bool:
    """Whether the link holds this value: it hides or locks the control."""
    return key in listed(LOCK) + listed(HIDE)


def listed(key: str) -> list[str]:
    """The ids that the URL lists under a key."""
    return [part for part in (asked(key) or "").split(",") if part]


def offer(key: str, label: str) -> bool | None:
    """Enter a control among those of this run; whether the link locks it, or None where it hides it."""
    _session.setdefault("controls", {})[key] = label
    return None if key in listed(HIDE) else key in listed(LOCK)


def controls() -> dict[str, str]:
    """The controls of this run: their labels by key."""
    return _session.get("controls", {})


def read(text: str, default: Any, args: tuple[Any, ...], kind: Any = None) -> Any:
    """What a text of the URL means: one of the options, or a value within the ends; else the default."""
    if text == "":
        return default
    try:
        value = kind(text) if kind else _parse(text, default)
    except ValueError:
        return default
    return value if _possible(value, default, args) else default


def _possible(value: Any, default: Any, args: tuple[Any, ...]) -> bool:
    """Whether a control with these arguments can hold the value."""
    if value == default:
        return True
    many = list(value) if isinstance(value, (list, tuple)) else [value]
    if args and isinstance(args[0], Iterable) and not isinstance(args[0], str):
        return len(set(many)) == len(many) and all(one in args[0] for one in many)
    if isinstance(value, tuple) and len(value) != len(default):
        return False
    return len(args) < 2 or all(args[0] <= one <= args[1] for one in many)


def _parse(text: str, default: Any) -> Any:
    if isinstance(default, bool):
        return {"1": True, "0": False}.get(text, default)
    if isinstance(default, (list, tuple)):
        one = default[0] if default else ""
        return type(default)(_parse(part, one) for part in text.split(",") if part != "-")
    return type(default)(text) if default is not None else text


def write(value: Any) -> str:
    """A value as it stands in the URL."""
    if isinstance(value, bool):
        return str(int(value))
    if isinstance(value, (list, tuple)):
        return ",".join(map(write, value)) or "-"
    return f"{value:.10g}" if isinstance(value, float) else str(value)
