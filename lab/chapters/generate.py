"""Generate: x ~ p(x), with the density of each sample, and the drawing of one pixel by pixel."""

import numpy as np
import streamlit as st
import torch

from nade_core import ModelCard, images, measures, scoring

from . import colours, points, state
from .components import image_grid, player
from .theme import page

ANY = "any"
FEW = ([4, 9, 16, 25, 36, 64, 100], 36, "n_samples")  # images: how many may be drawn, how many at first, the key
MANY = ([60, 120, 240, 480, 960, 1920], 480, "n_many")  # points and colours


@st.cache_data(max_entries=32, show_spinner="Drawing…")
def draw(key: tuple[str, float], n: int, seed: int, label: int | None, temperature: float):
    """n samples (n, 784) and their log p(x | label) under the model at temperature 1."""
    model = state._load(*key)
    x = model.sample(n, label, torch.Generator().manual_seed(seed), temperature)
    return x.cpu().numpy().astype(np.uint8), scoring.log_probs(model, x, _labels(label, n))


def _labels(label: int | None, n: int) -> torch.Tensor | None:
    return None if label is None else torch.full((n,), label)


@st.cache_data(max_entries=8, show_spinner="Comparing with the training images…")
def typical_distance(data: str) -> float:
    """The median distance, in pixels, from a real test image to its nearest training image."""
    dataset = state.load_dataset(data)
    return float(np.median(measures.nearest(dataset.test[:300], dataset.train)[1]))


@st.cache_data(max_entries=64, show_spinner=False)
def nearest(data: str, row: bytes) -> tuple[np.ndarray, int]:
    """The training image nearest to a (784,) image, and the number of pixels between them."""
    train = state.load_dataset(data).train
    index, distance = measures.nearest(np.frombuffer(row, np.uint8)[None], train)
    return train[index[0, 0]], int(distance[0, 0])


@st.cache_data(max_entries=64, show_spinner=False)
def conditionals(key: tuple[str, float], row: bytes, label: int | None) -> np.ndarray:
    """p(x_i = 1 | x_<i) of one image, by pixel: (784,)."""
    with torch.no_grad():
        return state._load(*key).conditionals(np.frombuffer(row, np.uint8)[None].copy(), label).probs[0].cpu().numpy()


def render() -> None:
    page(
        "Generate",
        "A model of p(x) can be **sampled**, one variable at a time, each from a distribution that "
        "depends on all before it: the pixels of an image, the coordinates of a point, the channels of a "
        "colour.",
    )
    with state.friendly_errors():
        card = state.model_picker(state.ALL)
        label, n, seed, temperature = _controls(card)
        kind = state.kind(card)
        if kind == state.IMAGES:
            _samples(card, label, n, seed, temperature)
        else:
            {state.POINTS: points, state.COLOURS: colours}[kind].samples(card, n, seed, temperature)


def _samples(card: ModelCard, label: int | None, n: int, seed: int, temperature: float) -> None:
    x, log_p = draw(state.model_key(card), n, seed, label, temperature)
    left, right = st.columns([3, 2], gap="large")
    with left:
        captions = [[f"{value:.1f} nats"] for value in log_p]
        chosen = image_grid(x, captions, "samples", "samples from the model; choose one to watch it being drawn")
        given = "" if label is None else f" | {card.classes[label]}"
        st.caption(f"Under each image: its exact log p(x{given}). Click one to see it drawn.")
        st.download_button(
            "Download the grid as PNG",
            images.to_png(images.grid(x)),
            f"{card.name}-{seed}.png",
            "image/png",
            icon=":material/download:",
        )
    with right:
        _watch(card, x[chosen], label, chosen)


def _controls(card: ModelCard) -> tuple[int | None, int, int, float]:
    columns = [None, *st.columns([2, 2, 3])] if not card.classes else st.columns([2, 2, 2, 3])
    label = None
    if card.classes:
        first = [name for name in card.classes if name == "dog"]
        names = first + [name for name in card.classes if name not in first] + [ANY]
        name = columns[0].selectbox(
            "Class",
            names,
            key="label",
            bind="query-params",
            help="x ~ p(x | class). 'any' draws the class first, so x ~ p(x).",
        )
        label = None if name == ANY else card.classes.index(name)
    offered, first, name = FEW if state.kind(card) == state.IMAGES else MANY
    n = columns[1].select_slider("Samples", offered, first, key=name, bind="query-params", help="How many to draw.")
    seed = columns[2].number_input(
        "Seed",
        0,
        10**6,
        0,
        key="seed",
        bind="query-params",
        help="The same seed gives the same samples, on any machine.",
    )
    columns[2].button("New seed", icon=":material/casino:", on_click=_new_seed, help="Other random numbers.")
    temperature = columns[3].slider(
        "Temperature",
        0.2,
        1.5,
        1.0,
        0.05,
        key="temperature",
        bind="query-params",
        help="Divides the logit of every conditional. 1 samples from p(x) itself. Below 1 each pixel leans to its "
        "likelier side: cleaner images, less variety, and no longer a sample of p(x). Above 1: wilder. Of a mixture it "
        "also multiplies the widths.",
    )
    return label, n, seed, temperature


def _new_seed() -> None:
    st.session_state["seed"] = int(np.random.default_rng().integers(1_000_000))


def _watch(card: ModelCard, image: np.ndarray, label: int | None, chosen: int) -> None:
    st.subheader(f"Image {chosen + 1}, pixel by pixel", anchor=False)
    model, row = state.get_model(card), image.tobytes()
    probs = conditionals(state.model_key(card), row, label)
    player(image, probs, model.ordering.cpu().numpy(), key="player")
    st.caption("Right: how sure the model is that the pixel is on, *before* it is drawn. Orange marks the next pixel.")
    data = state.data_of(card)
    if card.data != data.name:  # trained on someone's own data, which is not here to compare with
        return
    st.subheader("Did it memorise?", anchor=False)
    neighbour, distance = nearest(data.name, row)
    gap = np.zeros((28, 2), np.uint8)
    three = [image.reshape(28, 28), gap, neighbour.reshape(28, 28), gap, (image != neighbour).reshape(28, 28)]
    st.image(
        np.hstack(three).repeat(8, 0).repeat(8, 1) * np.uint8(255),
        width="stretch",
        caption=f"the sample · its nearest training image · the {distance} pixels that differ",
        alt=f"the sample, its nearest training image, and the {distance} pixels that differ",
    )
    st.caption(
        f"A real test image is typically {typical_distance(data.name):.0f} pixels from its nearest training one "
        "(median of 300). A copy would be 0 away."
    )
