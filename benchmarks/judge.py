"""Which share of a model's samples a stranger names: python -m benchmarks.judge pixelcnn-animals nade-animals

A small convolutional classifier learns from real images (train part, mirrored and moved) and is judged on real ones
(test part). Then it names samples x ~ p(x | y) of each model; a sample is recognised if its class is the one named.
"""

import argparse
import json
import math
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from nade_core import load_model
from nade_core.augment import augment
from nade_core.data import SOURCES, Dataset, load_dataset

CHANNELS, BATCH, RATE, DECAY = (32, 64, 128), 64, 3e-3, 0.05
SHOWN = "dog"  # the class that is reported by itself, where there is one


def network(classes: int) -> nn.Sequential:
    """Three convolutions, each halving the sides, then the mean over what is left and a linear layer."""
    layers: list[nn.Module] = []
    for inputs, outputs in zip((1, *CHANNELS), CHANNELS, strict=False):
        layers += [nn.Conv2d(inputs, outputs, 3, padding=1), nn.BatchNorm2d(outputs), nn.ReLU(), nn.MaxPool2d(2)]
    return nn.Sequential(*layers, nn.Flatten(), nn.Dropout(0.3), nn.Linear(CHANNELS[-1] * 9, classes))


def learn(data: Dataset, epochs: int, seed: int = 0) -> nn.Sequential:
    """The judge, taught by the train part of 28 x 28 images with labels."""
    torch.manual_seed(seed)
    judge, generator = network(len(data.class_names)), torch.Generator().manual_seed(seed)
    optimizer = torch.optim.AdamW(judge.parameters(), RATE, weight_decay=DECAY)
    x, y = torch.tensor(data.train).float(), torch.tensor(data.train_labels).long()
    steps = math.ceil(len(x) / BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, RATE, total_steps=epochs * steps)
    for _ in range(epochs):
        for rows in torch.randperm(len(x), generator=generator).split(BATCH):
            moved = augment(x[rows], (28, 28), 2, True, generator)
            loss = F.cross_entropy(judge(moved.view(-1, 1, 28, 28)), y[rows], label_smoothing=0.1)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
    return judge.eval()


@torch.no_grad()
def names(judge: nn.Module, x) -> np.ndarray:
    """The most probable class of every image of x (N, 784), seen as it is and mirrored: (N,)."""
    images = torch.tensor(np.asarray(x)).float().view(-1, 1, 28, 28)
    parts = [judge(part).softmax(1) + judge(part.flip(-1)).softmax(1) for part in images.split(500)]
    return torch.cat(parts).argmax(1).numpy()


def recognised(judge: nn.Module, x, y: np.ndarray, classes: tuple[str, ...]) -> dict:
    """Shares of images x (N, 784) that are named as the labels y (N,) say: over all, and of each class."""
    right = names(judge, x) == y
    each = {name: round(float(right[y == k].mean()), 3) for k, name in enumerate(classes) if (y == k).any()}
    return {"n": len(y), "all": round(float(right.mean()), 4), "each": each}


def samples(name: str, classes: int, n: int, temperature: float, seed: int) -> tuple[Tensor, np.ndarray]:
    """n samples x ~ p(x | y) of every class: (K n, 784), and their labels (K n,)."""
    model, generator = load_model(name, "cpu"), torch.Generator().manual_seed(seed)
    drawn = [model.sample(n, y, generator, temperature) for y in range(classes)]
    return torch.cat(drawn), np.repeat(np.arange(classes), n)


def relative(found: dict, real: dict) -> dict:
    """Shares as shares of those of real images: over all, and of the class SHOWN."""
    parts = {"all": found["all"] / real["all"]}
    if SHOWN in found["each"]:
        parts[SHOWN] = found["each"][SHOWN] / real["each"][SHOWN]
    return {name: round(share, 3) for name, share in parts.items()}


def taught(data: Dataset, epochs: int, weights: Path | None) -> nn.Module:
    """The judge; kept in the file ``weights``, and read from it where it is there."""
    if weights is not None and weights.exists():
        judge = network(len(data.class_names))
        judge.load_state_dict(load_file(weights))
        return judge.eval()
    judge = learn(data, epochs)
    if weights is not None:
        save_file(judge.state_dict(), weights)
    return judge


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="*", help="models with classes: names, files or run folders")
    parser.add_argument("--data", choices=SOURCES, default="animals")
    parser.add_argument("--samples", type=int, default=200, help="of each class (200)")
    parser.add_argument("--temperature", type=float, default=1.0, help="of the samples (1: from p(x | y) itself)")
    parser.add_argument("--epochs", type=int, default=14, help="of the judge (14)")
    parser.add_argument("--seed", type=int, default=0, help="of the samples (0)")
    parser.add_argument("--judge", type=Path, help="a file that keeps the judge: used if there, else written")
    args = parser.parse_args(arguments)
    data = load_dataset(args.data)
    if data.test_labels is None:
        parser.error(f"{args.data} has no classes to name.")
    judge = taught(data, args.epochs, args.judge)
    real = recognised(judge, data.test, data.test_labels, data.class_names)
    report: dict = {"temperature": args.temperature, "real": real}
    for name in args.models:
        x, y = samples(name, len(data.class_names), args.samples, args.temperature, args.seed)
        found = recognised(judge, x, y, data.class_names)
        report[name] = {**found, "of_real": relative(found, real)}
    print(json.dumps(report, indent=1))


if __name__ == "__main__":
    main()
