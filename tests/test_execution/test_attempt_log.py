from __future__ import annotations

import logging
import threading

from dagsterlite.events.event_type import DagsterEventType
from dagsterlite.events.log_entry import EventLogEntry
from dagsterlite.events.payloads import StepSuccessData
from dagsterlite.execution.attempt_log import AttemptLog
from dagsterlite.handles import SolidHandle
from tests.event_lists import assert_gap_free


class Heap:
    """A sink that keeps what it is given."""

    def __init__(self) -> None:
        self.entries: list[EventLogEntry] = []
        self.refuses = False

    def emit(self, entry: EventLogEntry) -> None:
        if self.refuses:
            raise OSError
        self.entries.append(entry)


def make(heap: Heap, *, keeps: bool = False) -> AttemptLog:
    return AttemptLog(
        heap,
        run_id="r",
        pipeline_name="p",
        step_key="a.compute",
        solid_handle=SolidHandle("a"),
        tags={"t": "1"},
        keeps=keeps,
    )


START, SUCCESS = DagsterEventType.STEP_START, DagsterEventType.STEP_SUCCESS


def test_entries_are_numbered_in_the_order_they_are_handed_on() -> None:
    heap = Heap()
    log = make(heap)
    log.event(START, "began")
    log.message(logging.INFO, "hello")
    log.event(SUCCESS, "done", StepSuccessData(1.0))
    assert [entry.seq for entry in heap.entries] == [0, 1, 2]
    assert [entry.message for entry in heap.entries] == ["began", "hello", "done"]
    assert {entry.key[:3] for entry in heap.entries} == {("r", "a.compute", log.attempt_id)}
    assert log.count == 3


def test_two_attempts_never_share_an_id() -> None:
    assert make(Heap()).attempt_id != make(Heap()).attempt_id


def test_numbers_have_no_gaps_when_many_threads_log() -> None:
    heap = Heap()
    log = make(heap)

    def work() -> None:
        for number in range(300):
            log.message(logging.INFO, str(number))
            log.event(START, "x")

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(heap.entries) == log.count == 8 * 600
    assert_gap_free(heap.entries)


def test_an_entry_that_the_sink_refused_leaves_no_gap() -> None:
    heap = Heap()
    log = make(heap)
    heap.refuses = True
    for _ in range(2):
        try:
            log.event(START, "x")
        except OSError:
            heap.refuses = False
    assert [entry.seq for entry in heap.entries] == [0]


def test_the_last_event_seals_the_log_against_what_left_over_threads_say() -> None:
    heap = Heap()
    log = make(heap, keeps=True)
    log.event(START, "began")
    entry = log.entry_to_come(log.make_event(SUCCESS, "done"))
    log.message(logging.INFO, "too late")
    assert log.entries_with(entry) == (heap.entries[0], entry)
    assert log.hand_on(entry) is entry.dagster_event
    log.message(logging.INFO, "much too late")
    assert heap.entries == [*log.entries_with(entry)[:1], entry]
    assert_gap_free(heap.entries)


def test_a_log_that_is_continued_numbers_on_and_the_first_says_nothing_more() -> None:
    heap = Heap()
    log = make(heap, keeps=True)
    log.event(START, "began")
    more = log.continued()
    log.message(logging.INFO, "too late")
    more.message(logging.INFO, "and then")
    more.event(DagsterEventType.HOOK_COMPLETED, "done")
    assert [entry.message for entry in heap.entries] == ["began", "and then", "done"]
    assert_gap_free(heap.entries)
    assert (log.count, more.count) == (1, 3)
    assert (more.attempt_id, more.tags) == (log.attempt_id, log.tags)
    assert more.entries_with(heap.entries[-1]) == ()


def test_entries_are_kept_only_where_a_manifest_is_to_hold_them() -> None:
    log = make(Heap())
    log.event(START, "began")
    assert log.entries_with(log.entry_to_come(log.make_event(SUCCESS, "done"))) == ()


def test_an_event_that_is_refused_is_not_counted() -> None:
    heap = Heap()
    log = AttemptLog(heap, run_id="r", pipeline_name="p")
    kept: list[EventLogEntry] = []

    def refuse(_entry: EventLogEntry) -> bool:
        return False

    def record(entry: EventLogEntry) -> bool:
        kept.append(entry)
        return True

    kind = DagsterEventType.PIPELINE_START
    assert log.event_if(refuse, kind, "x") is None
    event = log.event_if(record, kind, "x")
    assert event is kept[0].dagster_event
    assert kept[0].seq == 0
    assert kept[0].step_key == ""
    assert event is not None
    assert event.step_key is None
    assert event.step_kind_value is None
