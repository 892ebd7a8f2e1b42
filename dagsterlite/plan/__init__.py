"""The execution plan of a pipeline: its steps, and what is decided about each of them. Pure."""
