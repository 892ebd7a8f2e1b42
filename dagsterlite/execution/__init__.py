"""One run: its executor, its steps, their contexts, its results."""
