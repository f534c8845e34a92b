"""Train: a model of one's own, in a worker process, while the page stays responsive."""

import re
import time
from dataclasses import asdict, fields
from pathlib import Path

import numpy as np
import streamlit as st
import torch

from nade_core import images, load_model
from nade_core.data import Dataset
from nade_core.data.filetypes import IMAGE_SUFFIXES, suffixes
from nade_core.data.reading import read_data
from nade_core.devices import as_device
from nade_core.models import MODELS
from nade_core.runs import RunConfig, read_config
from nade_core.training import TrainConfig, recipe

from . import state
from .queue import Queue, RunState, get_queue
from .theme import BLUE, GREY, ORANGE, chart, figure, page

DATA = {"mnist": "Digits (MNIST, 50,000 images)", "animals": "Animal silhouettes (7,780 images)", "own": "My own data"}
PUBLISHED_NADE = 88.33  # test nats, static binarisation, 500 hidden units: Larochelle & Murray (2011)
MAX_UPLOAD = 200
TRAINABLE = [
    name for name, (model_class, _) in MODELS.items() if model_class.values == "binary" and name != "JointTable"
]
STATES = {
    "queued": "waiting",
    "running": "training",
    "done": "finished",
    "stopped": "stopped",
    "failed": "failed",
    "interrupted": "interrupted",
}


def render() -> None:
    page("Train", "Learn p(x) from data: every image pulls up its own log p(x), and so pushes down everything else.")
    queue = get_queue(state.RUNS)
    with state.friendly_errors():
        _form(queue)
    runs = queue.runs()
    if not runs:
        st.info("No runs yet. Choose the data and press **Train**: the defaults take about a minute on two CPU cores.")
        return
    names = [run.name for run in runs]
    if st.session_state.get("run") not in names:
        st.session_state["run"] = names[0]
    titles = {run.name: read_config(run.folder).title or run.name for run in runs}
    labels = {run.name: f"{titles[run.name]} · {run.name}" for run in runs}
    name = st.selectbox(
        "Run",
        names,
        format_func=labels.get,
        key="run",
        bind="query-params",
        help="Every run of this app. A reload of the page finds it again.",
    )
    run = next(run for run in runs if run.name == name)
    live = run.state in ("queued", "running")
    st.fragment(_watch, run_every=1.5 if live else None)(queue, run.folder, run.state)


def _form(queue: Queue) -> None:
    with st.container(border=True):
        source = st.segmented_control(
            "Data",
            list(DATA),
            format_func=DATA.get,
            default="mnist",
            key="data",
            required=True,
            help="What p(x) is learned from.",
        )
        files = []
        if source == "own":
            files = st.file_uploader(
                "A table (.npz, .npy, .csv), a .zip of pictures, or several pictures",
                key="own_data",
                type=[end[1:] for end in suffixes()],
                accept_multiple_files=True,
                max_upload_size=MAX_UPLOAD,
                help="Rows of 0 and 1 of any width, or pictures, which become 28 × 28 black and white.",
            )
        columns = st.columns(5)
        name = columns[0].selectbox(
            "Model",
            TRAINABLE,
            TRAINABLE.index("NADE"),
            key="train_model",
            format_func=lambda name: f"{name}: {MODELS[name][0].description}",
            help="The defaults suit a NADE; others take what they need of them.",
        )
        sized = "hidden" in {field.name for field in fields(MODELS[name][1])}
        hidden = columns[4].slider(
            "Hidden units H",
            16,
            1000,
            500,
            4,
            key="train_hidden",
            disabled=not sized,
            help="More units, more to remember, slower steps.",
        )
        epochs = columns[1].slider("Epochs", 1, 200, 10, key="epochs", help="Passes over the training data.")
        rate = columns[2].select_slider(
            "Learning rate",
            [1e-4, 3e-4, 1e-3, 2e-3, 3e-3, 1e-2, 3e-2],
            2e-3,
            key="rate",
            help="How far a step goes; it falls to zero along a cosine.",
        )
        seed = columns[3].number_input("Seed", 0, 10**6, 0, key="train_seed", help="The same seed, the same model.")
        left, right = st.columns([3, 1], vertical_alignment="bottom")
        title = left.text_input(
            "Name", placeholder="how the model is called in the other chapters", key="title", max_chars=60
        )
        if right.button("Train", type="primary", icon=":material/play_arrow:", width="stretch"):
            steps = {} if MODELS[name][0].counts else {"epochs": epochs, "learning_rate": rate, "average": 0.995}
            how = TrainConfig(**{**recipe(name, as_device(None)), **steps, "seed": seed})
            _submit(queue, source, files, name, {"hidden": hidden} if sized else {}, how, title.strip())
    st.caption(f"Trains on {state.device_label()}. One run at a time; the others wait their turn.")


def _submit(queue: Queue, source: str, files: list, model: str, sizes: dict, config: TrainConfig, title: str) -> None:
    """Put a run into the queue. ValueError if the data, or the model of such data, is not possible."""
    name = time.strftime("%Y%m%d-%H%M%S-") + (re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-") or source)
    if source == "own" and not files:
        raise ValueError("Drop a file of your own data first.")
    path = _store(files, queue.root / "uploads" / name) if source == "own" else source
    data: Dataset = read_data(path, seed=config.seed)
    model_config = asdict(MODELS[model][1](data.dims, **sizes))
    run = RunConfig(str(path), model, model_config, config, title=title or f"my {model}, {source}")
    st.session_state["run"] = queue.submit(name, run).name
    st.toast("The run is in the queue.")


def _store(files: list, folder: Path) -> Path:
    """Uploads on disk, where a worker finds them: one table as it is, pictures as a folder."""
    if sum(file.size for file in files) > MAX_UPLOAD << 20:
        raise ValueError(f"These files are larger than {MAX_UPLOAD} MB together.")
    tables = [file for file in files if not file.name.lower().endswith(IMAGE_SUFFIXES)]
    if tables and len(files) > 1:
        raise ValueError("Drop either one table or archive, or pictures alone.")
    folder.mkdir(parents=True, exist_ok=True)
    for i, file in enumerate(files):
        suffix = Path(file.name).suffix.lower()
        (folder / f"{i:05d}{suffix}").write_bytes(file.getvalue())
    return folder / f"00000{Path(files[0].name).suffix.lower()}" if tables else folder


def _watch(queue: Queue, folder: Path, was: str) -> None:
    from .queue import look

    if not folder.exists():
        st.rerun()
    run = look(folder)
    if run.state != was:
        st.rerun()
    log = run.log
    _status(queue, run, log)
    _buttons(queue, run)
    if log:
        left, right = st.columns([3, 2], gap="large")
        with left:
            _curve(run, log)
        with right:
            _samples(run)


def _status(queue: Queue, run: RunState, log: list[dict]) -> None:
    config = read_config(run.folder).train
    if run.state == "queued":
        waiting = [other.name for other in queue.waiting()]
        place = waiting.index(run.name) + 1 if run.name in waiting else 1
        st.info(f"Place {place} in the queue.", icon=":material/hourglass_empty:")
    elif run.state == "failed":
        st.error(run.message, icon=":material/info:")
    elif run.message:
        st.warning(run.message)
    if not log:
        if run.state == "running":
            st.progress(0.0, "Starting the worker: reading the data, loading the kernels…")
        return
    last = log[-1]
    left = f" · about {last['seconds_left']:.0f} s left" if run.state == "running" and last["seconds_left"] else ""
    text = f"{STATES[run.state]} · epoch {last['epoch']} of {config.epochs} · {last['seconds']:.0f} s{left}"
    st.progress(1.0 if run.state == "done" else last["progress"], text)
    if len(read_config(run.folder).trials) > 1:
        decays = ", ".join(f"{value:g}" for value in read_config(run.folder).weight_decays)
        st.caption(
            f"Training {last['trial'] + 1} of {len(read_config(run.folder).trials)}, each with another weight "
            f"decay ({decays}); the best on the validation part is kept."
        )
    columns = st.columns(3)
    valid = [report for report in log if report["valid_nats"] is not None]
    columns[0].metric("training", f"{last['train_nats']:.2f} nats", help="Mean −log p(x) over the epoch so far.")
    if valid:
        columns[1].metric("validation", f"{valid[-1]['valid_nats']:.2f} nats", help="On images it does not train on.")
        columns[2].metric(
            "best",
            f"{min(report['valid_nats'] for report in valid):.2f} nats",
            help="The weights kept are those of this epoch.",
        )


def _buttons(queue: Queue, run: RunState) -> None:
    columns = st.columns(4)
    with state.friendly_errors():
        if run.state in ("queued", "running"):
            if columns[0].button("Stop", icon=":material/stop:", key=f"stop-{run.name}", width="stretch"):
                queue.stop(run.folder)
        else:
            if run.state != "done" and columns[0].button(
                "Resume", icon=":material/resume:", key=f"go-{run.name}", width="stretch"
            ):
                queue.resume(run.folder)
                st.rerun()
            if columns[1].button("Delete", icon=":material/delete:", key=f"delete-{run.name}", width="stretch"):
                queue.delete(run.folder)
                st.rerun()
    model = run.folder / "model.safetensors"
    if model.exists():
        columns[2].download_button(
            "Download",
            model.read_bytes,
            f"{run.name}.safetensors",
            key=f"get-{run.name}",
            icon=":material/download:",
            width="stretch",
        )


def _curve(run: RunState, log: list[dict]) -> None:
    config = read_config(run.folder)
    log = [report for report in log if report["trial"] == log[-1]["trial"]]
    ends = [report for report in log if report["valid_nats"] is not None]
    fig = figure("epochs", "−log p(x), nats per image", height=380)
    epochs = config.train.epochs
    fig.add_scatter(
        x=[r["progress"] * epochs for r in log], y=[r["train_nats"] for r in log], name="training", line={"color": GREY}
    )
    fig.add_scatter(
        x=[r["progress"] * epochs for r in ends],
        y=[r["valid_nats"] for r in ends],
        name="validation",
        mode="lines+markers",
        line={"color": BLUE, "width": 3},
    )
    if config.data == "mnist":
        fig.add_hline(
            y=PUBLISHED_NADE,
            line_dash="dash",
            line_color=ORANGE,
            annotation_text=f"published NADE, test: {PUBLISHED_NADE}",
            annotation_position="bottom left",
        )
    lowest = min(r["train_nats"] for r in log)
    top = ends[0]["valid_nats"] if ends else log[-1]["train_nats"]
    bottom = min(lowest, PUBLISHED_NADE if config.data == "mnist" else lowest)
    fig.update_yaxes(range=[bottom - 3, max(top, log[-1]["train_nats"]) + 10])
    chart(
        fig,
        f"Training and validation nats by epoch; the latest training value is {log[-1]['train_nats']:.2f}.",
        key=f"curve-{run.name}",
    )
    if config.data == "mnist":
        st.caption(
            "The dashed line is a published result (Larochelle & Murray, 2011), on the test part of another "
            "static binarisation of the same digits: a mark to look at, not the same measurement."
        )


@st.cache_data(max_entries=64, show_spinner=False)
def _drawn(path: str, changed: float) -> np.ndarray | None:
    model = load_model(path, "cpu")
    if model.config.dims != 784:
        return None
    x = model.sample(25, generator=torch.Generator().manual_seed(0)).numpy()
    return images.grid(x, columns=5, scale=4)


def _samples(run: RunState) -> None:
    path = run.folder / "model.safetensors"
    if not path.exists():
        st.caption("Samples appear after the first epoch.")
        return
    sheet = _drawn(str(path), path.stat().st_mtime)
    if sheet is None:
        st.caption("This model's rows are not 28 × 28 images, so there is nothing to draw.")
        return
    st.image(
        sheet,
        caption="Samples of the model as it is now, always from the same random numbers",
        width="stretch",
        alt="25 samples from the model being trained",
    )
