"""Puts a trained run into pretrained/, with the figures measured on the embedded data in its header.

python -m benchmarks.publish RUN NAME --data mnist --title "NADE, digits"
"""

import argparse
import os
import platform
from dataclasses import asdict
from pathlib import Path

from nade_core import checkpoint, load_model, read_card, save_model, scoring
from nade_core.data import SOURCES
from nade_core.data.reading import read_data
from nade_core.measures import judge_classifier
from nade_core.runs import read_config
from nade_core.runs.conclusion import standardised

CHECKED = 300  # the test images that a test scores again; fewer of a slow mixture, which scores each under every class


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path)
    parser.add_argument("name")
    parser.add_argument("--data", choices=SOURCES, required=True, help="the embedded data to measure on")
    parser.add_argument("--title", required=True)
    parser.add_argument("--into", type=Path, default=checkpoint.PRETRAINED, help="the folder of published models")
    args = parser.parse_args(arguments)
    model, header = load_model(args.run, "cpu"), read_card(args.run).header
    data, config = read_data(args.data, values=model.values), read_config(args.run)
    nats = {split: round(scoring.mean_nats(model, getattr(data, split)), 4) for split in ("valid", "test")}
    n = CHECKED // model.classes if model.slow and model.classes else CHECKED
    check = {"n": n, "nats": round(scoring.mean_nats(model, data.test[:n]), 4)}
    judged = {}
    if model.classes:
        assert data.test_labels is not None, "a model with classes is measured on labels"
        judged = {"classifier": asdict(judge_classifier(scoring.classify(model, data.test), data.test_labels))}
    copied = ("classes", "shape", "layout", "ordering", "teacher", "start", "train", "epoch", "seconds")
    kept = {key: header[key] for key in copied if key in header}
    path = args.into / f"{args.name}.safetensors"
    save_model(
        model,
        path,
        title=args.title,
        data=args.data,
        embedded=args.data,
        binarisation=data.binarisation,
        nats=nats,
        standardised_nats=standardised(model, nats),
        check=check,
        trained_on=Path(config.data).name,
        trained_nats=header["nats"],
        machine=f"{platform.machine()}, {os.cpu_count()} cores",
        **kept,
        **judged,
    )
    print(f"{path}: {nats}")


if __name__ == "__main__":
    main()
