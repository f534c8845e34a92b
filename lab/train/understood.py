"""What a viewer's own file is taken for, told before anything is learned from it, and what may be said of it."""

import tempfile
from dataclasses import replace
from pathlib import Path

import streamlit as st

from nade_core.data.arrays import array_names
from nade_core.data.filetypes import IMAGE_SUFFIXES, file_end
from nade_core.data.reading import understand
from nade_core.data.understood import BINARISE, How, Understood
from nade_core.messages import N_, NadeError
from nade_core.queue import LARGE

from ..link import linked
from ..turns import turn
from ..words import _, named, plain, tell

SHOWN = 8  # files that were left out
AUTO, NONE = "auto", "none"
WITH_NAMES = (".csv", ".tsv", ".txt", ".data", ".gz", ".xlsx")  # files whose first row may be one of names
TABLES = (*WITH_NAMES, ".parquet", ".npz", ".npy")
FIRST_ROW = {AUTO: N_("as it looks"), "names": N_("holds names"), "values": N_("holds values")}
DECIMALS = {AUTO: N_("as it looks"), "point": N_("a point"), "comma": N_("a comma")}
EMPTY_CELLS = {AUTO: N_("are refused"), "drop": N_("are left out"), "fill": N_("are filled by the median")}
LABELS = {AUTO: N_("as it looks"), NONE: N_("there are none")}
DRAWS = {"threshold": N_("by a threshold"), "bernoulli": N_("by one Bernoulli draw each")}


def panel(files: list, values: str) -> tuple[str | None, dict]:
    """Shows what the one file that was dropped is taken for; the array of it that was chosen, and fields of ``How``."""
    if len(files) != 1 or files[0].name.lower().endswith(IMAGE_SUFFIXES):
        return None, {}
    name, content = files[0].name, files[0].getvalue()
    if len(content) > LARGE:
        st.caption(_("A large file: it is read when the training begins."))
        return None, {}
    key = None
    with st.spinner(_("Reading the data…")):
        seen, names = _look(name, content, How(values))
    if isinstance(seen, NadeError) and len(names) > 1:
        several = _("The file holds several arrays; one is learned from.")
        key = linked(st.selectbox, _("Array"), names, key="own_key", default=names[0], help=several)
    reading = _otherwise(name, content, How(values, key)) if name.lower().endswith(TABLES) else {}
    seen, names = _look(name, content, How(values, key, **reading))
    if isinstance(seen, Understood) and seen.offers:
        reading |= _offer()
        seen, names = _look(name, content, How(values, key, **reading))
    if isinstance(seen, NadeError):
        st.warning(plain(tell(seen)), icon=":material/info:")
    else:
        _show(seen)
    return key, reading


def _otherwise(name: str, content: bytes, how: How) -> dict:
    """What only the viewer knows of a table: whether its first row is one of names, its labels, its empty cells, and the
    decimal mark of numbers that are texts."""
    with st.expander(_("Read it otherwise"), icon=":material/tune:"):
        columns = st.columns(4)
        reading: dict = {}
        with_names = name.lower().endswith(WITH_NAMES)
        if with_names or name.lower().endswith(".parquet"):
            decimal = _choice(columns[3], _("The decimal mark"), "own_decimal", DECIMALS)
            reading |= {} if decimal == AUTO else {"decimal": "." if decimal == "point" else ","}
        if with_names:
            header = _choice(columns[0], _("The first row"), "own_header", FIRST_ROW)
            reading |= {} if header == AUTO else {"header": header == "names"}
        holes = _choice(columns[1], _("Rows with empty cells"), "own_holes", EMPTY_CELLS)
        reading |= {} if holes == AUTO else {"holes": holes}
        if with_names:
            seen, _names = _look(name, content, replace(how, **reading))
            found = [] if isinstance(seen, NadeError) else [*seen.names, *([seen.labels] if seen.labels else [])]
            labels = _choice(columns[2], _("Labels"), "own_labels", LABELS | {f"={one}": one for one in found})
            reading |= {} if labels == AUTO else {"labels": labels.removeprefix("=") if labels != NONE else ""}
    return reading


def _choice(column, label: str, key: str, options: dict[str, str]) -> str:
    """One of the options by id; what starts with = is a name of the file's own."""
    shown = {id: plain(words) if id.startswith("=") else _(words) for id, words in options.items()}
    return linked(
        column.selectbox, label, list(options), key=key, default=AUTO, format_func=lambda id: shown.get(id, id)
    )


def _offer() -> dict:
    """How numbers become 0 and 1, once the viewer has chosen."""
    chosen = linked(
        st.segmented_control,
        _("How these numbers become 0 and 1"),
        list(BINARISE),
        key="own_binarise",
        default=None,
        format_func=lambda one: _(DRAWS[one]),
        help=_("They are not only 0 and 1, and a model of binary rows takes nothing else."),
    )
    return {"binarise": chosen} if chosen else {}


@st.cache_data(max_entries=64, show_spinner=False)
def _look(name: str, content: bytes, how: How) -> tuple[Understood | NadeError, list[str]]:
    """What the file is taken for, or why it cannot be read; and the arrays that it holds."""
    with turn(), tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"file{file_end(name)}"
        path.write_bytes(content)
        try:
            arrays = array_names(path)
        except NadeError as error:
            return error.of(name, path.name), []
        try:
            return understand(path, how), arrays
        except NadeError as error:
            return error.of(name, path.name), arrays


def _show(seen: Understood) -> None:
    """The size, the names, what was left out or set aside, and what is doubtful."""
    lines = [_("{rows:,} rows of {columns:,} values.", rows=seen.rows, columns=seen.columns)]
    if seen.names:
        shown = ", ".join(map(plain, seen.names[:SHOWN])) + (", …" if len(seen.names) > SHOWN else "")
        lines.append(_("Columns: {names}.", names=shown))
    lines += [
        plain(_(note.message, **{key: named(fact) for key, fact in note.facts.items()})) for note in seen.warnings
    ]
    left_out = [f"{plain(one.name)}: {plain(tell(one.why))}" for one in seen.skipped[:SHOWN]]
    if left_out:
        lines.append(_("{n} files were left out:", n=len(seen.skipped)))
    with st.container(border=True):
        st.caption("\n".join(f"- {line}" for line in lines + left_out))
