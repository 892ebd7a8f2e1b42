"""The state of schedules and sensors in any SQL database."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from sqlalchemy import ColumnElement, Row, delete, insert, select, update

from dagsterlite.errors import DagsterInvariantViolationError
from dagsterlite.events.tick import InstigatorTick, TickData, TickStatus
from dagsterlite.instigators import InstigatorState, InstigatorStatus, InstigatorType
from dagsterlite.serdes import to_json
from dagsterlite.stores import ScheduleStorage
from dagsterlite_sql.bodies import read_body
from dagsterlite_sql.database import Database
from dagsterlite_sql.schema import instigators, ticks


class SqlScheduleStorage(ScheduleStorage):
    """Base class for SQL backed schedule storage (seed 003).

    Args:
        database: Holds the schema ``SCHEDULES``.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    # --- states ---

    def all_instigator_state(
        self,
        repository_origin_id: str | None = None,
        instigator_type: InstigatorType | None = None,
        instigator_statuses: Iterable[InstigatorStatus] | None = None,
    ) -> list[InstigatorState]:
        query = select(instigators).order_by(instigators.c.id)
        if repository_origin_id is not None:
            query = query.where(instigators.c.repository_origin_id == repository_origin_id)
        if instigator_type is not None:
            query = query.where(instigators.c.instigator_type == instigator_type.name)
        if instigator_statuses is not None:
            names = [status.name for status in instigator_statuses]
            query = query.where(instigators.c.status.in_(names))
        with self._database.read() as connection:
            rows = connection.execute(query).all()
        return [self._to_state(row) for row in rows]

    def get_instigator_state(self, origin_id: str) -> InstigatorState | None:
        query = select(instigators).where(instigators.c.origin_id == origin_id)
        with self._database.read() as connection:
            row = connection.execute(query).one_or_none()
        return None if row is None else self._to_state(row)

    def add_instigator_state(self, state: InstigatorState) -> InstigatorState:
        same = select(instigators.c.id).where(instigators.c.origin_id == state.origin_id)
        with self._database.write() as connection:
            if connection.scalar(same) is not None:
                raise DagsterInvariantViolationError(
                    f"{_told(state)} has a state already. Update it, or delete it first."
                )
            connection.execute(insert(instigators), _state_row(state))
        return state

    def update_instigator_state(self, state: InstigatorState) -> InstigatorState:
        same = instigators.c.origin_id == state.origin_id
        with self._database.write() as connection:
            changed = connection.execute(update(instigators).where(same).values(_state_row(state)))
            if not changed.rowcount:
                raise DagsterInvariantViolationError(f"{_told(state)} has no state yet. Add one.")
        return state

    def delete_instigator_state(self, origin_id: str) -> None:
        with self._database.write() as connection:
            connection.execute(delete(instigators).where(instigators.c.origin_id == origin_id))

    # --- ticks ---

    def create_tick(self, tick_data: TickData) -> InstigatorTick:
        with self._database.write() as connection:
            added = connection.execute(insert(ticks), _tick_row(tick_data))
        (tick_id,) = added.inserted_primary_key or (0,)
        return InstigatorTick(tick_id, tick_data)

    def update_tick(self, tick: InstigatorTick) -> InstigatorTick:
        same = ticks.c.id == tick.tick_id
        with self._database.write() as connection:
            changed = connection.execute(
                update(ticks).where(same).values(_tick_row(tick.tick_data))
            )
            if not changed.rowcount:
                raise DagsterInvariantViolationError(
                    f"There is no tick {tick.tick_id} of '{tick.tick_data.instigator_name}' (any "
                    "more). Create one."
                )
        return tick

    def get_ticks(
        self,
        origin_id: str,
        before: float | None = None,
        after: float | None = None,
        limit: int | None = None,
        statuses: Iterable[TickStatus] | None = None,
    ) -> list[InstigatorTick]:
        query = (
            select(ticks)
            .where(*_tick_conditions(origin_id, before, after, statuses))
            .order_by(ticks.c.timestamp.desc(), ticks.c.id.desc())
            .limit(limit)
        )
        with self._database.read() as connection:
            rows = connection.execute(query).all()
        return [self._to_tick(row) for row in rows]

    def purge_ticks(
        self, origin_id: str, before: float, tick_statuses: Iterable[TickStatus] | None = None
    ) -> None:
        wanted = _tick_conditions(origin_id, before, None, tick_statuses)
        with self._database.write() as connection:
            connection.execute(delete(ticks).where(*wanted))

    def wipe(self) -> None:
        with self._database.write() as connection:
            connection.execute(delete(ticks))
            connection.execute(delete(instigators))

    def close(self) -> None:
        self._database.close()

    # --- rows ---

    def _to_state(self, row: Row[Any]) -> InstigatorState:
        address = f"{self._database.address}, instigators.id {row.id}"
        return read_body(row.body, InstigatorState, address)

    def _to_tick(self, row: Row[Any]) -> InstigatorTick:
        address = f"{self._database.address}, ticks.id {row.id}"
        return InstigatorTick(row.id, read_body(row.body, TickData, address))


def _told(state: InstigatorState) -> str:
    return f"The {state.instigator_type.value.lower()} '{state.instigator_name}'"


def _tick_conditions(
    origin_id: str,
    before: float | None,
    after: float | None,
    statuses: Iterable[TickStatus] | None,
) -> Iterator[ColumnElement[bool]]:
    yield ticks.c.origin_id == origin_id
    if before is not None:
        yield ticks.c.timestamp < before
    if after is not None:
        yield ticks.c.timestamp > after
    if statuses is not None:
        yield ticks.c.status.in_([status.name for status in statuses])


def _state_row(state: InstigatorState) -> dict[str, Any]:
    return {
        "origin_id": state.origin_id,
        "repository_origin_id": state.repository_origin_id,
        "instigator_type": state.instigator_type.name,
        "status": state.status.name,
        "body": to_json(state),
    }


def _tick_row(tick_data: TickData) -> dict[str, Any]:
    return {
        "origin_id": tick_data.instigator_origin_id,
        "status": tick_data.status.name,
        "timestamp": tick_data.timestamp,
        "body": to_json(tick_data),
    }
