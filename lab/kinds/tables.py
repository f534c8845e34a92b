"""Rows of a table: drawn beside real ones, ranked by log p with the columns that make them strange, and asked for."""

import numpy as np
import streamlit as st

from nade_core import ModelCard, measures
from nade_core.messages import N_

from .. import cache
from ..cache import tables
from ..link import linked
from ..pairs import SHOWN, pair_plot
from ..theme import BLUE, GREY, ORANGE, behind, chart, figure
from ..words import _, explain, plain

ID, PLACE = "tables", 3
HOW_MANY = [60, 120, 240, 480, 960, 1920], 480
PAIRED = SKETCHED = 3  # columns in the pair plot at first, and beside a run
NAMED, CURVES = 3, 9  # columns named of a strange row, drawn as conditionals
POINTS = 200  # of a curve
ENDS = 0.01, 0.99  # between which shares of the rows a value can be set


def holds(card: ModelCard) -> bool:
    # pictures, points and photos come first
    return card.shape is None


def samples(card: ModelCard, n: int, seed: int, label: int | None, temperature: float) -> None:
    """Pairs of columns, drawn and real, and the rows that were drawn."""
    with st.spinner(_("Drawing…")):
        x, log_p = cache.samples(card, n, seed, label, temperature)
    pairs(card, x)
    _table({_("log p (nats)"): log_p.round(2), **restored(card, x)})
    taken(_("Download the rows as CSV"), restored(card, x), f"{card.name}-{seed}.csv")


def restored(card: ModelCard, x: np.ndarray) -> dict[str, np.ndarray]:
    """Rows (N, D) as columns in the units of the table, under names in the reader's language."""
    return dict(zip(tables.names(card), tables.layout(card).restored(x).values(), strict=True))


def _table(columns: dict[str, np.ndarray]) -> None:
    """Columns (N,) by name, of numbers to five digits."""
    real = [name for name, column in columns.items() if column.dtype.kind == "f"]
    look = {name: st.column_config.NumberColumn(format="%.5g") for name in real}
    st.dataframe(columns, width="stretch", height=380, hide_index=True, column_config=look)


def taken(words: str, columns: dict[str, np.ndarray], name: str) -> None:
    """A button that takes columns home."""
    st.download_button(words, tables.as_csv(columns), name, "text/csv", icon=":material/download:")


def pairs(card: ModelCard, drawn: np.ndarray) -> None:
    """Every two of the chosen columns against each other, real rows in blue and drawn ones in green."""
    names, real = tables.names(card), tables.rows(card)
    ids = [str(j) for j in range(card.dims)]
    about = _("Every two of them are drawn against each other.")
    look = {"format_func": lambda id: names[int(id)], "selection_mode": "multi", "help": about}
    chosen = linked(st.pills, _("Columns"), ids[:40], key="columns", default=ids[:PAIRED], **look)
    if len(chosen) < 2:
        st.info(_("Choose at least two columns."))
        return
    pair_plot(real, drawn, names, [int(id) for id in chosen], 110 + 90 * len(chosen), "pairs")
    st.caption(
        _(
            "Blue dots: real rows, at most {n}. Green crosses: as many that the model drew. Where they lie alike, it has learned the "
            "pair.",
            n=SHOWN,
        )
    )


def sketch(card: ModelCard, n: int, key: str) -> None:
    """Pairs of the first columns of real values; of others the mean of each column, real and drawn."""
    drawn, names, real = cache.samples(card, n, 0)[0], tables.names(card), tables.rows(card)
    if card.values == "real" and card.dims > 1:
        pair_plot(real, drawn, names, range(min(SKETCHED, card.dims)), 380, key)
        about = _("The first columns: real rows in blue, drawn ones in green, as the model is now.")
        st.caption(about)
        return
    columns = {_("column"): np.array(names), _("mean of drawn rows"): drawn.mean(0)}
    if real is not None:
        columns[_("mean of real rows")] = real.mean(0)
    _table(columns)


def strange(card: ModelCard) -> None:
    """Every row of the table by its log p, the strangest on top, with the columns that make it so."""
    x = tables.rows(card)
    if x is None:
        st.info(_("The table of this model is not here, so its rows cannot be ranked."))
        return
    with st.spinner(_("Scoring…")):
        scored, reference = scores(card, x), cache.test_log_probs(card)
    order, surprises = np.argsort(scored[LOG_P], kind="stable"), tables.surprises(card, scored[TERMS])
    shown = {_("row"): order + 1, _("log p (nats)"): scored[LOG_P][order].round(2)}
    shown[_("percentile")] = np.array(
        [round(measures.percentile(value, reference), 1) for value in scored[LOG_P][order]]
    )
    shown[_("because of")] = np.array([_because(card, x[i], surprises[i]) for i in order])
    _table({**shown, **{name: column[order] for name, column in restored(card, x).items()}})
    explain(
        _(
            "{n:,} rows, the least probable on top. log p(x) is the sum of one term a column, log p(xᵢ | x before it): the "
            "columns named are those that take most away, in [[nat|nats]], their values standardised: no unit counts for "
            "more. The percentile is among rows that it did not learn from.",
            n=len(x),
        ),
        small=True,
    )
    parts = {name: -scored[TERMS][:, j] for j, name in enumerate(tables.names(card))}
    every = {"row": np.arange(1, len(x) + 1), "log_p": scored[LOG_P]}
    taken(_("Download all scores as CSV"), {**every, **parts}, f"{card.name}-scores.csv")


LOG_P, TERMS = "log_p", "terms"


def scores(card: ModelCard, x: np.ndarray) -> dict[str, np.ndarray]:
    """log p of rows (N, D), and its terms by column (N, D)."""
    terms = tables.terms(card, x)
    return {LOG_P: terms.sum(1), TERMS: terms}


def _because(card: ModelCard, row: np.ndarray, surprise: np.ndarray) -> str:
    """The columns that surprise most, with their values."""
    names, most = tables.names(card), surprise.argsort()[::-1][:NAMED]
    return "; ".join(f"{names[j]} = {measures.as_written(row[j])} ({surprise[j]:.1f})" for j in most)


def asked(card: ModelCard) -> None:
    """Some columns are set, and every other one shows its distribution given those."""
    names, x = tables.names(card), tables.rows(card)
    if not cache.model_class(card).completes or card.values != "real" or x is None:
        st.info(
            _(
                "This model knows each column given those before it, in one order. To set any columns and see the others, "
                "train an order-agnostic model of real values on the table."
            )
        )
        return
    ids = [str(j) for j in range(min(card.dims, 40))]
    look = {"format_func": lambda id: names[int(id)], "selection_mode": "multi"}
    about = _("Each of them gets a slider; the curves of the others follow.")
    chosen = linked(st.pills, _("What is known"), ids, key="known", default=ids[1:2], help=about, **look)
    known = {int(id): _set(names[int(id)], int(id), x[:, int(id)]) for id in chosen}
    others = [j for j in range(card.dims) if j not in known][:CURVES]
    for start in range(0, len(others), 3):
        for place, d in zip(st.columns(3), others[start : start + 3], strict=False):
            with place:
                _curve(card, names, known, d, x[:, d])
    st.caption(
        _(
            "Orange: the density of the column given what is known, per unit. Grey, dotted: before anything is known. The "
            "bars are the real rows. Whatever is chosen, the answer is exact for this model: no sampling, no search."
        )
    )


def _set(name: str, j: int, column: np.ndarray) -> float:
    """The value of a known column, between the ends of the real ones."""
    low, high = np.quantile(column, ENDS)
    step = 1.0 if np.all(column == np.rint(column)) else float(10 ** np.floor(np.log10(max(high - low, 1e-9) / 50)))
    low, high = float(np.floor(low / step) * step), float(np.ceil(high / step) * step)
    middle = float(np.clip(np.rint(np.median(column) / step) * step, low, high))
    ends = low, max(high, low + step)
    return linked(st.slider, plain(name), *ends, key=f"at{j}", default=middle, step=step, format="%.5g")


def _curve(card: ModelCard, names: list[str], known: dict[int, float], d: int, column: np.ndarray) -> None:
    low, high = np.quantile(column, (0.002, 0.998))
    values = np.linspace(low - 0.05 * (high - low), high + 0.05 * (high - low), POINTS)
    now, before = tables.given(card, known, d, values), tables.given(card, {}, d, values)
    fig = figure(names[d], _("density (per unit)"), 250)
    share, edges = np.histogram(column, _bins(column), density=True)
    fig.add_scatter(x=(edges[:-1] + edges[1:]) / 2, y=share, showlegend=False, **behind(BLUE))
    fig.add_scatter(x=values, y=before, line={"color": GREY, "dash": "dot"}, showlegend=False)
    fig.add_scatter(x=values, y=now, line={"color": ORANGE, "width": 3}, showlegend=False)
    fig.update_xaxes(range=[values[0], values[-1]])
    mean = float((values * now).sum() / max(now.sum(), 1e-300))
    given = ", ".join(f"{names[j]} = {value:g}" for j, value in known.items()) or _("nothing")
    chart(
        fig,
        _("The density of {name} given {given}; its mean is {mean:.3g}.", name=names[d], given=given, mean=mean),
        f"given{d}",
    )


def _bins(column: np.ndarray) -> np.ndarray:
    """About 40 bins; of whole numbers, as many in each bin."""
    low, high = column.min(), column.max()
    if np.any(column != np.rint(column)):
        return np.linspace(low, high, 41)
    wide = max(1, np.ceil((high - low) / 40))
    return np.arange(low - 0.5, high + wide, wide)


def report(card: ModelCard) -> None:
    """The body of Density: any columns given any others, or the ranked rows of a model that cannot be asked so."""
    if cache.model_class(card).completes and card.values == "real":
        asked(card)
    else:
        strange(card)


SORTS = {
    "real": N_("real"),
    "samples": N_("model samples"),
    "columns-shuffled": N_("columns shuffled"),
    "mean-row": N_("the mean row"),
}


def sort_name(sort: str) -> str:
    return _(SORTS[sort])


def gallery(card: ModelCard, n: int, seed: int) -> cache.Gallery | None:
    data, rng = cache.data_of(card), np.random.default_rng(seed)
    if data is None:
        return None
    rows = data.test
    real = rows[rng.choice(len(rows), min(n, len(rows)), replace=False)]
    parts = {"real": real, "samples": cache.samples(card, n, seed)[0].astype(rows.dtype)}
    parts["columns-shuffled"] = np.stack([rng.permutation(column) for column in real.T], 1)
    if card.values == "real":
        parts["mean-row"] = data.train.mean(0, keepdims=True).astype(rows.dtype)
    return cache.together(card, parts)


def show(card: ModelCard, shown: cache.Gallery, looks: dict[str, dict]) -> list[str]:
    """Rows of all sorts, the most probable on top."""
    order = np.argsort(-shown.log_p, kind="stable")
    columns = {
        _("kind"): np.array([sort_name(shown.sorts[i]) for i in order]),
        _("log p (nats)"): shown.log_p[order].round(2),
    }
    _table({**columns, **restored(card, shown.rows[order])})
    st.caption(_("{n} rows of {kinds} kinds, the most probable on top.", n=len(order), kinds=len(looks)))
    return list(looks)
