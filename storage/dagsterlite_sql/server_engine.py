"""The connections of a process to a database server: few, and its own."""

from __future__ import annotations

import os
import time
import weakref
from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection, Engine, create_engine
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import QueuePool

from dagsterlite.stores import LOOK_SECONDS

IDLE_CONNECTIONS = 1
"""How many connections a process keeps to a database, for each of its schemas."""

MORE_CONNECTIONS = 4
"""How many more its threads may open for as long as they need them."""

RESTART_SECONDS = 10.0
"""How long a server that was there may be away."""

WAIT_SECONDS = 30
"""How long a thread waits for a connection."""


def make_engine(dialect: str, connect: Callable[[], Any]) -> Engine:
    """Return an engine of few connections; a fork's child opens connections of its own."""
    engine = create_engine(
        f"{dialect}://",
        creator=connect,
        poolclass=QueuePool,
        pool_size=IDLE_CONNECTIONS,
        max_overflow=MORE_CONNECTIONS,
        pool_timeout=WAIT_SECONDS,
        # A server that was restarted in between is no error.
        pool_pre_ping=True,
    )
    _engines.add(engine)
    return engine


def connect_again(engine: Engine) -> Connection:
    """Open a connection, once the server is back where it is being restarted."""
    deadline = time.monotonic() + RESTART_SECONDS
    while True:
        try:
            return engine.connect()
        except OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(LOOK_SECONDS)


_engines: weakref.WeakSet[Engine] = weakref.WeakSet()


def _leave_to_parent() -> None:
    for engine in list(_engines):
        engine.dispose(close=False)


os.register_at_fork(after_in_child=_leave_to_parent)
