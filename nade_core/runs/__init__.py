"""A training run is a folder: it can be watched, stopped, killed and resumed, and holds a model at any time.

    config.json          what was asked, with the version of its format
    upload/              the data themselves, where somebody uploaded them
    log.jsonl            one JSON object a report, oldest first
    status.json          state, error (a message and its facts), when it was asked for
    last.json            where everything stands that is needed to go on from the last finished epochs:
    last-*.safetensors   weights, averages and moments, in parts of less than 16 MiB
    model.safetensors    the best model so far, an ordinary model file
    lesson.npz           what a teacher said, where there is one
    replay/              what it drew after each of at most 64 epochs, see replay.py
    stop                 present: the run ends within a batch
    owner.json           whose it is, and who else sees it, where the app serves many people
    run.lock             held by the worker for life: a run is alive while nobody else can hold it

Every file is written whole or not at all. A kill loses at most the epoch under way, which a resumed run
does again with the same random numbers: it ends with the same weights.

Where several weight decays are given, each is a training of its own from the same start, and the model kept is
the best of all on the validation part.
"""

from .config import RunConfig
from .folder import (
    RunState,
    clear_stop,
    create,
    look,
    read_config,
    read_json,
    read_log,
    request_stop,
    write_json,
)
from .forecast import estimate
from .offers import Usual, models_for, sources, usual
from .owning import Owned, Viewer, give, hashed, owned, visit
from .planning import Request, plan, usual_model
from .replay import Sheet, keeps_sheets, read_replay
from .runner import read_run_data, run

__all__ = [
    "Owned",
    "Request",
    "RunConfig",
    "RunState",
    "Sheet",
    "Usual",
    "Viewer",
    "clear_stop",
    "create",
    "estimate",
    "give",
    "hashed",
    "keeps_sheets",
    "look",
    "models_for",
    "owned",
    "plan",
    "read_config",
    "read_json",
    "read_log",
    "read_replay",
    "read_run_data",
    "request_stop",
    "run",
    "sources",
    "usual",
    "usual_model",
    "visit",
    "write_json",
]
