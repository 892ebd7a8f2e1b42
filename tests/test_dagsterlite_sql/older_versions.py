"""Databases as older versions of a schema left them: made by the steps of then, and filled."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import Connection, insert

from dagsterlite.events.assets import AssetKey
from dagsterlite.events.event_type import DagsterEventType
from dagsterlite.events.log_entry import EventLogEntry
from dagsterlite.stores import EventLogStorage, EventRecordsFilter, RunStorage
from dagsterlite_sql import migrate
from dagsterlite_sql.event_rows import is_indexed, to_copy, to_row
from dagsterlite_sql.migrate import NOTHING, steps, upgrade
from dagsterlite_sql.runs import _to_row
from dagsterlite_sql.schema import EVENT_INDEX, EVENTS, RUNS, Schema, event_index, event_logs, runs
from tests.contracts.entries import materialization, status_event, step
from tests.contracts.run_storage import ids, run

_BEGUN = DagsterEventType.RUN_START

OF_FLIGHTS = [
    *step("r", 0),
    status_event("r", 9, _BEGUN),
    materialization("r", 20, "sales", partition="mon"),
]
OF_TRAINS = [replace(entry, job_name="trains") for entry in (status_event("t", 0, _BEGUN),)]
ENTRIES = [*OF_FLIGHTS, *OF_TRAINS]


def older(*schemas: Schema) -> list[Any]:
    """Return a test's parameters: each schema with each of its older versions."""
    return [
        pytest.param(schema, f"{number:04}", id=f"{schema.name} {number}")
        for schema in schemas
        for number in range(1, int(schema.version))
    ]


def make(
    connection: Connection, schema: Schema, version: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Make the tables that a version had, and fill them as it did."""
    known = steps(f"dagsterlite_sql.migrations.{schema.name}")
    with monkeypatch.context() as patch:
        patch.setattr(migrate, "steps", lambda _: {n: s for n, s in known.items() if n <= version})
        upgrade(connection, schema, NOTHING)
    if schema is RUNS:
        connection.execute(insert(runs), [_to_row(run(name), 1.0) for name in ("one", "two")])
    if schema is EVENTS:
        connection.execute(insert(event_logs), [to_row(entry)._asdict() for entry in ENTRIES])
    if schema in (EVENTS, EVENT_INDEX):
        copies = [to_copy(row, e)._asdict() for e in ENTRIES if is_indexed(row := to_row(e))]
        for copy in copies:
            del copy["pipeline_name"]
        connection.execute(insert(event_index), copies)


def check(store: RunStorage | EventLogStorage) -> None:
    """Look whether all that the database held is there, and whether the store serves."""
    if isinstance(store, RunStorage):
        _check_runs(store)
    else:
        _check_index(store)


def _check_runs(store: RunStorage) -> None:
    assert ids(store.get_run_records()) == ["two", "one"]
    store.add_references("two", ["a"])
    assert store.release_objects("one", ["a"]) == []


def _check_index(store: EventLogStorage) -> None:
    def begun(**wanted: Any) -> list[EventLogEntry]:
        records = store.get_event_records(EventRecordsFilter(event_type=_BEGUN, **wanted))
        return [record.event_log_entry for record in records]

    assert begun() == [*OF_TRAINS, OF_FLIGHTS[-2]]
    assert begun(job_names=["trains"]) == OF_TRAINS
    assert begun(job_names=["flights"]) == [OF_FLIGHTS[-2]]
    assert store.has_asset_key(AssetKey("sales"))
    store.store_entries([replace(OF_TRAINS[0], run_id="u")])
    assert [entry.run_id for entry in begun(job_names=["trains"])] == ["u", "t"]
    store.add_dynamic_partitions("days", ["mon"])
    assert store.get_dynamic_partitions("days") == ["mon"]
