"""The report of a training run: all that somebody needs to see what was done, to do it again, and to use the model."""

import csv
import io
import json
import zipfile
from collections.abc import Mapping
from pathlib import Path

from .. import images, runs
from ..checkpoint import ModelCard, find_model, read_card
from ..data.sources import IMAGE
from .curve import curve
from .page import ENGLISH, Tell, has_page, page
from .script import script

COLUMNS = ("trial", "epoch", "progress", "train_nats", "valid_nats", "best_nats", "improved", "seconds")
LONG_AGO = (1980, 1, 1, 0, 0, 0)  # the date of every file in the zip: the same run, the same bytes


def report(run: str | Path, tell: Tell | None = None, languages: Mapping[str, str] = ENGLISH) -> dict[str, bytes]:
    """The files of the report by name; ``tell`` and ``languages`` as ``page`` takes them.

        config.json     what was asked
        about.json      seed, fingerprint of the training rows, nats, parameters, how long it took
        log.csv         every report of the training;  curve.png: nats by epoch
        samples/        a sheet for each epoch that the replay holds, always from the same random numbers
        <Model>.py      a script to read, with model.safetensors beside it;  model.html: a page, where the model can

    NadeError for a folder that is no run, or has no model yet.
    """
    folder = Path(run)
    config, log = runs.read_config(folder), runs.read_log(folder)
    card = read_card(find_model(folder))
    files = {
        "config.json": (folder / "config.json").read_bytes(),
        "about.json": json.dumps(_about(card, config), indent=1).encode(),
        "log.csv": _csv(log),
        "curve.png": curve(log, config.train.epochs),
    }
    for sheet in runs.read_replay(folder) if card.shape == IMAGE else ():
        training = f"training-{sheet.trial + 1}-" if len(config.trials) > 1 else ""
        files[f"samples/{training}epoch-{sheet.epoch:04}.png"] = images.to_png(images.grid(sheet.rows))
    files |= script(folder)
    if has_page(card):
        files["model.html"] = page(folder, tell, languages)
    return files


def zipped(files: dict[str, bytes], folder: str) -> bytes:
    """The files as a zip, all of them in one folder."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(zipfile.ZipInfo(f"{folder}/{name}", LONG_AGO), text, zipfile.ZIP_DEFLATED)
    return content.getvalue()


def _about(card: ModelCard, config: runs.RunConfig) -> dict:
    header = card.header
    told = ("title", "model", "data", "embedded", "fingerprint", "binarisation", "epoch", "seconds")
    facts = {name: header.get(name) for name in told}
    return {**facts, "seed": config.train.seed, "parameters": card.parameters, "nats": card.nats, "unit": "nats"}


def _csv(log: list[dict]) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, COLUMNS, extrasaction="ignore")
    writer.writeheader()
    writer.writerows(log)
    return text.getvalue().encode()
