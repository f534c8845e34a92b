"""Complete: erase a region of an image, and let an order-agnostic model fill it in, several times."""

import math

import numpy as np
import streamlit as st
import torch

from nade_core import ModelCard, images

from . import state
from .components import TINT, image_grid
from .theme import chart, figure, page

REGIONS = ("bottom half", "top half", "left half", "right half", "centre", "random pixels", "a box")
REAL, OWN = "A test image", "My picture"
FAMILY = "OrderAgnosticNADE"


def render() -> None:
    page(
        "Complete",
        "An **order-agnostic** model can be asked for any pixels given any others. Erase a region: what "
        "could have been there, and how sure is the model?",
    )
    cards = [card for card in state.models().values() if card.model == FAMILY]
    if not cards:
        st.info(
            "This chapter needs an order-agnostic model: `nade train --model OrderAgnosticNADE --data mnist "
            "--out runs/any-order` makes one."
        )
        return
    with state.friendly_errors():
        card = cards[0]
        st.sidebar.caption(f"{state.describe(card)}. Runs on {state.device_label()}")
        chosen = _picture(card)
        if chosen is None:
            st.info("Drop a picture above: a photo of a digit on paper, or a drawing.")
            return
        _chapter(card, *chosen)


def _chapter(card: ModelCard, image: np.ndarray, name: str) -> None:
    known, n, seed = _controls()
    if known.all():
        st.info("Nothing is erased, so there is nothing to complete: choose a larger region.")
        return
    shown, log_p, log_p_true, marginals = complete(state.model_key(card), image.tobytes(), known.tobytes(), n, seed)
    left, right = st.columns([2, 3], gap="large")
    with right:
        picked = _completions(shown, log_p, log_p_true, known)
    with left:
        _given(image, shown[picked], known, name, f"completion {picked + 1}")
    _uncertainty(marginals, known, log_p)


@st.cache_data(max_entries=32, show_spinner="Filling in…")
def complete(key: tuple[str, float], image: bytes, known: bytes, n: int, seed: int):
    """n completions (n, 784), log p(missing | known) of each and of the true image, and p(x_i = 1 | known) (784,)."""
    model, generator = state._load(*key), torch.Generator().manual_seed(seed)
    x = torch.from_numpy(np.frombuffer(image, np.uint8).copy())
    mask = torch.from_numpy(np.frombuffer(known, np.uint8).copy()).bool()
    drawn = model.complete(x, mask, n, generator).cpu()
    log_p = model.log_prob_missing(torch.cat([drawn, x[None]]), mask, generator).cpu().numpy()
    with torch.no_grad():
        marginals = model.marginals(x[None], mask[None])[0].cpu().numpy()
    return drawn.numpy().astype(np.uint8), log_p[:-1], float(log_p[-1]), marginals


def _picture(card: ModelCard) -> tuple[np.ndarray, str] | None:
    """The image (784,) to erase from, and what it is called."""
    left, right = st.columns([1, 2])
    source = left.segmented_control(
        "Picture from",
        [REAL, OWN],
        default=REAL,
        key="complete_source",
        required=True,
        bind="query-params",
        help="What a region is erased from.",
    )
    if source == OWN:
        file = right.file_uploader(
            "Drop a picture",
            state.PICTURES,
            key="complete_picture",
            max_upload_size=images.MAX_BYTES >> 20,
            help="It becomes 28 × 28 black and white; the Density chapter shows how. Nothing is kept.",
        )
        return (images.prepare(file.getvalue()).image.ravel(), file.name) if file else None
    data = state.data_of(card)
    i = right.number_input(
        f"Test image, 0 to {len(data.test) - 1}",
        0,
        len(data.test) - 1,
        0,
        key="test_image",
        bind="query-params",
        help="From the test part: the model never saw it.",
    )
    return data.test[i], data.class_names[data.test_labels[i]] if data.class_names else f"image {i}"


def _controls() -> tuple[np.ndarray, int, int]:
    """Which pixels stay, (784,) uint8 of 0 and 1, how many completions, and the seed."""
    first, second, third = st.columns(3)
    region = first.selectbox(
        "Erase", REGIONS, key="region", bind="query-params", help="What the model does not get to see."
    )
    n = second.select_slider(
        "Completions",
        [4, 8, 12, 16, 24],
        12,
        key="completions",
        bind="query-params",
        help="Each is drawn pixel by pixel, along a random ordering of its own.",
    )
    seed = third.number_input(
        "Seed", 0, 10**6, 0, key="complete_seed", bind="query-params", help="The same seed gives the same completions."
    )
    known = ~erased(region, _share(region), _box(region), seed)
    return known.ravel().astype(np.uint8), n, seed


def _share(region: str) -> float:
    if region != "random pixels":
        return 0.0
    percent = st.slider(
        "Share of pixels erased (%)",
        5,
        100,
        70,
        5,
        key="share",
        bind="query-params",
        help="100 % erases everything: the completions are then samples of p(x).",
    )
    return percent / 100


def _box(region: str) -> tuple[int, int, int, int]:
    if region != "a box":
        return 0, 0, 0, 0
    left, right = st.columns(2)
    top, bottom = left.slider("Rows erased", 0, 28, (8, 20), key="rows", help="From the upper to the lower edge.")
    start, end = right.slider("Columns erased", 0, 28, (8, 20), key="columns", help="From left to right.")
    return top, bottom, start, end


def erased(region: str, share: float, box: tuple[int, int, int, int], seed: int) -> np.ndarray:
    """Which pixels are erased: (28, 28) bool."""
    missing = np.zeros((28, 28), bool)
    if region == "random pixels":
        return np.random.default_rng(seed).random((28, 28)) < share
    slices = {
        "bottom half": np.s_[14:, :],
        "top half": np.s_[:14, :],
        "left half": np.s_[:, :14],
        "right half": np.s_[:, 14:],
        "centre": np.s_[8:20, 8:20],
        "a box": np.s_[box[0] : box[1], box[2] : box[3]],
    }
    missing[slices[region]] = True
    return missing


def _given(image: np.ndarray, completion: np.ndarray, known: np.ndarray, name: str, which: str) -> None:
    """Three pictures in a row: what the model gets, one of its completions, and the truth."""
    st.subheader("What the model gets", anchor=False)
    missing = known.reshape(28, 28) == 0
    given, filled, true = (
        np.repeat(row.reshape(28, 28, 1), 3, 2) * np.uint8(255) for row in (image, completion, image)
    )
    given[missing] = 128
    filled[missing] = np.where(completion.reshape(28, 28, 1) == 1, *TINT)[missing]
    opaque = [np.dstack([picture, np.full((28, 28), 255, np.uint8)]) for picture in (given, filled, true)]
    gap = np.zeros((28, 1, 4), np.uint8)
    sheet = np.hstack([opaque[0], gap, opaque[1], gap, opaque[2]]).repeat(8, 0).repeat(8, 1)
    st.image(sheet, width="stretch", alt=f"{name} with {missing.sum()} pixels erased, {which}, and the true image")
    st.caption(f"{missing.sum()} pixels erased (grey) · {which} (in blue) · the truth")


def _completions(shown: np.ndarray, log_p: np.ndarray, log_p_true: float, known: np.ndarray) -> int:
    """The grid of completions; the index of the one clicked."""
    st.subheader("What could have been there", anchor=False)
    captions = [[f"{value:.1f} nats"] for value in log_p]
    picked = image_grid(shown, captions, "completed", "completions of the image", marked=known == 0)
    beaten = int((log_p < log_p_true).sum())
    st.caption(
        f"In blue: completed pixels. Under each: log p(missing | known), the mean probability over 8 random "
        f"orderings. The truth has **{log_p_true:.1f} nats**, more than {beaten} of these {len(log_p)}. "
        "Click one to see it beside the truth."
    )
    return picked


def _uncertainty(marginals: np.ndarray, known: np.ndarray, log_p: np.ndarray) -> None:
    p = np.clip(marginals.astype(float), 1e-9, 1 - 1e-9)
    entropy = np.where(known == 1, 0, -(p * np.log2(p) + (1 - p) * np.log2(1 - p)))
    left, right = st.columns(2, gap="large")
    with left:
        st.subheader("The guess for each pixel", anchor=False)
        _map(marginals, "p(on)", 1, "Probability that each pixel is on, given the known ones.", "marginals")
        st.caption(
            "p(x_i = 1 | known) of each erased pixel if it were the next one to be drawn: one pass of the "
            "network gives them all. Known pixels show their value."
        )
    with right:
        st.subheader("Its uncertainty", anchor=False)
        _map(entropy, "bits", 1, f"Entropy of each erased pixel; {entropy.sum():.0f} bits in all.", "entropy")
        st.caption(
            f"The entropy of each pixel on its own; they sum to {entropy.sum():.0f} bits. Drawn together, each "
            f"pixel knows of those before it: −log₂ p of the {len(log_p)} completions is "
            f"{-log_p.mean() / math.log(2):.0f} bits on average, an estimate of what the region as a whole "
            "holds."
        )


def _map(values: np.ndarray, title: str, top: float, alt: str, key: str) -> None:
    fig = figure("column (pixels)", "row (pixels)", 400)
    fig.add_heatmap(
        z=values.reshape(28, 28),
        colorscale="Cividis",
        zmin=0,
        zmax=top,
        colorbar={"title": title},
        hovertemplate="row %{y}, column %{x}<br>%{z:.3f} " + title + "<extra></extra>",
    )
    fig.update_yaxes(autorange="reversed", scaleanchor="x", constrain="domain", showgrid=False)
    fig.update_xaxes(constrain="domain", showgrid=False)
    chart(fig, alt, key=key)
