"""Commands of the project's makers: what measures the figures of the README and the model cards, what publishes a
model, and what makes the embedded data. Each is a module with ``main(arguments)``."""

import nade_core  # noqa: F401 - before torch: then its threads do not spin on cores that are measured
