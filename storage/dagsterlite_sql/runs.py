"""Runs in any SQL database."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, Row, and_, delete, func, insert, not_, or_, select, update

from dagsterlite.errors import (
    DagsterRunAlreadyExists,
    DagsterRunNotFoundError,
)
from dagsterlite.runs import (
    CANCELABLE_STATUSES,
    FINISHED_STATUSES,
    DagsterRun,
    DagsterRunStatus,
    LeaseState,
    RunRecord,
    RunsFilter,
    from_unix,
)
from dagsterlite.serdes import to_json
from dagsterlite.stores import OrderColumn, RunStorage
from dagsterlite_sql import run_queries
from dagsterlite_sql.bodies import read_body
from dagsterlite_sql.database import Database
from dagsterlite_sql.parts import parts
from dagsterlite_sql.schema import (
    instance_info,
    object_references,
    run_tags,
    runs,
    snapshots,
)

_INSTANCE_ID = "instance_id"
_NOBODY = LeaseState(held=False, cancel_requested=False)


class SqlRunStorage(RunStorage):
    """Keeps runs in a database (seed 003).

    Args:
        database: Holds the schema ``RUNS``.
        clock: Gives unix seconds for the time stamps of records.
    """

    def __init__(self, database: Database, clock: Callable[[], float] = time.time) -> None:
        self._database = database
        self._clock = clock

    @property
    def instance_id(self) -> str:
        wanted = select(instance_info.c.value).where(instance_info.c.key == _INSTANCE_ID)
        with self._database.read() as connection:
            found: str | None = connection.scalar(wanted)
        if found is not None:
            return found
        new = {"key": _INSTANCE_ID, "value": str(uuid.uuid4())}
        with self._database.write() as connection:
            connection.execute(self._database.insert_new(instance_info), new)
            return str(connection.scalar(wanted))

    # --- runs ---

    def add_run(self, run: DagsterRun) -> RunRecord:
        row = _to_row(run, self._now())
        with self._database.write() as connection:
            if _find(connection, run.run_id) is not None:
                raise DagsterRunAlreadyExists(run.run_id)
            connection.execute(insert(runs), row)
            self._put_tags(connection, run.run_id, run.tags)
            return self._to_record(_get(connection, run.run_id))

    def get_run_records(
        self,
        filters: RunsFilter | None = None,
        limit: int | None = None,
        order_by: OrderColumn = "id",
        *,
        ascending: bool = False,
        cursor: str | None = None,
    ) -> list[RunRecord]:
        query = select(runs).where(*run_queries.conditions(filters)).limit(limit)
        query = query.order_by(*run_queries.order(order_by, ascending=ascending))
        with self._database.read() as connection:
            if cursor is not None:
                place = _get(connection, cursor)
                query = query.where(run_queries.after(place, order_by, ascending=ascending))
            rows = connection.execute(query).all()
        return [self._to_record(row) for row in rows]

    def get_runs_count(self, filters: RunsFilter | None = None) -> int:
        query = select(func.count()).select_from(runs).where(*run_queries.conditions(filters))
        with self._database.read() as connection:
            return connection.execute(query).scalar_one()

    def get_run_record_by_id(self, run_id: str) -> RunRecord | None:
        with self._database.read() as connection:
            row = _find(connection, run_id)
        return None if row is None else self._to_record(row)

    def add_run_tags(self, run_id: str, tags: Mapping[str, str]) -> None:
        with self._database.write() as connection:
            run = self._to_record(_get(connection, run_id)).dagster_run
            body = _body(replace(run, tags={**run.tags, **tags}))
            self._change(connection, run_id, body=body)
            self._put_tags(connection, run_id, tags)

    def delete_run(self, run_id: str) -> None:
        with self._database.write() as connection:
            row = _find(connection, run_id)
            for table in (run_tags, object_references):
                connection.execute(delete(table).where(table.c.run_id == run_id))
            connection.execute(delete(runs).where(runs.c.run_id == run_id))
            if row is not None:
                for snapshot_id in {row.pipeline_snapshot_id, row.execution_plan_snapshot_id}:
                    _drop_unless_needed(connection, snapshot_id)

    def _put_tags(self, connection: Connection, run_id: str, tags: Mapping[str, str]) -> None:
        if not tags:
            return
        connection.execute(
            delete(run_tags).where(run_tags.c.run_id == run_id, run_tags.c.key.in_(list(tags)))
        )
        rows = [{"run_id": run_id, "key": key, "value": value} for key, value in tags.items()]
        connection.execute(self._database.insert_new(run_tags), rows)

    # --- status ---

    def change_status(
        self,
        run_id: str,
        status: DagsterRunStatus,
        *,
        expected: Iterable[DagsterRunStatus],
        timestamp: float,
    ) -> bool:
        values: dict[str, Any] = {"status": status.name}
        if status is DagsterRunStatus.STARTED:
            values["start_time"] = timestamp
        elif status in FINISHED_STATUSES:
            values |= {"end_time": timestamp, "lease_until": None}
        allowed = frozenset(expected) - FINISHED_STATUSES
        with self._database.write() as connection:
            return self._change(connection, run_id, allowed, **values)

    def request_cancel(self, run_id: str) -> bool:
        canceling = {"status": DagsterRunStatus.CANCELING.name, "cancel_requested": True}
        with self._database.write() as connection:
            return self._change(connection, run_id, CANCELABLE_STATUSES, **canceling)

    def _change(
        self,
        connection: Connection,
        run_id: str,
        expected: Iterable[DagsterRunStatus] = DagsterRunStatus,
        **values: Any,
    ) -> bool:
        """Set columns if the status is among ``expected``; return whether they were set."""
        names = [status.name for status in expected]
        changed = connection.execute(
            update(runs)
            .where(runs.c.run_id == run_id, runs.c.status.in_(names))
            .values(update_timestamp=self._now(), **values)
        )
        if not changed.rowcount:
            _get(connection, run_id)
        return bool(changed.rowcount)

    # --- leases ---

    def acquire_lease(self, run_id: str, driver_id: str, *, seconds: float, now: float) -> bool:
        finished = [status.name for status in FINISHED_STATUSES]
        free = or_(runs.c.lease_until.is_(None), runs.c.lease_until < now)
        with self._database.write() as connection:
            taken = connection.execute(
                update(runs)
                .where(runs.c.run_id == run_id, runs.c.status.not_in(finished))
                .where(or_(free, runs.c.driver_id == driver_id))
                .values(driver_id=driver_id, lease_until=now + seconds, heartbeat=now)
            )
            if not taken.rowcount:
                _get(connection, run_id)
        return bool(taken.rowcount)

    def renew_lease(self, run_id: str, driver_id: str, *, seconds: float, now: float) -> LeaseState:
        held = and_(runs.c.driver_id == driver_id, runs.c.lease_until.is_not(None))
        with self._database.write() as connection:
            connection.execute(
                update(runs)
                .where(runs.c.run_id == run_id, held)
                .values(lease_until=now + seconds, heartbeat=now)
            )
            return _lease_state(_find(connection, run_id), driver_id)

    def read_lease(self, run_id: str, driver_id: str) -> LeaseState:
        with self._database.read() as connection:
            return _lease_state(_find(connection, run_id), driver_id)

    # --- objects of other runs ---

    def add_references(self, run_id: str, addresses: Iterable[str]) -> None:
        table = object_references
        with self._database.write() as connection:
            for part in parts(list(addresses)):
                orphaned = select(table.c.address).where(
                    table.c.address.in_(part), table.c.is_orphan
                )
                orphans = frozenset(connection.scalars(orphaned))
                rows = [
                    {"run_id": run_id, "address": address, "is_orphan": address in orphans}
                    for address in part
                ]
                connection.execute(self._database.insert_new(table), rows)

    def release_objects(self, run_id: str, own: Iterable[str]) -> list[str]:
        table = object_references
        own = list(dict.fromkeys(own))
        referred = table.c.run_id == run_id
        with self._database.write() as connection:
            orphans = connection.scalars(select(table.c.address).where(referred, table.c.is_orphan))
            candidates = own + list(orphans)
            for part in parts(own):
                orphaned = update(table).where(table.c.address.in_(part)).values(is_orphan=True)
                connection.execute(orphaned)
            needed: set[str] = set()
            for part in parts(candidates):
                others = select(table.c.address).where(table.c.address.in_(part), not_(referred))
                needed.update(connection.scalars(others))
            # What is free is still the run's until it is deleted.
            connection.execute(delete(table).where(referred, not_(table.c.is_orphan)))
            for part in parts(list(needed)):
                connection.execute(delete(table).where(referred, table.c.address.in_(part)))
        return [address for address in candidates if address not in needed]

    # --- snapshots ---

    def add_snapshot(self, snapshot_id: str, kind: str, body: str) -> None:
        row = {"snapshot_id": snapshot_id, "kind": kind, "body": body}
        with self._database.write() as connection:
            connection.execute(self._database.insert_new(snapshots), row)

    def get_snapshot(self, snapshot_id: str) -> str | None:
        query = select(snapshots.c.body).where(snapshots.c.snapshot_id == snapshot_id)
        with self._database.read() as connection:
            body: str | None = connection.scalar(query)
        return body

    def close(self) -> None:
        self._database.close()

    # --- rows ---

    def _now(self) -> float:
        # To the microsecond, as a datetime holds it: a time read back must compare as equal.
        return round(self._clock(), 6)

    def _to_record(self, row: Row[Any]) -> RunRecord:
        run = read_body(row.body, DagsterRun, f"{self._database.address}, runs.id {row.id}")
        return RunRecord(
            storage_id=row.id,
            dagster_run=replace(run, status=DagsterRunStatus[row.status]),
            create_timestamp=from_unix(row.create_timestamp),
            update_timestamp=from_unix(row.update_timestamp),
            start_time=row.start_time,
            end_time=row.end_time,
            driver_id=row.driver_id,
            lease_until=row.lease_until,
            heartbeat=row.heartbeat,
            cancel_requested=row.cancel_requested,
        )


def _to_row(run: DagsterRun, now: float) -> dict[str, Any]:
    return {
        "run_id": run.run_id,
        "pipeline_name": run.pipeline_name,
        "mode": run.mode,
        "status": run.status.name,
        "pipeline_snapshot_id": run.pipeline_snapshot_id,
        "execution_plan_snapshot_id": run.execution_plan_snapshot_id,
        "root_run_id": run.root_run_id,
        "parent_run_id": run.parent_run_id,
        "body": _body(run),
        "create_timestamp": now,
        "update_timestamp": now,
    }


def _body(run: DagsterRun) -> str:
    # The status stands in its column alone, where it is changed by compare-and-set.
    return to_json(replace(run, status=DagsterRunStatus.NOT_STARTED))


def _find(connection: Connection, run_id: str) -> Row[Any] | None:
    return connection.execute(select(runs).where(runs.c.run_id == run_id)).one_or_none()


def _get(connection: Connection, run_id: str) -> Row[Any]:
    row = _find(connection, run_id)
    if row is None:
        raise DagsterRunNotFoundError(run_id)
    return row


def _drop_unless_needed(connection: Connection, snapshot_id: str | None) -> None:
    for column in (runs.c.pipeline_snapshot_id, runs.c.execution_plan_snapshot_id):
        if connection.scalar(select(runs.c.id).where(column == snapshot_id).limit(1)) is not None:
            return
    connection.execute(delete(snapshots).where(snapshots.c.snapshot_id == snapshot_id))


def _lease_state(row: Row[Any] | None, driver_id: str) -> LeaseState:
    if row is None:
        return _NOBODY
    held = row.driver_id == driver_id and row.lease_until is not None
    return LeaseState(held=held, cancel_requested=row.cancel_requested)
