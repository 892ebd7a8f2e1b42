"""Runs on Dask: a plan becomes one graph, its steps run where the data is."""

from __future__ import annotations

from dagsterlite_dask.definitions import (
    dask_executor,
    dask_executor_on,
    dask_resource,
    multiprocess_executor,
)

__all__ = ["dask_executor", "dask_executor_on", "dask_resource", "multiprocess_executor"]
