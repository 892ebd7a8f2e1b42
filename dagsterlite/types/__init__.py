"""Dagster types: what a value of an input or output must be, and how it is loaded and written."""
