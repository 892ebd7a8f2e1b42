"""A process that writes to a home: ``python -m tests.test_dagsterlite_sql.writer`` ARGUMENTS.

It says ``ready``, waits for a line, and then writes; before each call that stores, it says what it
is about to store, so that its test knows how far it may have come.
"""

from __future__ import annotations

import resource
import signal
import sys

from dagsterlite.errors import DagsterError
from dagsterlite.events.event_type import DagsterEventType
from dagsterlite.runs import DagsterRun, DagsterRunStatus
from dagsterlite_sql.sqlite_events import SqliteEventLogStorage
from dagsterlite_sql.sqlite_runs import SqliteRunStorage
from tests.contracts.entries import message, status_event, step


def say(*words: object) -> None:
    print(*words, flush=True)  # noqa: T201 - what a process of its own is for


def wait() -> None:
    say("ready")
    sys.stdin.readline()


def drive(home: str, run_id: str, steps: int) -> None:
    """Be the driver of a run of so many steps (of four entries each) and of its status."""
    runs, events = SqliteRunStorage(home), SqliteEventLogStorage(home)
    wait()
    runs.add_run(DagsterRun(pipeline_name="flights", run_id=run_id))
    assert runs.acquire_lease(run_id, run_id, seconds=60, now=0)
    change(runs, run_id, DagsterRunStatus.STARTED)
    events.store_entries([status_event(run_id, 0, DagsterEventType.PIPELINE_START)])
    for number in range(steps):
        events.store_entries(step(run_id, number))
        assert runs.renew_lease(run_id, run_id, seconds=60, now=number).held
    events.store_entries([status_event(run_id, 1, DagsterEventType.PIPELINE_SUCCESS)])
    change(runs, run_id, DagsterRunStatus.SUCCESS)
    runs.close()
    events.close()


def change(runs: SqliteRunStorage, run_id: str, status: DagsterRunStatus) -> None:
    assert runs.change_status(run_id, status, expected=DagsterRunStatus, timestamp=1.0)


def share(home: str, first: int, steps: int) -> None:
    """Write steps of a run that other processes write to as well."""
    events = SqliteEventLogStorage(home)
    wait()
    for number in range(first, first + steps):
        events.store_entries(step("shared", number))
    events.close()


def write_on(home: str, run_id: str) -> None:
    """Write steps without end, saying the number of each before it is written."""
    events = SqliteEventLogStorage(home)
    wait()
    number = len(events.get_logs_for_run(run_id)) // 4
    while True:
        say(number)
        events.store_entries(step(run_id, number))
        number += 1


def fill(home: str, limit: int) -> None:
    """Write until no file may grow beyond the limit; then say the error, and what is there."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    events = SqliteEventLogStorage(home)
    wait()
    number = 0
    try:
        while True:
            events.store_entries([message("r", number * 10 + n, "x" * 2000) for n in range(10)])
            number += 1
    except DagsterError as exc:
        say(type(exc).__name__, str(exc).replace("\n", " "))
    say(number, len(events.get_logs_for_run("r")))


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["drive", home, run_id, steps]:
            drive(home, run_id, int(steps))
        case ["share", home, first, steps]:
            share(home, int(first), int(steps))
        case ["write_on", home, run_id]:
            write_on(home, run_id)
        case ["fill", home, limit]:
            fill(home, int(limit))
