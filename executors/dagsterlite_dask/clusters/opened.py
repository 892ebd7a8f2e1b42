"""A cluster that is at hand, and how one is reached: by a client of a run's own."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from distributed import Client

from dagsterlite.errors import DagsterClusterUnreachableError, DagsterNoWorkersError

CONNECT_SECONDS: Final = 10

LOOK_SECONDS: Final = 0.5


@dataclass(frozen=True, kw_only=True)
class OpenedCluster:
    """A cluster that is at hand."""

    #: A client of it, whoever opened it the only user.
    client: Client
    #: Whether it was there before, and others may use it.
    is_joined: bool
    #: Whether workers may still come by themselves.
    can_grow: bool = False


def connect(address: Any, mend: str, **options: Any) -> Client:
    """Return a client on the scheduler at an address; leaving its block closes it.

    Args:
        address: The address, or a cluster of Dask's.
        mend: What whoever wrote the address may do about it, as a sentence.
        options: For the client.

    Raises:
        DagsterClusterUnreachableError: no scheduler answers there within ten seconds.
    """
    options = {"timeout": CONNECT_SECONDS, **options}
    try:
        return Client(address, set_as_default=False, **options)
    except (OSError, ValueError, TypeError, ImportError, RuntimeError, MemoryError) as exc:
        where = getattr(address, "scheduler_address", address)
        message = f"No Dask scheduler answers at {where}: {reason_of(exc)}. {mend}"
        raise DagsterClusterUnreachableError(message) from exc


def reason_of(exc: BaseException) -> str:
    """Return what an error says, without a full stop."""
    if isinstance(exc, MemoryError):
        # The length of a message was read from words of another language, such as HTTP.
        return f"what answers there is no scheduler of Dask: {exc}"
    return str(exc).rstrip(".") or type(exc).__name__


def wait_for_workers(
    client: Client, count: int, seconds: float, check: Callable[[], None] = lambda: None
) -> None:
    """Wait until a cluster has workers.

    Args:
        client: A client of it.
        count: How many it must have.
        seconds: How long they have to come.
        check: Called now and then; raises where nobody waits any more.

    Raises:
        DagsterNoWorkersError: they are not there in time.
    """
    until = time.monotonic() + seconds
    while count:
        check()
        left = until - time.monotonic()
        if left <= 0:
            raise DagsterNoWorkersError(
                f"The Dask cluster has fewer than {count} workers after {seconds:g} seconds. Look "
                "why no more come, or mend wait_for_workers or worker_timeout."
            )
        try:
            client.wait_for_workers(count, timeout=min(LOOK_SECONDS, left))
        except TimeoutError:
            continue
        return
