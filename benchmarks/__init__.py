"""Commands of the project's makers: what measures the figures of the README and the model cards, what publishes a
model, and what makes the embedded data. Each is a module with ``main(arguments)``."""
