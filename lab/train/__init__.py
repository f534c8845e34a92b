"""Training in the app: the form that asks for a run, the queue that does it, and the watching of a run."""
