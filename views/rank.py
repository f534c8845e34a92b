"""Rank: real images against samples, damaged images, other data and noise, sorted by log p(x)."""

from dataclasses import dataclass, replace

import numpy as np
import streamlit as st
import torch

from nade_core import ModelCard, corruptions, evaluation

from . import state
from .components import image_grid
from .theme import AMBER, BLUE, GREEN, GREY, ORANGE, PURPLE, SKY, chart, figure, page

REAL, SAMPLES = "real", "model samples"
OTHERS = {"mnist": "digits", "animals": "animals", "fashion": "fashion"}
COLOURS = (BLUE, GREEN, ORANGE, AMBER, PURPLE, SKY, GREY)
SYMBOLS = ("circle", "square", "diamond", "cross", "x", "triangle-up", "star")
SHOWN = 60


@dataclass(frozen=True, eq=False)
class Gallery:
    """Images (N, 784) of many kinds, the kind of each, and log p of each in nats."""

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
    parts |= {kind: corruptions.corrupt(kind, real, (28, 28), means, seed) for kind in corruptions.KINDS}
    for name, title in OTHERS.items():
        if name != data:
            test = state.load_dataset(name).test
            parts[f"other data: {title}"] = test[rng.choice(len(test), n, replace=False)]
    images = np.concatenate(list(parts.values()))
    kinds = np.concatenate([[kind] * len(part) for kind, part in parts.items()])
    return Gallery(images, kinds, evaluation.log_probs(model, images))


def render() -> None:
    page("Rank: real against noise", "A good p(x) should be high for real images and low for everything else. "
         "Is it? Every image below is sorted by its exact log p(x).")  # fmt: skip
    with state.friendly_errors():
        card = state.model_picker()
        left, right = st.columns(2)
        n = left.select_slider("Images of each kind", [20, 50, 100, 200], 50, key="each", bind="query-params",
                               help="More images, narrower confidence intervals.")  # fmt: skip
        seed = right.number_input("Seed", 0, 10**6, 0, key="rank_seed", bind="query-params",
                                  help="Chooses the real images, the damage and the noise.")  # fmt: skip
        other = _other(card)
        shown = gallery(state.model_key(card), state.data_of(card).name, n, seed)
        _blank(card, shown)
        _gallery(shown)
        _histograms(shown)
        if other:
            with torch.no_grad(), st.spinner("Scoring the same images with the other model…"):
                _compare(card, shown, other, rescored(state.model_key(other), shown))
        _table(shown, card)


def _other(card: ModelCard) -> ModelCard | None:
    """A second model of the same data to rank the same images with, or None."""
    cards = {name: c for name, c in state.image_models().items() if c.data == card.data and name != card.name}
    if st.session_state.get("compare") not in cards:
        st.session_state["compare"] = None
    name = st.selectbox("Compare with", [None, *cards], format_func=lambda name: state.describe(cards[name]) if name
                        else "no other model", key="compare", help="A second model ranks the same images.")  # fmt: skip
    return cards.get(name)


@st.cache_data(max_entries=8, show_spinner=False, hash_funcs={Gallery: lambda shown: shown.images.tobytes()})
def rescored(key: tuple[str, float], shown: Gallery) -> Gallery:
    """The same images with the log p of another model."""
    return replace(shown, log_p=evaluation.log_probs(state._load(*key), shown.images))


def _compare(card: ModelCard, ours: Gallery, other: ModelCard, theirs: Gallery) -> None:
    """log p of every image under both models, and how well each tells real images from each kind."""
    st.subheader("The same images under two models", anchor=False)
    left, right = st.columns([3, 2], gap="large")
    kinds = [kind for kind in st.session_state.get("kinds") or [] if (ours.kinds == kind).any()]
    with left:
        fig = figure(f"log p under {card.title} (nats)", f"log p under {other.title} (nats)", 460)
        for i, kind in enumerate(kinds):
            look = {"color": COLOURS[i % len(COLOURS)], "symbol": SYMBOLS[i % len(SYMBOLS)]}
            fig.add_scatter(x=ours.of(kind), y=theirs.of(kind), name=kind, mode="markers", marker=look)
        low = min(ours.log_p.min(), theirs.log_p.min())
        fig.add_scatter(x=[low, 0], y=[low, 0], mode="lines", name="equal", line={"color": GREY, "dash": "dot"})
        chart(fig, f"log p of each image under {card.title} and under {other.title}.", key="two_models")
        st.caption("Above the dotted line the second model gives an image more probability than the first.")
    with right:
        rows = []
        for kind in dict.fromkeys(ours.kinds.tolist()):
            row = {"kind": kind}
            for title, scored in ((card.title, ours), (other.title, theirs)):
                row[title] = round(float(scored.of(kind).mean()), 1)
                area = "–" if kind == REAL else f"{evaluation.auroc(scored.of(REAL), scored.of(kind)):.3f}"
                row[f"AUROC, {title}"] = area
            rows.append(row)
        st.dataframe(rows, hide_index=True, width="stretch", height="content")
        st.caption("Mean log p in nats, and the chance that a real image outranks one of that kind.")


def _blank(card: ModelCard, shown: Gallery) -> None:
    """What the model says of a blank image, computed, and why."""
    real, blank = state.test_log_probs(card), shown.of("all off")[0]
    share = 100 * (real < blank).mean()
    off = 100 * (1 - state.data_of(card).test.mean())
    with st.container(border=True):
        st.markdown(f"**A blank image has log p = {blank:.1f} nats and outranks {share:.1f} % of "
                    f"{len(real):,} real test images** (their mean is {real.mean():.1f}).")  # fmt: skip
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


def _gallery(shown: Gallery) -> None:
    kinds = list(dict.fromkeys(shown.kinds.tolist()))
    first = [
        kind
        for kind in (REAL, SAMPLES, "5 % flipped", "pixels shuffled", "noise, coin flips", "all off")
        if kind in kinds
    ]
    chosen = st.pills("Kinds shown", kinds, selection_mode="multi", default=first, key="kinds",
                      help="Choose which kinds stand in the gallery and in the histograms.")  # fmt: skip
    if not chosen:
        st.info("Choose at least one kind.")
        return
    lowest = st.toggle("Lowest first", False, key="lowest", help="Otherwise the most probable image comes first.")
    which = np.flatnonzero(np.isin(shown.kinds, chosen))
    which = which[np.argsort(shown.log_p[which] * (1 if lowest else -1), kind="stable")]
    picked = which if len(which) <= SHOWN else which[np.linspace(0, len(which) - 1, SHOWN).astype(int)]
    rank = {index: place + 1 for place, index in enumerate(which)}
    captions = [[f"#{rank[i]}  {shown.log_p[i]:.1f}", shown.kinds[i]] for i in picked]
    image_grid(shown.images[picked], captions, "ranking", "images sorted by log p", cell="6rem")
    note = f"{len(which)} images of {len(chosen)} kinds, by log p(x) in nats"
    st.caption(note + (f"; {SHOWN} of them shown, evenly spaced in rank." if len(which) > SHOWN else "."))


def _histograms(shown: Gallery) -> None:
    chosen = [kind for kind in st.session_state.get("kinds") or [] if (shown.kinds == kind).sum() > 1]
    if not chosen:
        return
    fig = figure("log p(x) (nats)", "kind", height=120 + 46 * len(chosen))
    for i, kind in enumerate(chosen):
        fig.add_violin(x=shown.of(kind), name=kind, orientation="h", side="positive", width=1.6, points=False,
                       line_color=COLOURS[i % len(COLOURS)], showlegend=False)  # fmt: skip
    means = ", ".join(f"{kind} {shown.of(kind).mean():.0f}" for kind in chosen)
    chart(fig, f"Distribution of log p by kind, in nats. Means: {means}.", key="by_kind")


def _table(shown: Gallery, card: ModelCard) -> None:
    st.subheader("How well does log p tell real images from each kind?", anchor=False)
    real, entropy = shown.of(REAL), -state.test_log_probs(card).mean()
    rows = []
    for kind in dict.fromkeys(shown.kinds.tolist()):
        values = shown.of(kind)
        row = {"kind": kind, "mean log p, nats": round(values.mean(), 1),
               "typicality |−log p − H|, nats": round(float(abs(-values - entropy).mean()), 1)}  # fmt: skip
        if kind == REAL:
            row["AUROC of real against it"] = "–"
        elif len(values) > 1:
            low, high = evaluation.auroc_interval(real, values)
            row["AUROC of real against it"] = f"{evaluation.auroc(real, values):.3f}  [{low:.3f}, {high:.3f}]"
        else:
            row["AUROC of real against it"] = f"one image: outranks {100 * (real < values[0]).mean():.0f} % of real"
        rows.append(row)
    st.dataframe(rows, hide_index=True, width="stretch", height="content")
    st.caption("AUROC: the chance that a real image has a higher log p than one of that kind; below 0.5 "
               "the kind outranks the real. In brackets the 95 % interval of DeLong et al. (1988). "
               f"H = {entropy:.1f} nats is the mean of −log p over real test images.")  # fmt: skip
