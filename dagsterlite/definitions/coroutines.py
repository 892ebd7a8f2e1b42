"""Running what an ``async def`` left, from plain code."""

from __future__ import annotations

import asyncio
import contextvars
import selectors
import threading
from collections.abc import AsyncGenerator, Callable, Coroutine, Iterator
from concurrent import futures
from contextlib import contextmanager
from typing import Any, Final, TypeAlias, TypeVar

T = TypeVar("T")

Run: TypeAlias = Callable[[Coroutine[Any, Any, Any]], Any]
"""Runs a coroutine to its end and returns what it returns."""

TICK_SECONDS: Final = 0.1
"""How long a loop sleeps at most: an interrupt reaches Python code at its next bytecode."""

_END: Final = object()


def result_of(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine to its end and return what it returns.

    What stops it (an interrupt, an error) cancels the tasks that it started, and their ``finally``
    blocks run before this returns.
    """
    with _loop() as run:
        result: T = run(coroutine)
    return result


def items_of(stream: AsyncGenerator[T, Any]) -> Iterator[T]:
    """Yield what an async generator yields, each item as soon as it is there."""
    with _loop() as run:
        try:
            while (item := run(_next(stream))) is not _END:
                yield item
        finally:
            run(_close(stream))


async def _next(stream: AsyncGenerator[Any, Any]) -> Any:
    return await anext(stream, _END)


async def _close(stream: AsyncGenerator[Any, Any]) -> None:
    await stream.aclose()


@contextmanager
def _loop() -> Iterator[Run]:
    """Give out a loop: in this thread, or where one runs here already, as in a notebook, beside."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        with asyncio.Runner(loop_factory=_new_loop) as runner:
            yield runner.run
    else:
        with _loop_beside() as run:
            yield run


@contextmanager
def _loop_beside() -> Iterator[Run]:
    loop = _new_loop()
    context = contextvars.copy_context()
    thread = threading.Thread(target=context.run, args=(loop.run_forever,), daemon=True)
    thread.start()

    def run(coroutine: Coroutine[Any, Any, Any]) -> Any:
        call = asyncio.run_coroutine_threadsafe(coroutine, loop)
        while not futures.wait([call], TICK_SECONDS).done:
            pass
        return call.result()

    try:
        yield run
    finally:
        run(_cancel_others())
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _cancel_others() -> None:
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)


class _TickingSelector(selectors.DefaultSelector):
    """Wakes up now and then, so that whoever interrupts the thread is not left waiting."""

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        limit = TICK_SECONDS if timeout is None else min(timeout, TICK_SECONDS)
        return super().select(limit)


def _new_loop() -> asyncio.AbstractEventLoop:
    return asyncio.SelectorEventLoop(_TickingSelector())
