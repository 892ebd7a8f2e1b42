"""How the command line ends: exit codes, messages in place of tracebacks, signals."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

import click

from dagsterlite.errors import (
    DagsterError,
    DagsterRunConflict,
    DagsterStorageError,
)

RUN_FAILED = 1
REFUSED = 2
INTERRUPTED = 128 + signal.SIGINT
TERMINATED = 128 + signal.SIGTERM


class Refused(click.ClickException):
    """The command could not be begun as it was asked for; bears the message for the user."""

    exit_code = REFUSED


class Failed(click.ClickException):
    """Something failed in the doing; bears the message for the user."""

    exit_code = RUN_FAILED


@contextmanager
def ends_in_order(ctx: click.Context) -> Iterator[None]:
    """Turn the framework's errors and signals inside the block into messages and exit codes."""
    with _termination_interrupts() as received:
        try:
            yield
        except DagsterError as exc:
            failed = isinstance(exc, DagsterStorageError | DagsterRunConflict)
            raise (Failed if failed else Refused)(str(exc)) from exc
        except KeyboardInterrupt:
            ctx.exit(TERMINATED if received else INTERRUPTED)


@contextmanager
def _termination_interrupts() -> Iterator[list[int]]:
    """Have SIGTERM do what Ctrl-C does; the list fills with the signals that came."""
    received: list[int] = []
    if threading.current_thread() is not threading.main_thread():
        yield received
        return

    def terminate(number: int, frame: FrameType | None) -> None:
        received.append(number)
        handler = signal.getsignal(signal.SIGINT)
        if callable(handler):
            handler(number, frame)

    # A shell has the jobs that a script puts in the background ignore Ctrl-C; then SIGTERM, which
    # goes by the same way here, would be lost too.
    is_deaf = signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    if is_deaf:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    previous = signal.signal(signal.SIGTERM, terminate)
    try:
        yield received
    finally:
        signal.signal(signal.SIGTERM, previous)
        if is_deaf:
            signal.signal(signal.SIGINT, signal.SIG_IGN)
