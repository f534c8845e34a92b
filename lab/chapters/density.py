"""Density: the exact log p(x) of a picture, where it falls among real images, and which pixels surprise."""

import csv
import io

import numpy as np
import streamlit as st
import torch

from nade_core import ModelCard, images, measures

from . import colours, points, state
from .generate import conditionals
from .surprise import surprise_map
from .theme import BLUE, GREY, ORANGE, chart, figure, page

MAX_FILES = 50
OWN, REAL, NOISE = "My pictures", "A test image", "Noise"


def render() -> None:
    page(
        "Density",
        "An explicit model gives the probability of **any** image you hand it, exactly. "
        "Drop in a picture and read its log p(x); or choose a model of points, or of colours.",
    )
    with state.friendly_errors():
        card = state.model_picker(state.ALL)
        kind = state.kind(card)
        if kind != state.IMAGES:
            return {state.POINTS: points, state.COLOURS: colours}[kind].report(card)
        source = st.segmented_control(
            "Picture from",
            [OWN, REAL, NOISE],
            default=REAL,
            key="source",
            required=True,
            bind="query-params",
            help="The same model scores any of these.",
        )
        named = {OWN: _own, REAL: _real, NOISE: _noise}[source](card)
        if not named:
            return
        rows = np.stack([prepared.image.ravel() for _, prepared in named])
        with torch.no_grad():
            log_p = state.get_model(card).log_prob(rows).double().cpu().numpy()
        chosen = _choose([name for name, _ in named], log_p, card) if len(named) > 1 else 0
        _report(card, named[chosen][1], float(log_p[chosen]))


def _own(card: ModelCard) -> list[tuple[str, images.Prepared]]:
    files = st.file_uploader(
        "Drop one or many pictures",
        state.PICTURES,
        key="pictures",
        accept_multiple_files=True,
        max_upload_size=images.MAX_BYTES >> 20,
        help="They become 28 × 28 black and white, step by step below. Nothing is kept.",
    )
    columns = st.columns(3, vertical_alignment="bottom")
    automatic = columns[0].toggle(
        "Automatic threshold", True, key="auto", help="Otsu's method splits dark from bright."
    )
    level = columns[1].slider(
        "Threshold", 0, 255, 128, key="threshold", disabled=automatic, help="Pixels brighter than this are on."
    )
    ground = columns[2].selectbox(
        "Background",
        ["automatic", "bright: invert", "dark: keep"],
        key="ground",
        help="Models here know bright drawings on a dark ground.",
    )
    crop = st.toggle("Crop to the content and centre it, as MNIST does", True, key="crop")
    invert = {"automatic": None, "bright: invert": True, "dark: keep": False}[ground]
    named = []
    if len(files) > MAX_FILES:
        st.warning(f"The first {MAX_FILES} of {len(files)} pictures are shown.")
    for file in files[:MAX_FILES]:
        try:
            prepared = images.prepare(file.getvalue(), None if automatic else level, crop, invert)
            named.append((file.name, prepared))
        except ValueError as error:
            st.warning(f"{file.name}: {error}", icon=":material/broken_image:")
    if not files:
        st.info("Drop a picture above: a photo of a digit on paper, a drawing, the silhouette of a dog.")
    return named


def _one(name: str, image: np.ndarray, explanation: str) -> list[tuple[str, images.Prepared]]:
    image = image.reshape(28, 28)
    return [(name, images.Prepared(image, (images.Step(name, explanation, image * 255),), 127.5))]


def _real(card: ModelCard) -> list[tuple[str, images.Prepared]]:
    data = state.data_of(card)
    i = st.number_input(
        f"Test image, 0 to {len(data.test) - 1}",
        0,
        len(data.test) - 1,
        0,
        key="test_image",
        bind="query-params",
        help="From the test part: the model never saw it.",
    )
    name = data.class_names[data.test_labels[i]] if data.class_names else f"image {i}"
    return _one(f"test image {i}: {name}", data.test[i], data.binarisation)


def _noise(card: ModelCard) -> list[tuple[str, images.Prepared]]:
    left, right = st.columns(2)
    p = left.slider(
        "p(pixel is on)",
        0.0,
        1.0,
        0.5,
        0.01,
        key="on",
        bind="query-params",
        help="Every pixel is the same coin. At 0 the image is blank.",
    )
    seed = right.number_input("Seed", 0, 10**6, 0, key="noise_seed", help="The same seed, the same noise.")
    image = (np.random.default_rng(seed).random(784) < p).astype(np.uint8)
    return _one("noise", image, f"784 coins, each on with probability {p}.")


def _choose(names: list[str], log_p: np.ndarray, card: ModelCard) -> int:
    """The table of several pictures, best first, to look into one and to take along as CSV."""
    reference = state.test_log_probs(card)
    rows = [
        {
            "picture": name,
            "log p(x), nats": round(value, 2),
            "bits/dim": round(measures.bits_per_dim(-value, 784), 4),
            "percentile": round(measures.percentile(value, reference), 1),
        }
        for name, value in zip(names, log_p, strict=True)
    ]
    text = io.StringIO()
    writer = csv.DictWriter(text, rows[0].keys())
    writer.writeheader()
    writer.writerows(rows)
    st.dataframe(rows, hide_index=True, width="stretch")
    st.download_button("Download as CSV", text.getvalue(), "densities.csv", "text/csv", icon=":material/download:")
    return st.selectbox("Look into", range(len(names)), format_func=lambda i: names[i], key="look")


def _report(card: ModelCard, prepared: images.Prepared, log_p: float) -> None:
    reference = state.test_log_probs(card)
    columns = st.columns(4)
    columns[0].metric("log p(x)", f"{log_p:.2f} nats", help="The natural logarithm of the exact probability.")
    columns[1].metric(
        "bits/dim", f"{measures.bits_per_dim(-log_p, 784):.4f}", help="-log₂ p(x) / 784: what a pixel costs to code."
    )
    columns[2].metric(
        "percentile",
        f"{measures.percentile(log_p, reference):.1f} %",
        help="Which share of real test images is less probable.",
    )
    entropy = -reference.mean()
    columns[3].metric(
        "|−log p − H|",
        f"{abs(-log_p - entropy):.1f} nats",
        help=f"Typicality: the distance from the mean {entropy:.1f} nats of real test images. "
        "High density is not the same as typical.",
    )
    st.subheader("What the model sees", anchor=False)
    with st.container(horizontal=True, gap="medium"):
        for step in prepared.steps:
            shown = step.image if max(step.image.shape[:2]) > 28 else step.image.repeat(8, 0).repeat(8, 1)
            with st.container(width=170):
                st.image(shown, width="stretch", alt=f"{step.name}: {step.explanation.format(**step.facts)}")
                st.caption(f"**{step.name}**. {step.explanation.format(**step.facts)}")
    left, right = st.columns(2, gap="large")
    with left:
        _histogram(card, log_p)
    with right:
        _surprise(card, prepared.image.ravel(), log_p)


def _histogram(card: ModelCard, log_p: float) -> None:
    st.subheader("Among real images and noise", anchor=False)
    real, noise = state.test_log_probs(card), state.noise_log_probs(card)
    fig = figure("−log p(x) (nats, log scale)", "share of images (%)", 420, log_x=True)
    edges = np.geomspace(0.9 * min(-real.max(), -log_p, 10), 1.1 * max(-noise.min(), -log_p), 120)
    for name, values, colour in (("real test images", real, BLUE), ("coin-flip noise", noise, GREY)):
        share = 100 * np.histogram(-values, edges)[0] / len(values)
        fig.add_scatter(x=edges[:-1], y=share, name=name, line={"shape": "hv", "color": colour}, fill="tozeroy")
    fig.update_xaxes(autorange="reversed")
    fig.add_vline(x=-log_p, line_color=ORANGE, line_width=3)
    place = {"x": np.log10(-log_p), "y": 1, "yref": "paper", "xanchor": "left"}  # annotations count in exponents
    fig.add_annotation(text="this image", showarrow=False, **place)
    chart(
        fig,
        f"Histograms of log p for {len(real)} real test images (mean {real.mean():.1f} nats) and {len(noise)} "
        f"noise images (mean {noise.mean():.1f} nats); this image: {log_p:.1f} nats.",
        key="histogram",
    )
    st.caption(
        f"{len(real):,} real test images and {len(noise):,} of fair coin flips, same model; more probable to the right."
    )


def _surprise(card: ModelCard, image: np.ndarray, log_p: float) -> None:
    st.subheader("The surprise map", anchor=False)
    fig, surprise = surprise_map(image, conditionals(state.model_key(card), image.tobytes(), None))
    chart(
        fig,
        f"Heat map of the surprise of each of the 784 pixels; the sum is {surprise.sum():.2f} nats and the "
        f"largest is {surprise.max():.2f}.",
        key="surprise",
    )
    st.caption(
        r"$-\log p(x_i \mid x_{<i})$ of every pixel, in nats. "
        f"All 784 sum to {surprise.sum():.2f}, and −log p(x) = {-log_p:.2f}: the chain rule, on your picture."
    )
    if card.classes:
        with torch.no_grad():
            posterior = state.get_model(card).class_log_prob(image[None]).exp()[0].cpu().numpy()
        best = np.argsort(-posterior)[:3]
        text = ", ".join(f"{card.classes[i]} {100 * posterior[i]:.1f} %" for i in best)
        st.markdown(f"**Bayes' rule**, p(y | x) ∝ p(x | y) p(y): {text}.")
        if judged := card.header.get("classifier"):
            st.caption(
                f"On {judged['n']:,} test images the likeliest class is the right one for "
                f"{100 * judged['accuracy']:.1f} %. Calibration: p(y | x) of the likeliest class is off by "
                f"{100 * judged['calibration_error']:.1f} % on average."
            )
