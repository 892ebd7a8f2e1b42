"""A cluster that is at hand, and how one is reached: by a client of a run's own."""

from __future__ import annotations

import asyncio
import struct
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

from dask.utils import parse_timedelta
from distributed import Client, Security, rpc
from distributed.comm.core import CommClosedError
from distributed.utils import LoopRunner

from dagsterlite.errors import (
    DagsterClusterLostError,
    DagsterClusterUnreachableError,
    DagsterNoWorkersError,
)

CONNECT_SECONDS: Final = 10

GREETING_SECONDS: Final = 1.0
"""How much longer than to be connected to what listens may take to say that it is a scheduler."""

LOOK_SECONDS: Final = 0.1
"""How often the scheduler is asked for its workers."""

ANSWER_SECONDS: Final = 5.0
"""How long it has to answer, until it is asked again."""

_STRANGE: Final = (TimeoutError, MemoryError, OverflowError, struct.error)
"""What comes of a stranger: Dask takes its first bytes, "HTTP/1.1" say, for a huge length."""

_STRANGER: Final = (
    "what listens there does not answer as a Dask scheduler does. A scheduler's own port is "
    "usually 8786; 8787 is that of its dashboard"
)

_REFUSED: Final = (
    "what listens there closes the connection. A scheduler does where only one side uses TLS: "
    "see `security`"
)


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
        if isinstance(address, str):
            LoopRunner().run_sync(_greet, address, options)
        return Client(address, set_as_default=False, **options)
    except (OSError, ValueError, TypeError, ImportError, RuntimeError, MemoryError) as exc:
        where = getattr(address, "scheduler_address", address)
        message = f"No Dask scheduler answers at {where}: {reason_of(exc)}. {mend}"
        raise DagsterClusterUnreachableError(message) from exc


async def _greet(address: str, options: dict[str, Any]) -> None:
    """See that a scheduler answers: a client would wait for good for one that says nothing.

    Raises:
        ConnectionError: what answers, or keeps silent, is something else.
        OSError: nothing listens there, or it refuses.
    """
    seconds = parse_timedelta(options["timeout"], "s")
    secured = (options.get("security") or Security()).get_connection_args("client")
    async with rpc(address, timeout=seconds, connection_args=secured) as there:
        try:
            identity = await asyncio.wait_for(there.identity(), seconds + GREETING_SECONDS)
        except _STRANGE as exc:
            raise ConnectionError(_STRANGER) from exc
        except CommClosedError as exc:
            raise ConnectionError(_REFUSED) from exc
    if "workers" not in identity:
        raise ConnectionError(f"a Dask {identity['type']} answers there, not a scheduler")


def reason_of(exc: BaseException) -> str:
    """Return what an error says, without a full stop."""
    if isinstance(exc, MemoryError):
        return _STRANGER
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
        DagsterClusterLostError: the scheduler is gone.
    """
    until = time.monotonic() + seconds
    while count and _count_workers(client) < count:
        check()
        left = until - time.monotonic()
        if left <= 0:
            raise DagsterNoWorkersError(
                f"The Dask cluster has fewer than {count} workers after {seconds:g} seconds. Look "
                "why no more come, or mend wait_for_workers or worker_timeout."
            )
        time.sleep(min(LOOK_SECONDS, left))


def _count_workers(client: Client) -> int:
    """Return how many workers there are; 0 where the scheduler does not say in time."""
    if client.status != "running" or client.scheduler is None:
        raise DagsterClusterLostError(
            "The Dask scheduler is gone before the workers came that a run waits for. Execute the "
            "run again once there is one."
        )
    with suppress(TimeoutError):
        return int(client.sync(_ask_for_workers, client.scheduler))
    return 0


async def _ask_for_workers(scheduler: Any) -> int:
    # Not the client's own way to wait for workers: that waits for good for one that hangs.
    found = await asyncio.wait_for(scheduler.identity(n_workers=-1), ANSWER_SECONDS)
    return sum(facts["status"] == "running" for facts in found["workers"].values())
