"""Runs kept in this process."""

from __future__ import annotations

import math
import threading
import time
import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from dagsterlite.errors import DagsterRunAlreadyExists, DagsterRunNotFoundError
from dagsterlite.memory.run_filter import passes
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


class InMemoryRunStorage(RunStorage):
    """Keeps the records of runs themselves; threads may share it.

    Args:
        clock: Gives unix seconds for the time stamps of records.
    """

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._instance_id = str(uuid.uuid4())
        self._records: dict[str, RunRecord] = {}
        self._snapshots: dict[str, str] = {}
        #: For each object that runs refer to, those runs.
        self._references: dict[str, set[str]] = {}
        #: Of those, the objects whose own run is gone.
        self._orphans: set[str] = set()
        self._last_id = 0

    @property
    def instance_id(self) -> str:
        return self._instance_id

    def add_run(self, run: DagsterRun) -> RunRecord:
        now = from_unix(self._clock())
        # What could not be stored anywhere else is refused here too.
        to_json(run)
        with self._lock:
            if run.run_id in self._records:
                raise DagsterRunAlreadyExists(run.run_id)
            self._last_id += 1
            record = RunRecord(
                storage_id=self._last_id,
                dagster_run=run,
                create_timestamp=now,
                update_timestamp=now,
            )
            self._records[run.run_id] = record
        return record

    def get_run_records(
        self,
        filters: RunsFilter | None = None,
        limit: int | None = None,
        order_by: OrderColumn = "id",
        *,
        ascending: bool = False,
        cursor: str | None = None,
    ) -> list[RunRecord]:
        with self._lock:
            records = [record for record in self._records.values() if passes(record, filters)]
            place = None if cursor is None else _place(self._get(cursor), order_by)
        if place is not None:
            records = [r for r in records if _is_after(_place(r, order_by), place, ascending)]
        records.sort(key=lambda record: _place(record, order_by), reverse=not ascending)
        return records[:limit]

    def get_runs_count(self, filters: RunsFilter | None = None) -> int:
        with self._lock:
            return sum(passes(record, filters) for record in self._records.values())

    def get_run_record_by_id(self, run_id: str) -> RunRecord | None:
        return self._records.get(run_id)

    def change_status(
        self,
        run_id: str,
        status: DagsterRunStatus,
        *,
        expected: Iterable[DagsterRunStatus],
        timestamp: float,
    ) -> bool:
        allowed = frozenset(expected) - FINISHED_STATUSES
        times: dict[str, Any] = {}
        if status is DagsterRunStatus.STARTED:
            times = {"start_time": timestamp}
        elif status in FINISHED_STATUSES:
            times = {"end_time": timestamp, "lease_until": None}
        with self._lock:
            run = self._get(run_id).dagster_run
            if run.status not in allowed:
                return False
            self._change(run_id, dagster_run=replace(run, status=status), **times)
        return True

    def add_run_tags(self, run_id: str, tags: Mapping[str, str]) -> None:
        with self._lock:
            run = self._get(run_id).dagster_run
            self._change(run_id, dagster_run=replace(run, tags={**run.tags, **tags}))

    def request_cancel(self, run_id: str) -> bool:
        with self._lock:
            run = self._get(run_id).dagster_run
            if run.status not in CANCELABLE_STATUSES:
                return False
            canceling = replace(run, status=DagsterRunStatus.CANCELING)
            self._change(run_id, dagster_run=canceling, cancel_requested=True)
        return True

    def acquire_lease(self, run_id: str, driver_id: str, *, seconds: float, now: float) -> bool:
        with self._lock:
            record = self._get(run_id)
            is_free = record.lease_until is None or record.lease_until < now
            if record.dagster_run.is_finished or not (is_free or record.driver_id == driver_id):
                return False
            self._records[run_id] = replace(
                record, driver_id=driver_id, lease_until=now + seconds, heartbeat=now
            )
        return True

    def renew_lease(self, run_id: str, driver_id: str, *, seconds: float, now: float) -> LeaseState:
        with self._lock:
            record = self._records.get(run_id)
            if record is not None and _holds(record, driver_id):
                renewed = replace(record, lease_until=now + seconds, heartbeat=now)
                self._records[run_id] = renewed
        return _lease_state(record, driver_id)

    def read_lease(self, run_id: str, driver_id: str) -> LeaseState:
        return _lease_state(self._records.get(run_id), driver_id)

    def delete_run(self, run_id: str) -> None:
        with self._lock:
            record = self._records.pop(run_id, None)
            if record is not None:
                left = {one for other in self._records.values() for one in _snapshots_of(other)}
                for snapshot_id in _snapshots_of(record) - left:
                    self._snapshots.pop(snapshot_id, None)
            for address in self._referred_by(run_id):
                self._drop_reference(run_id, address)

    def add_references(self, run_id: str, addresses: Iterable[str]) -> None:
        with self._lock:
            for address in addresses:
                self._references.setdefault(address, set()).add(run_id)

    def release_objects(self, run_id: str, own: Iterable[str]) -> list[str]:
        with self._lock:
            own = list(own)
            self._orphans.update(address for address in own if address in self._references)
            orphans = [a for a in self._referred_by(run_id) if a in self._orphans]
            free = [a for a in dict.fromkeys([*own, *orphans]) if self._is_free_of(run_id, a)]
            # What is free is still the run's until it is deleted.
            for address in set(self._referred_by(run_id)) - set(free):
                self._drop_reference(run_id, address)
        return free

    def _referred_by(self, run_id: str) -> list[str]:
        return [address for address, runs in self._references.items() if run_id in runs]

    def _is_free_of(self, run_id: str, address: str) -> bool:
        return not self._references.get(address, set()) - {run_id}

    def _drop_reference(self, run_id: str, address: str) -> None:
        self._references[address].discard(run_id)
        if not self._references[address]:
            del self._references[address]
            self._orphans.discard(address)

    def add_snapshot(self, snapshot_id: str, kind: str, body: str) -> None:
        self._snapshots.setdefault(snapshot_id, body)

    def get_snapshot(self, snapshot_id: str) -> str | None:
        return self._snapshots.get(snapshot_id)

    def _get(self, run_id: str) -> RunRecord:
        try:
            return self._records[run_id]
        except KeyError:
            raise DagsterRunNotFoundError(run_id) from None

    def _change(self, run_id: str, **changes: Any) -> None:
        now = from_unix(self._clock())
        self._records[run_id] = replace(self._records[run_id], update_timestamp=now, **changes)


_Place = tuple[float, int]


def _place(record: RunRecord, order_by: OrderColumn) -> _Place:
    """Return what the record is sorted by; a missing time comes first."""
    match order_by:
        case "id":
            return (0, record.storage_id)
        case "create_timestamp" | "update_timestamp":
            return (getattr(record, order_by).timestamp(), record.storage_id)
        case "start_time" | "end_time":
            time = getattr(record, order_by)
            return (-math.inf if time is None else time, record.storage_id)


def _is_after(place: _Place, cursor: _Place, ascending: bool) -> bool:
    return place > cursor if ascending else place < cursor


def _holds(record: RunRecord, driver_id: str) -> bool:
    return record.driver_id == driver_id and record.lease_until is not None


def _lease_state(record: RunRecord | None, driver_id: str) -> LeaseState:
    if record is None:
        return LeaseState(held=False, cancel_requested=False)
    return LeaseState(held=_holds(record, driver_id), cancel_requested=record.cancel_requested)


def _snapshots_of(record: RunRecord) -> set[str]:
    run = record.dagster_run
    return {one for one in (run.pipeline_snapshot_id, run.execution_plan_snapshot_id) if one}
