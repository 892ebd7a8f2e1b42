"""The run config of a pipeline in a mode: what it must look like, and what it resolves to."""
