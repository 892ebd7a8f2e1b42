"""A cluster that is there: joined by the address of its scheduler, and left as it was."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from distributed import Client

from dagsterlite_dask.clusters.connect import connect

_MEND: Final = (
    "Start one with `dask scheduler`, or mend execution.dask.config.cluster.existing.address."
)


def open_client(config: Mapping[str, Any]) -> Client:
    """Return a client on the scheduler at ``config["address"]``.

    Raises:
        DagsterClusterUnreachableError: no scheduler answers there within ten seconds.
    """
    return connect(config["address"], _MEND)
