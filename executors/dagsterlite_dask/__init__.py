"""Runs on Dask: a plan becomes one graph, its steps run where the data is."""
