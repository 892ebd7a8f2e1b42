"""Watching the event logs of runs."""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Iterator

import pytest

from dagsterlite import DagsterInstance, EventLogEntry
from tests.contracts.entries import message, step

SECONDS = 30


@pytest.fixture(params=["memory", "sqlite"])
def instance(request: pytest.FixtureRequest) -> Iterator[DagsterInstance]:
    is_memory = request.param == "memory"
    with DagsterInstance.ephemeral() if is_memory else DagsterInstance.local_temp() as instance:
        yield instance


class Seen:
    """Keeps what a watcher was called with."""

    def __init__(self) -> None:
        self.calls: queue.Queue[tuple[EventLogEntry, str]] = queue.Queue()

    def __call__(self, entry: EventLogEntry, cursor: str) -> None:
        self.calls.put((entry, cursor))

    def take(self, number: int) -> list[EventLogEntry]:
        return [self.calls.get(timeout=SECONDS)[0] for _ in range(number)]


def test_entries_that_are_there_and_those_to_come_are_handed_on(
    instance: DagsterInstance,
) -> None:
    seen = Seen()
    instance.record_entries(step("r", 0))

    instance.watch_event_logs("r", None, seen)
    before = seen.take(4)
    instance.record_entries([*step("r", 1), *step("q", 0)])

    assert before == step("r", 0)
    assert seen.take(4) == step("r", 1)
    assert seen.calls.empty()


def test_a_watch_goes_on_after_a_cursor(instance: DagsterInstance) -> None:
    first, second = Seen(), Seen()
    instance.record_entries(step("r", 0))
    instance.watch_event_logs("r", 0, first)
    _, cursor = [first.calls.get(timeout=SECONDS) for _ in range(2)][-1]

    instance.watch_event_logs("r", cursor, second)

    assert second.take(2) == step("r", 0)[2:]


def test_a_watch_that_ended_is_called_no_more_and_others_are(instance: DagsterInstance) -> None:
    ended, other = Seen(), Seen()
    for seen in (ended, other):
        instance.watch_event_logs("r", None, seen)

    instance.end_watch_event_logs("r", ended)
    instance.end_watch_event_logs("r", ended)
    instance.end_watch_event_logs("nobody", ended)
    instance.record_entries(step("r", 0))

    assert other.take(4) == step("r", 0)
    assert ended.calls.empty()


def test_a_callback_may_end_its_own_watch(instance: DagsterInstance) -> None:
    calls: queue.Queue[EventLogEntry] = queue.Queue()
    after = Seen()

    def once(entry: EventLogEntry, _cursor: str) -> None:
        instance.end_watch_event_logs("r", once)
        calls.put(entry)

    instance.watch_event_logs("r", None, once)
    instance.record_entries(step("r", 0))
    calls.get(timeout=SECONDS)
    instance.watch_event_logs("r", None, after)

    assert after.take(4) == step("r", 0)
    assert calls.empty()


def test_a_callback_that_raises_is_told_of_and_dropped(
    instance: DagsterInstance, caplog: pytest.LogCaptureFixture
) -> None:
    seen = Seen()
    calls = []

    def fail(entry: EventLogEntry, _cursor: str) -> None:
        calls.append(entry)
        raise ValueError("mine")

    with caplog.at_level(logging.ERROR, "dagsterlite"):
        instance.watch_event_logs("r", None, fail)
        instance.record_entries(step("r", 0))
        instance.watch_event_logs("r", None, seen)
        seen.take(4)
        instance.record_entries([message("r", 9)])
        seen.take(1)

    assert len(calls) == 1
    assert "ValueError: mine" in caplog.text


def test_disposing_of_an_instance_ends_its_watches() -> None:
    instance = DagsterInstance.ephemeral()
    instance.watch_event_logs("r", None, Seen())

    instance.dispose()

    names = [thread.name for thread in threading.enumerate()]
    assert "dagsterlite-event-watcher" not in names
