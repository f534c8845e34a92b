"""A model as its weights and one PyTorch file that is written for reading: scripts/ holds one for each model."""

import json
from dataclasses import asdict
from pathlib import Path

from safetensors.torch import save

from ..checkpoint import find_model, load_model, read_header
from ..messages import NadeError

SCRIPTS = Path(__file__).parent / "scripts"


def script(model: str | Path) -> dict[str, bytes]:
    """The files of a folder, by name: the script and model.safetensors, which it loads from beside itself.

    ``model`` is a pretrained name, a model file or a run folder. The script needs torch and safetensors alone; in
    double precision it scores and samples as the library does. NadeError for a file that is damaged.
    """
    path = find_model(model)
    loaded, header = load_model(path, "cpu"), read_header(path)
    texts = (SCRIPTS / f"{kind.__name__}.py" for kind in type(loaded).__mro__)  # or that of the model it extends
    text = next((one for one in texts if one.is_file()), None)
    if text is None:
        raise NadeError("There is no script yet for models named {model}.", model=header["model"])
    header["config"] = asdict(loaded.config)  # an older file may leave out what has its default
    tensors = {name: tensor.contiguous() for name, tensor in loaded.state_dict().items()}
    return {text.name: text.read_bytes(), "model.safetensors": save(tensors, metadata={"nade": json.dumps(header)})}
