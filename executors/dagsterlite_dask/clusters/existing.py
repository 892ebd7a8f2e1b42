"""A cluster that is there: joined by the address of its scheduler, and left as it was."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

from distributed import Client

from dagsterlite.errors import DagsterError

_CONNECT_SECONDS: Final = 10


class ClusterUnreachableError(DagsterError, ConnectionError):
    """No scheduler answers at the address."""


@contextmanager
def open_client(config: Mapping[str, Any]) -> Iterator[Client]:
    """Open a client on the scheduler at ``config["address"]``.

    Raises:
        ClusterUnreachableError: no scheduler answers there within ten seconds.
    """
    address = config["address"]
    try:
        client = Client(address, timeout=_CONNECT_SECONDS, set_as_default=False)
    except (OSError, ValueError) as exc:
        message = (
            f"No Dask scheduler answers at {address}: {exc}. Start one with `dask scheduler`, or "
            "mend execution.dask.cluster.existing.address."
        )
        raise ClusterUnreachableError(message) from exc
    try:
        yield client
    finally:
        client.close()
