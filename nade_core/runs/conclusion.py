"""The end of a run, or of an attempt: what its model is worth on rows that it did not learn from, kept in its file."""

from pathlib import Path

import numpy as np
import torch

from ..checkpoint import REFERENCE, load_model, read_header, save_model
from ..data import Dataset
from ..models.base import DensityModel
from ..scoring import log_probs, mean_nats

MOST, MOST_IF_SLOW = 20_000, 1_000  # rows of a test part that are scored without being asked for
WRITTEN = ("format_version", "model", "config", "parameters")  # by save_model itself


def conclude(folder: Path, data: Dataset, device: torch.device) -> None:
    """Write test nats, those of standardised values, and log p of rows to compare with into the run's model file.

    What is in closed form is learned once more, from the rows that validated too: the nats on those are from before, and
    ``rows_in_the_end`` says how many rows there were, 0 where nothing was learned again.
    """
    path = folder / "model.safetensors"
    if not path.is_file() or read_header(path).get("rows_in_the_end"):
        return
    model, header = load_model(path, device), read_header(path)
    nats = dict(header["nats"])
    settled = model.settle(torch.tensor(data.valid))
    if settled:
        nats["valid"] = mean_nats(model, data.valid)
    valid_log_p = log_probs(model, data.valid[: REFERENCE // 4 if model.slow else REFERENCE])
    rows = 0
    if settled and header.get("found"):  # all was chosen: what validated may be learned from too
        rows = len(data.train) + len(data.valid)
        model.fit_again(torch.tensor(np.concatenate([data.train, data.valid])), header["found"])
    if 0 < len(data.test) <= (MOST_IF_SLOW if model.slow else MOST):
        nats["test"] = mean_nats(model, data.test)
    told = {
        "nats": nats,
        "standardised_nats": standardised(model, nats),
        "valid_log_p": valid_log_p.round(4).tolist(),
        "rows_in_the_end": rows,
    }
    rest = {name: value for name, value in header.items() if name not in WRITTEN}
    save_model(model, path, **{**rest, **told})


def standardised(model: DensityModel, nats: dict[str, float]) -> dict[str, float]:
    """The same nats for values of variance 1, by split; none where the model is not one of real values."""
    if model.values != "real":
        return {}
    jacobian = model.get_buffer("scale").double().log().sum().item()
    return {split: value - jacobian for split, value in nats.items()}
