from __future__ import annotations

import asyncio
import contextvars
from collections.abc import AsyncGenerator, Callable
from typing import Any

import pytest

from dagsterlite.definitions.coroutines import items_of, result_of

PLACE: contextvars.ContextVar[str] = contextvars.ContextVar("place")


def here(work: Callable[[], Any]) -> Any:
    return work()


def inside_a_running_loop(work: Callable[[], Any]) -> Any:
    async def main() -> Any:
        return work()

    return asyncio.run(main())


@pytest.fixture(params=[here, inside_a_running_loop])
def place(request: pytest.FixtureRequest) -> Callable[[Callable[[], Any]], Any]:
    found: Callable[[Callable[[], Any]], Any] = request.param
    return found


async def three() -> int:
    await asyncio.sleep(0)
    return 3


async def count(told: list[str]) -> AsyncGenerator[int, None]:
    try:
        for number in range(3):
            await asyncio.sleep(0)
            yield number
    finally:
        await asyncio.sleep(0)
        told.append("closed")


def test_a_coroutine_is_run_to_its_end(place):
    assert place(lambda: result_of(three())) == 3


def test_what_a_coroutine_raises_is_raised(place):
    async def fails() -> None:
        raise KeyError("it")

    with pytest.raises(KeyError, match="it"):
        place(lambda: result_of(fails()))


def test_a_stream_is_yielded_item_by_item(place):
    told: list[str] = []

    assert place(lambda: list(items_of(count(told)))) == [0, 1, 2]
    assert told == ["closed"]


def test_a_stream_that_is_left_in_the_midst_is_closed(place):
    told: list[str] = []

    def take_one() -> int:
        items = items_of(count(told))
        first: int = next(items)
        items.close()  # type: ignore[attr-defined]
        return first

    assert place(take_one) == 0
    assert told == ["closed"]


def test_tasks_that_are_left_behind_are_canceled(place):
    told: list[str] = []

    async def waits() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            told.append("canceled")

    async def leaves() -> int:
        told.append(asyncio.create_task(waits()).get_name() and "left")
        await asyncio.sleep(0)
        return 1

    assert place(lambda: result_of(leaves())) == 1
    assert told == ["left", "canceled"]


def test_the_callers_context_is_seen(place):
    async def read() -> str:
        return PLACE.get()

    def work() -> Any:
        PLACE.set("the step's")
        return result_of(read())

    assert place(work) == "the step's"
