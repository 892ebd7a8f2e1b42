"""The way of entries from a task to its run's driver."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from dagsterlite.events.receipt import Receipt, StepOutcome
from dagsterlite_dask import topic_sink
from dagsterlite_dask.messages import from_wire
from dagsterlite_dask.outbox import FULL, Outbox
from dagsterlite_dask.topic_sink import FLUSH_ENTRIES, KEPT_CHARACTERS, Flusher, TopicSink
from tests.test_dagsterlite_dask.side import wait_until
from tests.test_dagsterlite_dask.test_follow import attempt, entry

Sent = list[Mapping[str, Any]]


@pytest.fixture
def sent() -> Sent:
    return []


@pytest.fixture
def sink(sent: Sent) -> TopicSink:
    return TopicSink(sent.append)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [0.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    return now


def seqs(messages: Sent) -> list[list[int]]:
    return [[one.seq for one in from_wire(message).entries] for message in messages]


def receipt(attempt_id: str = "x", count: int = 3) -> Receipt:
    return Receipt(
        run_id="run",
        step_key="a",
        attempt_id=attempt_id,
        outcome=StepOutcome.SUCCESS,
        entry_count=count,
    )


def test_a_short_step_is_one_message(sink: TopicSink, sent: Sent) -> None:
    for one in attempt("a", "x", None, None, None):
        sink.emit(one)
    assert sent == []
    sink.finish(receipt(), b"error")

    (message,) = map(from_wire, sent)
    assert [one.seq for one in message.entries] == [0, 1, 2]
    assert message.end is not None
    assert message.end.receipt == receipt()
    assert message.end.counts == {"x": 3}
    assert message.end.error == b"error"


def test_a_long_step_is_told_while_it_runs(sink: TopicSink, sent: Sent, clock: list[float]) -> None:
    first, second, third = attempt("a", "x", None, None, None)
    sink.emit(first)
    sink.flush_if_due()
    assert sent == []
    clock[0] = topic_sink.FLUSH_SECONDS
    sink.flush_if_due()
    sink.emit(second)
    sink.emit(third)
    sink.finish(receipt(), None)

    assert seqs(sent) == [[0], [1, 2]]


def test_many_entries_do_not_wait_for_their_time(sink: TopicSink, sent: Sent) -> None:
    for number in range(FLUSH_ENTRIES + 1):
        sink.emit(entry("a", "x", number))

    assert seqs(sent) == [list(range(FLUSH_ENTRIES))]


def test_the_counts_are_those_of_each_attempt(sink: TopicSink, sent: Sent) -> None:
    for one in [*attempt("a", "x", None), *attempt("a", "y", None, None)]:
        sink.emit(one)
    sink.finish(receipt("y", 2), None)

    end = from_wire(sent[-1]).end
    assert end is not None
    assert end.counts == {"x": 1, "y": 2}
    assert sink.has_told_of("x")
    assert not sink.has_told_of("z")


def test_all_that_was_told_is_kept_as_one_message(sink: TopicSink, sent: Sent) -> None:
    first, second = attempt("a", "x", None, None)
    sink.emit(first)
    sink.flush()
    sink.emit(second)
    told = sink.finish(receipt(count=2), None)

    assert told is not None
    assert seqs([told]) == [[0, 1]]
    assert from_wire(told).end == from_wire(sent[-1]).end


def test_more_than_there_is_room_for_is_not_kept(sink: TopicSink, sent: Sent) -> None:
    many = 1 + KEPT_CHARACTERS // 100
    for number in range(many):
        sink.emit(entry("a", "x", number))

    assert sink.finish(receipt(count=many), None) is None
    assert sum(map(len, seqs(sent))) == many


@pytest.fixture
def flusher(sink: TopicSink, sent: Sent) -> Iterator[Flusher]:
    made = Flusher(sink, Outbox(sent.append))
    yield made
    made.close()


def test_the_flusher_sends_what_waits_long_enough(flusher: Flusher) -> None:
    arrived = threading.Event()
    sink = TopicSink(lambda _message: arrived.set())
    flusher.add(sink)
    sink.emit(entry("a", "x", 0))

    assert arrived.wait(5)
    flusher.remove(sink)


def test_a_flusher_that_fell_asleep_wakes_up(flusher: Flusher) -> None:
    for _ in range(2):
        wait_until(lambda: flusher._is_asleep)
        arrived = threading.Event()
        sink = TopicSink(lambda _message, arrived=arrived: arrived.set())  # type: ignore[misc]
        flusher.add(sink)
        sink.emit(entry("a", "x", 0))
        assert arrived.wait(5)
        flusher.remove(sink)


def test_the_flushers_thread_ends_with_it(sink: TopicSink, sent: Sent) -> None:
    before = threading.active_count()
    made = Flusher(sink, Outbox(sent.append))
    made.add(TopicSink(lambda _message: None))
    made.close()

    assert threading.active_count() == before


def test_the_last_messages_of_tasks_leave_together(sent: Sent) -> None:
    outbox = Outbox(sent.append)
    for number in range(2):
        sink = TopicSink(sent.append, outbox.put)
        sink.emit(entry(f"step {number}", "x", 0))
        sink.finish(receipt(count=1), None)
    assert sent == []
    outbox.flush()
    outbox.flush()

    (message,) = sent
    assert [one.entries[0].step_key for one in map(from_wire, message["steps"])] == [
        "step 0",
        "step 1",
    ]
    assert outbox.is_empty


def test_a_full_outbox_is_sent_at_once(sent: Sent) -> None:
    outbox = Outbox(sent.append)
    for number in range(FULL + 1):
        outbox.put({"number": number})

    assert [len(message["steps"]) for message in sent] == [FULL]


def test_the_flusher_sends_what_the_last_task_left(sink: TopicSink) -> None:
    arrived = threading.Event()
    outbox = Outbox(lambda _message: arrived.set())
    flusher = Flusher(sink, outbox)
    of_task = TopicSink(lambda _message: None, outbox.put)
    flusher.add(of_task)
    of_task.finish(receipt(count=0), None)
    flusher.remove(of_task)

    assert arrived.wait(5)
    wait_until(lambda: flusher._is_asleep)
    flusher.close()
