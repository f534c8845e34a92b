"""RNADE on a real-valued table, as the literature measures it: ten folds, standardised, mean test nats.

python -m benchmarks.wine winequality-red.csv

The file is UCI's own (a line of names, semicolons), or bare numbers with commas.

The last column (the quality score) is dropped, and one of each pair of columns with |correlation| above 0.98.
In each fold a tenth of the rows is the test part; a tenth of the others validates: it stops the training.
"""

import argparse
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from nade_core.data import Dataset
from nade_core.distillation import Classroom
from nade_core.measures import mean_and_standard_error
from nade_core.models.rnade import RNADEConfig
from nade_core.scoring import ensemble_log_probs
from nade_core.training import TrainConfig, TrainState, train

FOLDS, ORDERINGS, MAX_CORRELATION = 10, 32, 0.98
MODEL = RNADEConfig(dims=11, hidden=200, layers=2, components=20, floor=0.01, dropout=0.2, order_agnostic=True)
TRAIN = TrainConfig(epochs=300, batch_size=50, weight_decay=0.1, average=0.995, patience=60)


def read_table(path: Path) -> np.ndarray:
    """The numbers of the file: (N, D) float64."""
    lines = path.read_text(encoding="utf-8-sig").splitlines()
    names = lines and not lines[0].strip()[:1].isdigit()
    return np.loadtxt(lines[1:] if names else lines, delimiter=";" if lines and ";" in lines[0] else ",", ndmin=2)


def columns(table: np.ndarray) -> np.ndarray:
    """The columns that the literature keeps: (N, D)."""
    kept: list[int] = []
    for j in range(table.shape[1] - 1):
        if all(abs(np.corrcoef(table[:, j], table[:, k])[0, 1]) <= MAX_CORRELATION for k in kept):
            kept.append(j)
    return table[:, kept].astype(np.float32)


def fold(rows: np.ndarray, test: np.ndarray, model: RNADEConfig, config: TrainConfig, orderings: int) -> dict:
    """Train without the rows whose indices are ``test``; -log p of those, standardised by the training rows, by the
    ensemble of so many orderings."""
    rest = np.setdiff1d(np.arange(len(rows)), test)
    rest = np.random.default_rng(config.seed).permutation(rest)
    n_valid = len(rest) // 10
    data = Dataset("wine", "wine", rows[rest[n_valid:]], rows[rest[:n_valid]], rows[test])
    state = TrainState.start("RNADE", model, data, config, torch.device("cpu"))
    best: dict[str, torch.Tensor] = {}
    for step in train(state, Classroom(data), config):
        if step.improved:
            best = {name: value.clone() for name, value in state.average.state_dict().items()}
    state.average.load_state_dict(best)
    jacobian = state.average.get_buffer("scale").log().sum().item()
    single = -ensemble_log_probs(state.average, data.test, 1) - jacobian
    nats = -ensemble_log_probs(state.average, data.test, orderings) - jacobian
    valid = -ensemble_log_probs(state.average, data.valid, orderings) - jacobian
    return {
        "nats": nats.mean(),
        "one_ordering": single.mean(),
        "valid": valid.mean(),
        "epoch": state.best_epoch,
        "parameters": sum(p.numel() for p in state.average.parameters()),
    }


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path)
    parser.add_argument("--folds", type=int, default=FOLDS, help="how many of the ten to run (10)")
    parser.add_argument("--json", action="store_true")
    for name in ("hidden", "layers", "components", "floor", "dropout", "family"):
        value = getattr(MODEL, name)
        parser.add_argument(f"--{name}", type=type(value), default=value)
    for name in ("epochs", "weight_decay"):
        value = getattr(TRAIN, name)
        parser.add_argument(f"--{name.replace('_', '-')}", type=type(value), default=value)
    parser.add_argument("--orderings", type=int, default=ORDERINGS, help=f"of the ensemble ({ORDERINGS})")
    args = parser.parse_args(arguments)
    rows = columns(read_table(args.file))
    parts = np.array_split(np.random.default_rng(0).permutation(len(rows)), FOLDS)
    chosen = {name: getattr(args, name) for name in ("hidden", "layers", "components", "floor", "dropout", "family")}
    model, config = (
        replace(MODEL, dims=rows.shape[1], **chosen),
        replace(TRAIN, epochs=args.epochs, weight_decay=args.weight_decay),
    )
    results = []
    for i, test in enumerate(parts[: args.folds]):
        results.append(fold(rows, test, model, config, args.orderings))
        if not args.json:
            print(f"fold {i}: " + ", ".join(f"{key} {value:.4g}" for key, value in results[-1].items()), flush=True)
    nats, error = mean_and_standard_error([result["nats"] for result in results])
    summary = {
        "folds": len(results),
        "orderings": args.orderings,
        "nats": nats,
        "standard_error": error,
        "one_ordering": float(np.mean([result["one_ordering"] for result in results])),
        "valid": float(np.mean([result["valid"] for result in results])),
        **vars(model),
    }
    print(json.dumps(summary, indent=1))


if __name__ == "__main__":
    main()
