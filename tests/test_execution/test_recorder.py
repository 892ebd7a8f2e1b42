from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from dagsterlite import DagsterInstance, DagsterLeaseLostError
from dagsterlite.errors import (
    DagsterRunCanceledError,
    DagsterStorageError,
    DagsterStorageUnreachableError,
)
from dagsterlite.events.event import DagsterEvent
from dagsterlite.events.event_type import DagsterEventType
from dagsterlite.events.log_entry import EventLogEntry
from dagsterlite.execution import away
from dagsterlite.execution import recorder as recorder_module
from dagsterlite.execution.interrupts import Interrupts
from dagsterlite.execution.recorder import FLUSH_ENTRIES, Recorder
from dagsterlite.runs import DagsterRun, DagsterRunStatus

RUN = "run-1"


def entry(seq: int, kind: DagsterEventType | None = None) -> EventLogEntry:
    event = DagsterEvent(event_type=kind, pipeline_name="p") if kind else None
    return EventLogEntry(
        run_id=RUN,
        attempt_id="driver",
        seq=seq,
        timestamp=time.time(),
        job_name="p",
        user_message=f"message {seq}",
        dagster_event=event,
    )


class Watched(DagsterInstance):
    """An instance that notes its batches, holds a write back when told, and fails when told."""

    batches: list[int]
    may_write: threading.Event
    writes: threading.Semaphore
    failure: Exception | None

    def record_entries(self, entries: Sequence[EventLogEntry]) -> None:
        self.batches.append(len(entries))
        assert self.may_write.wait(20)
        if self.failure is not None:
            self.writes.release()
            raise self.failure
        super().record_entries(entries)
        self.writes.release()


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[Watched]:
    with DagsterInstance.local_temp(str(tmp_path)) as made:
        made.__class__ = Watched
        assert isinstance(made, Watched)
        made.batches, made.failure = [], None
        made.may_write, made.writes = threading.Event(), threading.Semaphore(0)
        made.may_write.set()
        made.add_run(DagsterRun(pipeline_name="p", run_id=RUN))
        now = time.time()
        made.run_storage.acquire_lease(RUN, "me", seconds=10, now=now)
        yield made


@pytest.fixture
def interrupts() -> Interrupts:
    return Interrupts()


@pytest.fixture
def recorder(instance: Watched, interrupts: Interrupts) -> Iterator[Recorder]:
    made = Recorder(instance, RUN, "me", interrupts)
    yield made
    made.close()


def seqs(instance: DagsterInstance) -> list[int]:
    return [e.seq for e in instance.all_logs(RUN)]


def requested(interrupts: Interrupts, seconds: float = 20) -> BaseException | None:
    interrupts.wait(seconds)
    return interrupts.reason


def test_entries_wait_for_company_but_not_for_long(instance: Watched, recorder: Recorder) -> None:
    for seq in range(3):
        recorder.emit(entry(seq))
    assert instance.writes.acquire(timeout=20)
    assert seqs(instance) == [0, 1, 2]


def test_many_entries_are_written_in_few_batches_in_their_order(
    instance: Watched, recorder: Recorder
) -> None:
    instance.may_write.clear()
    for seq in range(5 * FLUSH_ENTRIES):
        recorder.emit(entry(seq))
    instance.may_write.set()
    recorder.flush()
    assert seqs(instance) == list(range(5 * FLUSH_ENTRIES))
    assert sum(instance.batches) == 5 * FLUSH_ENTRIES
    assert len(instance.batches) <= 5


def test_what_several_threads_emit_is_written_in_the_order_each_emitted_it(
    instance: Watched, recorder: Recorder
) -> None:
    def work(number: int) -> None:
        for seq in range(number * 1000, number * 1000 + 500):
            recorder.emit(entry(seq))

    threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    recorder.flush()
    found = seqs(instance)
    for number in range(4):
        mine = [seq for seq in found if seq // 1000 == number]
        assert mine == list(range(number * 1000, number * 1000 + 500))


def test_who_tells_faster_than_can_be_written_waits_until_there_is_room(
    instance: Watched, recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recorder_module, "MOST_ENTRIES", 10)
    monkeypatch.setattr(recorder_module, "BATCH_ENTRIES", 4)
    instance.may_write.clear()
    told: list[int] = []

    def work() -> None:
        for seq in range(100):
            recorder.emit(entry(seq))
            told.append(seq)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join(0.3)
    assert thread.is_alive()
    assert len(told) <= 10 + 4
    instance.may_write.set()
    thread.join(20)
    recorder.flush()
    assert seqs(instance) == list(range(100))
    assert max(instance.batches) <= 4


def test_what_is_told_after_the_end_is_dropped(instance: Watched, interrupts: Interrupts) -> None:
    recorder = Recorder(instance, RUN, "me", interrupts)
    recorder.close()
    recorder.emit(entry(0))
    recorder.flush()
    assert seqs(instance) == []


def test_who_waits_for_room_hears_of_an_error(
    instance: Watched, recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recorder_module, "MOST_ENTRIES", 2)
    monkeypatch.setattr(recorder_module, "BATCH_ENTRIES", 1)
    instance.failure = OSError("no space")
    instance.may_write.clear()
    raised: list[BaseException] = []

    def work() -> None:
        try:
            for seq in range(100):
                recorder.emit(entry(seq))
        except DagsterStorageError as exc:
            raised.append(exc)

    thread = threading.Thread(target=work)
    thread.start()
    instance.may_write.set()
    thread.join(20)
    assert raised == [recorder.error]


def test_a_run_level_event_comes_after_all_before_it_and_sets_the_status(
    instance: Watched, recorder: Recorder
) -> None:
    recorder.emit(entry(0))
    assert recorder.record_status(entry(1, DagsterEventType.PIPELINE_START))
    assert seqs(instance) == [0, 1]
    run = instance.get_run_by_id(RUN)
    assert run is not None
    assert run.status is DagsterRunStatus.STARTED


def test_a_run_level_event_that_the_status_forbids_is_not_recorded(
    instance: Watched, recorder: Recorder
) -> None:
    assert recorder.record_status(entry(0, DagsterEventType.PIPELINE_SUCCESS))
    assert not recorder.record_status(entry(1, DagsterEventType.PIPELINE_FAILURE))
    assert seqs(instance) == [0]


def test_an_instance_in_memory_is_written_at_once(interrupts: Interrupts) -> None:
    instance = DagsterInstance.ephemeral()
    instance.add_run(DagsterRun(pipeline_name="p", run_id=RUN))
    instance.run_storage.acquire_lease(RUN, "me", seconds=10, now=time.time())
    recorder = Recorder(instance, RUN, "me", interrupts)
    recorder.emit(entry(0))
    assert seqs(instance) == [0]
    recorder.close()


@pytest.mark.parametrize(
    "failure", [DagsterStorageError("disk full"), OSError("no space"), KeyError("a bug")]
)
def test_a_write_that_fails_in_the_thread_stops_the_work_and_leaves_no_gap(
    instance: Watched, recorder: Recorder, interrupts: Interrupts, failure: Exception
) -> None:
    instance.failure = failure
    recorder.emit(entry(0))
    reason = requested(interrupts)
    assert isinstance(reason, DagsterStorageError)
    assert str(failure) in str(reason)
    assert recorder.error is reason
    instance.failure = None
    for again in (lambda: recorder.emit(entry(1)), recorder.flush):
        with pytest.raises(DagsterStorageError, match=str(failure).strip("'")):
            again()
    with pytest.raises(DagsterStorageError):
        recorder.record_status(entry(2, DagsterEventType.PIPELINE_START))
    assert seqs(instance) == []


def test_a_write_that_fails_in_the_drivers_thread_ends_the_recording_too(
    instance: Watched, recorder: Recorder
) -> None:
    instance.failure = OSError("no space")
    recorder.emit(entry(0))
    with pytest.raises(DagsterStorageError, match="run-1 cannot be recorded: OSError: no space"):
        recorder.record_status(entry(1, DagsterEventType.PIPELINE_START))
    instance.failure = None
    with pytest.raises(DagsterStorageError):
        recorder.record_status(entry(1, DagsterEventType.PIPELINE_START))
    assert seqs(instance) == []


# --- stores that are away ---


AWAY = DagsterStorageUnreachableError("the server restarts")


def test_a_store_that_is_away_is_waited_for_and_nothing_gets_lost(
    instance: Watched, recorder: Recorder, interrupts: Interrupts
) -> None:
    instance.failure = AWAY
    recorder.emit(entry(0))
    assert instance.writes.acquire(timeout=20)
    assert instance.writes.acquire(timeout=20)
    recorder.emit(entry(1))
    instance.failure = None
    assert recorder.record_status(entry(2, DagsterEventType.PIPELINE_START))
    assert seqs(instance) == [0, 1, 2]
    assert recorder.error is None
    assert interrupts.reason is None


def test_a_store_that_stays_away_ends_the_run(
    instance: Watched, recorder: Recorder, interrupts: Interrupts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(away, "AWAY_SECONDS", 0.0)
    instance.failure = AWAY
    recorder.emit(entry(0))
    assert requested(interrupts) is AWAY
    assert recorder.error is AWAY


def test_who_is_to_stop_waits_for_no_store(
    instance: Watched, recorder: Recorder, interrupts: Interrupts
) -> None:
    instance.failure = AWAY
    interrupts.request(DagsterRunCanceledError(RUN))
    recorder.emit(entry(0))
    with pytest.raises(DagsterStorageUnreachableError):
        recorder.flush()


def test_another_driver_may_have_the_run_once_the_store_is_back(
    instance: Watched, interrupts: Interrupts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recorder_module, "LEASE_SECONDS", 0.0)
    monkeypatch.setattr(recorder_module, "CANCEL_POLL_SECONDS", 60)
    recorder = Recorder(instance, RUN, "me", interrupts)
    instance.failure = AWAY
    recorder.emit(entry(0))
    assert instance.writes.acquire(timeout=20)
    assert instance.run_storage.acquire_lease(RUN, "other", seconds=10, now=time.time() + 60)
    instance.failure = None
    assert isinstance(requested(interrupts), DagsterLeaseLostError)
    recorder.close()
    assert seqs(instance) == []


@pytest.mark.parametrize(
    "kind", [DagsterEventType.PIPELINE_START, DagsterEventType.PIPELINE_FAILURE]
)
def test_a_status_that_was_set_before_the_connection_was_lost_counts(
    instance: Watched, recorder: Recorder, monkeypatch: pytest.MonkeyPatch, kind: DagsterEventType
) -> None:
    set_status = instance.set_status_after

    def lose_the_answer(told: EventLogEntry) -> bool:
        set_status(told)
        monkeypatch.setattr(instance, "set_status_after", set_status)
        raise AWAY

    monkeypatch.setattr(instance, "set_status_after", lose_the_answer)
    assert recorder.record_status(entry(0, kind))
    assert seqs(instance) == [0]


def test_closing_ends_the_thread_at_once(instance: Watched, interrupts: Interrupts) -> None:
    recorder = Recorder(instance, RUN, "me", interrupts)
    recorder.close()
    assert f"recorder-{RUN}" not in {thread.name for thread in threading.enumerate()}


# --- the lease ---


@pytest.fixture
def _hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recorder_module, "CANCEL_POLL_SECONDS", 0.02)
    monkeypatch.setattr(recorder_module, "RENEW_SECONDS", 0.02)


def lease_until(instance: DagsterInstance) -> float:
    record = instance.get_run_record_by_id(RUN)
    assert record is not None
    assert record.lease_until is not None
    return record.lease_until


@pytest.mark.usefixtures("_hurried")
def test_the_lease_is_renewed_while_the_run_lasts(
    instance: Watched, interrupts: Interrupts
) -> None:
    before = lease_until(instance)
    recorder = Recorder(instance, RUN, "me", interrupts)
    end = time.monotonic() + 20
    while lease_until(instance) <= before:
        assert time.monotonic() < end
    recorder.close()
    assert recorder.error is None


@pytest.mark.usefixtures("_hurried")
def test_a_driver_that_lost_its_lease_stops(instance: Watched, interrupts: Interrupts) -> None:
    now = time.time()
    assert instance.run_storage.acquire_lease(RUN, "other", seconds=10, now=now + 60)
    recorder = Recorder(instance, RUN, "me", interrupts)
    reason = requested(interrupts)
    assert isinstance(reason, DagsterLeaseLostError)
    with pytest.raises(DagsterLeaseLostError):
        recorder.emit(entry(0))
    recorder.close()
    assert seqs(instance) == []


@pytest.mark.usefixtures("_hurried")
def test_a_run_that_was_deleted_stops_its_driver(instance: Watched, interrupts: Interrupts) -> None:
    recorder = Recorder(instance, RUN, "me", interrupts)
    instance.delete_run(RUN)
    assert isinstance(requested(interrupts), DagsterLeaseLostError)
    recorder.close()


@pytest.mark.usefixtures("_hurried")
def test_a_cancel_from_elsewhere_is_heard(instance: Watched, interrupts: Interrupts) -> None:
    recorder = Recorder(instance, RUN, "me", interrupts)
    assert recorder.record_status(entry(0, DagsterEventType.PIPELINE_START))
    with DagsterInstance.local_temp(instance.root_directory) as elsewhere:
        assert elsewhere.request_cancel(RUN)
    assert isinstance(requested(interrupts), DagsterRunCanceledError)
    assert recorder.error is None
    recorder.close()


@pytest.mark.usefixtures("_hurried")
def test_a_run_that_ended_by_itself_is_not_taken_for_lost(
    instance: Watched, interrupts: Interrupts
) -> None:
    recorder = Recorder(instance, RUN, "me", interrupts)
    assert recorder.record_status(entry(0, DagsterEventType.PIPELINE_SUCCESS))
    assert requested(interrupts, seconds=0.2) is None
    recorder.close()
    assert recorder.error is None


def test_a_driver_that_was_held_still_looks_at_its_lease_before_it_writes(
    instance: Watched, interrupts: Interrupts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recorder_module, "LEASE_SECONDS", 0.0)
    monkeypatch.setattr(recorder_module, "CANCEL_POLL_SECONDS", 60)
    recorder = Recorder(instance, RUN, "me", interrupts)
    recorder.emit(entry(0))
    recorder.flush()
    assert seqs(instance) == [0]
    assert instance.run_storage.acquire_lease(RUN, "other", seconds=10, now=time.time() + 60)
    with pytest.raises(DagsterLeaseLostError):
        recorder.record_status(entry(1, DagsterEventType.PIPELINE_START))
    recorder.close()
    assert seqs(instance) == [0]
