"""How well log p tells the real rows from each other sort, as a table: means, typicality, AUROC with its interval."""

import numpy as np
import streamlit as st

from nade_core import ModelCard, measures

from . import cache, kinds
from .cache import Gallery
from .words import _, explain, title

REAL = "real"
Scored = list[tuple[ModelCard, Gallery]]  # one model, or two on the same rows


def table(both: Scored, sorts: list[str], kind: kinds.Kind) -> None:
    st.header(_("How well does log p tell the real from each kind?"), anchor=False)
    rows: dict[str, dict[str, str | float]] = {sort: {_("kind"): kind.sort_name(sort)} for sort in sorts}
    means = []
    for whose, (card, shown) in zip(_owners(both), both, strict=True):
        reference = cache.test_log_probs(card)
        entropy = None if reference is None else float(-reference.mean())
        if entropy is not None:  # the second model's data may be gone
            means.append(_("H{whose} = {entropy:.1f} nats", whose=whose, entropy=entropy))
        for sort in sorts:
            values = shown.of(sort)
            rows[sort][_("mean log p, nats") + whose] = round(values.mean(), 1)
            if len(both) == 1 and entropy is not None:  # with two models there is no room for it
                typicality = float(abs(-values - entropy).mean())
                rows[sort][_("typicality |−log p − H|, nats")] = round(typicality, 1)
            area = _area(shown.of(REAL), values) if sort != REAL else "–"
            rows[sort][_("AUROC of real against it") + whose] = area
    st.dataframe(list(rows.values()), hide_index=True, width="stretch", height="content")
    explain(
        _(
            "[[auroc]]: the chance that a real one has a higher log p than one of that kind; below 0.5 the kind outranks "
            "the real. In brackets the 95 % interval of DeLong et al. (1988). {means}: the mean of −log p over real test "
            "rows, in [[nat|nats]].",
            means="; ".join(means),
        ),
        small=True,
    )


def _owners(both: Scored) -> list[str]:
    """What tells the columns of two models apart: short titles, or names where those are the same."""
    if len(both) == 1:
        return [""]
    titles = [title(card).split(",")[0] for card, _shown in both]
    return [f" ({title})" for title in (titles if len(set(titles)) == 2 else [card.name for card, _shown in both])]


def _area(real: np.ndarray, values: np.ndarray) -> str:
    if len(values) == 1:
        return _("a single one: outranks {share:.0f} % of real", share=100 * (real < values[0]).mean())
    low, high = measures.auroc_interval(real, values)
    return f"{measures.auroc(real, values):.3f}  [{low:.3f}, {high:.3f}]"
