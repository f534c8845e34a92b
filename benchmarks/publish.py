"""Puts a trained run into pretrained/, with the figures measured on the embedded data in its header.

python -m benchmarks.publish RUN NAME --data mnist --title "NADE, digits"
"""

import argparse
import os
import platform
from pathlib import Path

from nade_core import checkpoint, load_model, read_card, save_model
from nade_core.data import DATASETS, load_dataset
from nade_core.runs import read_config
from nade_core.training import mean_nats


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", type=Path)
    parser.add_argument("name")
    parser.add_argument("--data", choices=DATASETS, required=True, help="the embedded data to measure on")
    parser.add_argument("--title", required=True)
    args = parser.parse_args()
    model, header = load_model(args.run / "model.safetensors", "cpu"), read_card(args.run / "model.safetensors").header
    data, config = load_dataset(args.data), read_config(args.run)
    nats = {split: round(mean_nats(model, getattr(data, split)), 4) for split in ("valid", "test")}
    kept = {key: header[key] for key in ("classes", "shape", "ordering", "train", "epoch", "seconds")}
    path = checkpoint.PRETRAINED / f"{args.name}.safetensors"
    save_model(
        model, path, title=args.title, data=args.data, binarisation=data.binarisation, nats=nats,
        trained_on=Path(config.data).name, trained_nats=header["nats"],
        machine=f"{platform.machine()}, {os.cpu_count()} cores", **kept,
    )  # fmt: skip
    print(f"{path}: {nats}")


if __name__ == "__main__":
    main()
