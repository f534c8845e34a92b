"""Rank: real images against samples, damaged images, other data and noise, sorted by log p(x)."""

from dataclasses import dataclass, replace

import numpy as np
import streamlit as st
import torch

from lesson import corruptions
from nade_core import ModelCard, measures, scoring

from . import colours, points, state
from .components import image_grid
from .theme import AMBER, BLUE, GREEN, GREY, ORANGE, PURPLE, SKY, chart, figure, page

REAL, SAMPLES, NONE = "real", "model samples", "no other model"
OTHERS = {"mnist": "digits", "animals": "animals", "fashion": "fashion"}
COLOURS = (BLUE, GREEN, ORANGE, AMBER, PURPLE, SKY, GREY)
SYMBOLS = ("circle", "square", "diamond", "cross", "x", "triangle-up", "star")
SHOWN = 60


@dataclass(frozen=True, eq=False)
class Gallery:
    """Images (N, 784), or other rows, of many kinds, the kind of each, and log p of each in nats."""

    images: np.ndarray
    kinds: np.ndarray
    log_p: np.ndarray

    def of(self, kind: str) -> np.ndarray:
        return self.log_p[self.kinds == kind]


@st.cache_data(max_entries=8, show_spinner="Damaging images, drawing noise, scoring everything…")
def gallery(key: tuple[str, float], data: str, n: int, seed: int) -> Gallery:
    """n images of every kind, scored by the model."""
    model, dataset = state._load(*key), state.load_dataset(data)
    rng = np.random.default_rng(seed)
    real = dataset.test[rng.choice(len(dataset.test), n, replace=False)]
    means = dataset.train.mean(0)
    samples = model.sample(n, generator=torch.Generator().manual_seed(seed)).cpu().numpy().astype(np.uint8)
    parts = {REAL: real, SAMPLES: samples}
    for kind, title in corruptions.TITLES.items():
        parts[title] = corruptions.corrupt(kind, real, (28, 28), means, seed)
    for name, title in OTHERS.items():
        if name != data:
            test = state.load_dataset(name).test
            parts[f"other data: {title}"] = test[rng.choice(len(test), n, replace=False)]
    images = np.concatenate(list(parts.values()))
    kinds = np.concatenate([[kind] * len(part) for kind, part in parts.items()])
    return Gallery(images, kinds, scoring.log_probs(model, images))


def render() -> None:
    page(
        "Rank: real against noise",
        "A good p(x) should be high for what is real and low for everything else. "
        "Is it? Below, everything is ranked by its exact log p(x).",
    )
    with state.friendly_errors():
        card = state.model_picker(state.ALL)
        kind = state.kind(card)
        if kind != state.IMAGES:
            return _others({state.POINTS: points, state.COLOURS: colours}[kind], card)
        other = _other(card)
        n, seed = _controls("Images")
        shown = gallery(state.model_key(card), state.data_of(card).name, n, seed)
        both = [(card, shown)]
        if other:
            both.append((other, rescored(state.model_key(other), shown)))
        _blank(card, shown)
        chosen = _gallery(shown)
        _histograms(both, chosen)
        if other and chosen:
            _compare(*both, chosen)
        _table(both)


def _controls(what: str) -> tuple[int, int]:
    left, right = st.columns(2)
    n = left.select_slider(
        f"{what} of each kind",
        [20, 50, 100, 200],
        50,
        key="each",
        bind="query-params",
        help="More of them, narrower confidence intervals.",
    )
    seed = right.number_input(
        "Seed",
        0,
        10**6,
        0,
        key="rank_seed",
        bind="query-params",
        help="Chooses the real ones, the damage and the noise.",
    )
    return n, seed


def _others(what, card: ModelCard) -> None:
    """The same question for rows that are no images: ``what`` is the module of points, or of colours."""
    if state.test_log_probs(card) is None:
        st.info("This model was trained on data of your own, which is not here to rank: choose another one.")
        return
    n, seed = _controls(state.kind(card).capitalize())
    parts = what.kinds(card, n, seed)
    rows = np.concatenate(list(parts.values()))
    names = np.concatenate([[name] * len(part) for name, part in parts.items()])
    log_p = what.score(card, rows)
    shown, kinds = Gallery(rows, names, log_p), list(parts)
    what.show(rows, names, log_p, {name: _look(i) for i, name in enumerate(kinds)})
    _histograms([(card, shown)], kinds)
    _table([(card, shown)])


def _look(i: int) -> dict[str, str]:
    """The colour and the symbol of the i-th kind."""
    return {"color": COLOURS[i % len(COLOURS)], "symbol": SYMBOLS[i % len(SYMBOLS)]}


def _other(card: ModelCard) -> ModelCard | None:
    """A second model of the same data to rank the same images with, or None. It stands in the URL by name."""
    cards = {name: c for name, c in state.models().items() if c.data == card.data and name != card.name}
    if st.session_state.get("compare") not in (NONE, *cards):
        wanted = st.query_params.get("compare")
        st.session_state["compare"] = wanted if wanted in cards else NONE
    name = st.selectbox(
        "Compare with",
        [NONE, *cards],
        key="compare",
        help="A second model ranks the same images.",
        format_func=lambda name: state.describe(cards[name]) if name in cards else NONE,
    )
    if name in cards:
        st.query_params["compare"] = name
    else:
        st.query_params.pop("compare", None)
    return cards.get(name)


@st.cache_data(
    max_entries=8,
    show_spinner="Scoring the same images with the other model…",
    hash_funcs={Gallery: lambda shown: shown.images.tobytes()},
)
def rescored(key: tuple[str, float], shown: Gallery) -> Gallery:
    """The same images with the log p of another model."""
    return replace(shown, log_p=scoring.log_probs(state._load(*key), shown.images))


def _compare(first: tuple[ModelCard, Gallery], second: tuple[ModelCard, Gallery], kinds: list[str]) -> None:
    """Every image of those kinds by its density under both models."""
    (card, ours), (other, theirs) = first, second
    st.subheader("The same images under two models", anchor=False)
    fig = figure(f"−log p under {card.title} (nats, log scale)", f"−log p under {other.title} (nats, log scale)", 520)
    for i, kind in enumerate(kinds):
        fig.add_scatter(
            x=-ours.of(kind),
            y=-theirs.of(kind),
            name=kind,
            mode="markers",
            marker={**_look(i), "size": 8, "opacity": 0.8},
        )
    inside = np.isin(ours.kinds, kinds)
    ends = np.concatenate([-ours.log_p[inside], -theirs.log_p[inside]])
    ends = [float(ends.min()), float(ends.max())]
    fig.add_scatter(x=ends, y=ends, mode="lines", name="equal", line={"color": GREY, "dash": "dot"})
    ticks = [m * 10**e for e in range(5) for m in (1, 2, 5)]
    fig.update_xaxes(type="log", autorange="reversed", tickvals=ticks)
    fig.update_yaxes(type="log", autorange="reversed", tickvals=ticks)
    above = 100 * (theirs.of(REAL) > ours.of(REAL)).mean()
    chart(
        fig,
        f"−log p of each image under {card.title} and under {other.title}; {above:.0f} % of the real images are "
        "more probable under the second.",
        key="two_models",
    )
    st.caption(
        f"More probable to the right and upwards. Above the dotted line the second model, {other.title}, gives "
        f"an image more probability than the first: so for {above:.0f} % of the real images."
    )


def _blank(card: ModelCard, shown: Gallery) -> None:
    """What the model says of a blank image, computed, and why."""
    real, blank = state.test_log_probs(card), shown.of("all off")[0]
    share = 100 * (real < blank).mean()
    off = 100 * (1 - state.data_of(card).test.mean())
    with st.container(border=True):
        st.markdown(
            f"**A blank image has log p = {blank:.1f} nats and outranks {share:.1f} % of "
            f"{len(real):,} real test images** (their mean is {real.mean():.1f})."
        )
        with st.expander("Why? Is the model broken?"):
            st.markdown(
                f"No. {off:.0f} % of the pixels of this data are off, so *off* is the likelier side of almost every "
                "conditional, and the blank image collects all of them: it lies near the **mode** of p(x). But it is "
                "one image. Real images are each less probable and there are incomparably many of them, so a sample "
                "is practically never blank. **High density is not the same as typical.** On average over images "
                r"from a source $q$, $E_q[\log p] = -H(q) - KL(q\,\|\,p)$: a source of low entropy $H(q)$, such as "
                "one single blank image, can win whatever it shows. The *typicality* column below asks instead how "
                r"far $-\log p$ is from its mean $H$ over real images."
            )


def _gallery(shown: Gallery) -> list[str]:
    """Images of the kinds that are chosen, in order; returns those kinds."""
    kinds = list(dict.fromkeys(shown.kinds.tolist()))
    first = [
        kind
        for kind in (REAL, SAMPLES, "5 % flipped", "pixels shuffled", "noise, coin flips", "all off")
        if kind in kinds
    ]
    chosen = st.pills(
        "Kinds shown",
        kinds,
        selection_mode="multi",
        default=first,
        key="kinds",
        help="Choose which kinds stand in the gallery and in the histograms.",
    )
    if not chosen:
        st.info("Choose at least one kind.")
        return []
    lowest = st.toggle("Lowest first", False, key="lowest", help="Otherwise the most probable image comes first.")
    which = np.flatnonzero(np.isin(shown.kinds, chosen))
    which = which[np.argsort(shown.log_p[which] * (1 if lowest else -1), kind="stable")]
    picked = which if len(which) <= SHOWN else which[np.linspace(0, len(which) - 1, SHOWN).astype(int)]
    rank = {index: place + 1 for place, index in enumerate(which)}
    captions = [[f"#{rank[i]}  {shown.log_p[i]:.1f}", shown.kinds[i]] for i in picked]
    image_grid(shown.images[picked], captions, "ranking", "images sorted by log p", cell="6rem")
    note = f"{len(which)} images of {len(chosen)} kinds, by log p(x) in nats"
    st.caption(note + (f"; {SHOWN} of them shown, evenly spaced in rank." if len(which) > SHOWN else "."))
    return chosen


def _histograms(both: list[tuple[ModelCard, Gallery]], kinds: list[str]) -> None:
    """log p by kind: one violin each, or with two models the first above the line and the second below it."""
    _, shown = both[0]
    chosen = [kind for kind in kinds if (shown.kinds == kind).sum() > 1]
    if not chosen:
        return
    fig = figure("log p(x) (nats)", "kind", height=130 + 46 * len(chosen) * len(both))
    look = {"orientation": "h", "points": False, "spanmode": "hard"}  # no density drawn where there is no image
    if len(both) == 1:
        for i, kind in enumerate(chosen):
            fig.add_violin(
                x=shown.of(kind),
                name=kind,
                side="positive",
                width=1.6,
                showlegend=False,
                line_color=COLOURS[i % len(COLOURS)],
                **look,
            )
    else:
        for (card, scored), side, colour in zip(both, ("positive", "negative"), (BLUE, ORANGE), strict=True):
            for kind in chosen:
                fig.add_violin(
                    x=scored.of(kind),
                    y0=kind,
                    name=card.title,
                    side=side,
                    width=1,
                    line_color=colour,
                    legendgroup=side,
                    showlegend=kind == chosen[0],
                    **look,
                )
        fig.update_layout(violinmode="overlay")
    means = "; ".join(
        f"{card.title}: " + ", ".join(f"{kind} {scored.of(kind).mean():.0f}" for kind in chosen)
        for card, scored in both
    )
    chart(fig, f"Distribution of log p by kind, in nats. Means: {means}.", key="by_kind")


def _table(both: list[tuple[ModelCard, Gallery]]) -> None:
    st.subheader("How well does log p tell the real from each kind?", anchor=False)
    kinds = dict.fromkeys(both[0][1].kinds.tolist())
    rows, means = {kind: {"kind": kind} for kind in kinds}, []
    for whose, (card, shown) in zip(_owners(both), both, strict=True):
        entropy = -state.test_log_probs(card).mean()
        means.append(f"H{whose} = {entropy:.1f} nats")
        for kind in kinds:
            values = shown.of(kind)
            rows[kind][f"mean log p, nats{whose}"] = round(values.mean(), 1)
            if len(both) == 1:  # with two models there is no room for it
                typicality = abs(-values - entropy).mean()
                rows[kind]["typicality |−log p − H|, nats"] = round(float(typicality), 1)
            rows[kind][f"AUROC of real against it{whose}"] = _area(shown.of(REAL), values) if kind != REAL else "–"
    st.dataframe(list(rows.values()), hide_index=True, width="stretch", height="content")
    st.caption(
        "AUROC: the chance that a real one has a higher log p than one of that kind; below 0.5 "
        "the kind outranks the real. In brackets the 95 % interval of DeLong et al. (1988). "
        f"{'; '.join(means)}: the mean of −log p over real test rows."
    )


def _owners(both: list[tuple[ModelCard, Gallery]]) -> list[str]:
    """What tells the columns of two models apart: short titles, or names where those are the same."""
    if len(both) == 1:
        return [""]
    titles = [card.title.split(",")[0] for card, _ in both]
    return [f" ({title})" for title in (titles if len(set(titles)) == 2 else [card.name for card, _ in both])]


def _area(real: np.ndarray, values: np.ndarray) -> str:
    if len(values) == 1:
        return f"a single one: outranks {100 * (real < values[0]).mean():.0f} % of real"
    low, high = measures.auroc_interval(real, values)
    return f"{measures.auroc(real, values):.3f}  [{low:.3f}, {high:.3f}]"
