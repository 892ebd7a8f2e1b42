"""Opening a client of a run's own on a scheduler."""

from __future__ import annotations

from typing import Any, Final

from distributed import Client

from dagsterlite.errors import DagsterClusterUnreachableError

CONNECT_SECONDS: Final = 10


def connect(address: Any, mend: str, **options: Any) -> Client:
    """Return a client on the scheduler at an address; leaving its block closes it.

    Args:
        address: The address.
        mend: What whoever wrote the address may do about it, as a sentence.
        options: For the client.

    Raises:
        DagsterClusterUnreachableError: no scheduler answers there within ten seconds.
    """
    try:
        return Client(address, timeout=CONNECT_SECONDS, set_as_default=False, **options)
    except (OSError, ValueError, TypeError, ImportError) as exc:
        reason = str(exc).rstrip(".") or type(exc).__name__
        message = f"No Dask scheduler answers at {address}: {reason}. {mend}"
        raise DagsterClusterUnreachableError(message) from exc
