"""Commands that measure: each prints or writes the figures that the README and the model cards show."""
