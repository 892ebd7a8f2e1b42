"""How every store of schedules behaves. A test class of a store derives from the suite."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from dagsterlite.errors import DagsterInvariantViolationError
from dagsterlite.events.error_info import SerializableErrorInfo
from dagsterlite.events.tick import InstigatorTick, TickData, TickStatus
from dagsterlite.instigators import (
    InstigatorState,
    InstigatorStatus,
    InstigatorType,
    ScheduleInstigatorData,
    SensorInstigatorData,
)
from dagsterlite.stores import ScheduleStorage

HOURLY = ScheduleInstigatorData(cron_schedule="0 * * * *", start_timestamp=1_700_000_000.5)


def state(origin_id: str, **fields: Any) -> InstigatorState:
    defaults: dict[str, Any] = {
        "instigator_name": f"{origin_id}_schedule",
        "repository_origin_id": "repo",
        "instigator_type": InstigatorType.SCHEDULE,
        "status": InstigatorStatus.RUNNING,
        "data": HOURLY,
    }
    return InstigatorState(origin_id=origin_id, **{**defaults, **fields})


def tick(timestamp: float, origin_id: str = "hourly", **fields: Any) -> TickData:
    defaults: dict[str, Any] = {
        "instigator_name": "hourly_schedule",
        "instigator_type": InstigatorType.SCHEDULE,
        "status": TickStatus.SUCCESS,
    }
    return TickData(instigator_origin_id=origin_id, timestamp=timestamp, **{**defaults, **fields})


def times(ticks: list[InstigatorTick]) -> list[float]:
    return [each.timestamp for each in ticks]


class ScheduleStorageSuite:
    """Override :meth:`store`."""

    @pytest.fixture
    def store(self) -> ScheduleStorage:
        raise NotImplementedError

    # --- states ---

    def test_a_state_is_read_back_as_it_was_added(self, store: ScheduleStorage) -> None:
        sensor = state(
            "files",
            instigator_type=InstigatorType.SENSOR,
            status=InstigatorStatus.DECLARED_IN_CODE,
            data=SensorInstigatorData(
                last_tick_timestamp=3.25, last_run_key="a.csv", min_interval=30, cursor="{'ü': 1}"
            ),
        )

        assert store.add_instigator_state(state("hourly")) == state("hourly")
        assert store.add_instigator_state(sensor) == sensor

        assert store.get_instigator_state("hourly") == state("hourly")
        assert store.get_instigator_state("files") == sensor
        assert store.get_instigator_state("daily") is None

    def test_an_instigator_has_one_state(self, store: ScheduleStorage) -> None:
        store.add_instigator_state(state("hourly"))

        with pytest.raises(
            DagsterInvariantViolationError, match="'hourly_schedule' has a state already"
        ):
            store.add_instigator_state(state("hourly", status=InstigatorStatus.STOPPED))

        assert store.all_instigator_state() == [state("hourly")]

    def test_a_state_is_updated_in_place(self, store: ScheduleStorage) -> None:
        for origin_id in ("hourly", "daily"):
            store.add_instigator_state(state(origin_id))
        stopped = state("hourly", status=InstigatorStatus.STOPPED, data=None)

        assert store.update_instigator_state(stopped) == stopped

        assert store.all_instigator_state() == [stopped, state("daily")]
        assert not stopped.is_running

    def test_only_a_state_that_is_there_is_updated(self, store: ScheduleStorage) -> None:
        with pytest.raises(
            DagsterInvariantViolationError, match="'hourly_schedule' has no state yet"
        ):
            store.update_instigator_state(state("hourly"))

        assert store.all_instigator_state() == []

    def test_a_state_is_deleted_and_its_ticks_stay(self, store: ScheduleStorage) -> None:
        store.add_instigator_state(state("hourly"))
        store.create_tick(tick(1.0))

        store.delete_instigator_state("hourly")
        store.delete_instigator_state("hourly")

        assert store.get_instigator_state("hourly") is None
        assert times(store.get_ticks("hourly")) == [1.0]
        assert store.add_instigator_state(state("hourly")) == state("hourly")

    @pytest.mark.parametrize(
        ("wanted", "expected"),
        [
            ({}, ["a", "b", "c", "d"]),
            ({"repository_origin_id": "repo"}, ["a", "b", "c"]),
            ({"repository_origin_id": "another"}, ["d"]),
            ({"repository_origin_id": "none"}, []),
            ({"instigator_type": InstigatorType.SENSOR}, ["c", "d"]),
            ({"instigator_statuses": {InstigatorStatus.STOPPED}}, ["b"]),
            (
                {"instigator_statuses": [InstigatorStatus.STOPPED, InstigatorStatus.RUNNING]},
                ["a", "b", "d"],
            ),
            ({"instigator_statuses": []}, []),
            (
                {
                    "repository_origin_id": "repo",
                    "instigator_type": InstigatorType.SCHEDULE,
                    "instigator_statuses": {InstigatorStatus.RUNNING},
                },
                ["a"],
            ),
        ],
    )
    def test_states_are_filtered(
        self, store: ScheduleStorage, wanted: dict[str, Any], expected: list[str]
    ) -> None:
        sensor = {"instigator_type": InstigatorType.SENSOR, "data": None}
        store.add_instigator_state(state("a"))
        store.add_instigator_state(state("b", status=InstigatorStatus.STOPPED))
        store.add_instigator_state(state("c", status=InstigatorStatus.DECLARED_IN_CODE, **sensor))
        store.add_instigator_state(state("d", repository_origin_id="another", **sensor))

        found = store.all_instigator_state(**wanted)

        assert [each.origin_id for each in found] == expected

    # --- ticks ---

    def test_a_tick_is_read_back_as_it_was_created(self, store: ScheduleStorage) -> None:
        rich = tick(
            1_700_000_000.25,
            status=TickStatus.FAILURE,
            run_ids=("one", "two"),
            run_keys=("k",),
            error=SerializableErrorInfo("ValueError: no\n", ["line"], "ValueError"),
            skip_reason="nothing new",
            cursor="7",
            failure_count=2,
        )

        created = store.create_tick(rich)

        assert created.tick_data == rich
        assert store.get_ticks("hourly") == [created]

    def test_ticks_have_rising_numbers(self, store: ScheduleStorage) -> None:
        created = [store.create_tick(tick(5.0, origin_id=name)).tick_id for name in "abc"]

        assert created == sorted(set(created))

    def test_the_latest_ticks_come_first(self, store: ScheduleStorage) -> None:
        for timestamp in (2.0, 3.0, 1.0):
            store.create_tick(tick(timestamp))
        store.create_tick(tick(9.0, origin_id="daily"))
        second = store.create_tick(tick(3.0, skip_reason="the same moment"))

        found = store.get_ticks("hourly")

        assert times(found) == [3.0, 3.0, 2.0, 1.0]
        assert found[0] == second
        assert times(store.get_ticks("hourly", limit=2)) == [3.0, 3.0]
        assert store.get_ticks("hourly", limit=0) == []
        assert store.get_ticks("weekly") == []

    @pytest.mark.parametrize(
        ("wanted", "expected"),
        [
            ({"before": 3.0}, [2.0, 1.0]),
            ({"after": 2.0}, [4.0, 3.0]),
            ({"after": 1.0, "before": 4.0}, [3.0, 2.0]),
            ({"statuses": [TickStatus.SKIPPED]}, [4.0, 2.0]),
            ({"statuses": [TickStatus.SKIPPED, TickStatus.SUCCESS], "before": 4.0}, [3.0, 2.0]),
            ({"statuses": []}, []),
            ({"statuses": [TickStatus.SKIPPED], "limit": 1}, [4.0]),
        ],
    )
    def test_ticks_are_filtered(
        self, store: ScheduleStorage, wanted: dict[str, Any], expected: list[float]
    ) -> None:
        statuses = [TickStatus.FAILURE, TickStatus.SKIPPED, TickStatus.SUCCESS, TickStatus.SKIPPED]
        for timestamp, status in enumerate(statuses, 1):
            store.create_tick(tick(float(timestamp), status=status))

        assert times(store.get_ticks("hourly", **wanted)) == expected

    def test_a_tick_is_updated(self, store: ScheduleStorage) -> None:
        begun = store.create_tick(tick(1.0, status=TickStatus.STARTED))
        other = store.create_tick(tick(2.0))
        data = replace(begun.tick_data, status=TickStatus.SUCCESS, run_ids=("r",), timestamp=1.5)

        ended = store.update_tick(replace(begun, tick_data=data))

        assert ended.status is TickStatus.SUCCESS
        assert store.get_ticks("hourly") == [other, ended]
        assert store.get_ticks("hourly", statuses=[TickStatus.STARTED]) == []

    def test_a_purged_tick_is_not_updated_and_gives_its_number_to_no_other(
        self, store: ScheduleStorage
    ) -> None:
        begun = store.create_tick(tick(1.0, status=TickStatus.STARTED))
        store.purge_ticks("hourly", before=2.0)

        with pytest.raises(DagsterInvariantViolationError, match="no tick"):
            store.update_tick(begun)

        assert store.create_tick(tick(1.0)).tick_id > begun.tick_id

    def test_ticks_are_purged_by_time_and_status(self, store: ScheduleStorage) -> None:
        for timestamp, status in ((1.0, TickStatus.SKIPPED), (2.0, TickStatus.SUCCESS)):
            store.create_tick(tick(timestamp, status=status))
            store.create_tick(tick(timestamp, origin_id="daily", status=status))
        store.create_tick(tick(3.0, status=TickStatus.SKIPPED))

        store.purge_ticks("hourly", before=3.0, tick_statuses=[TickStatus.SKIPPED])
        assert times(store.get_ticks("hourly")) == [3.0, 2.0]

        store.purge_ticks("hourly", before=3.0)
        assert times(store.get_ticks("hourly")) == [3.0]
        assert times(store.get_ticks("daily")) == [2.0, 1.0]

    def test_all_is_wiped(self, store: ScheduleStorage) -> None:
        store.add_instigator_state(state("hourly"))
        store.create_tick(tick(1.0))

        store.wipe()

        assert store.all_instigator_state() == []
        assert store.get_ticks("hourly") == []

    def test_a_store_goes_on_after_it_was_closed(self, store: ScheduleStorage) -> None:
        store.add_instigator_state(state("hourly"))

        store.close()
        store.close()

        assert store.get_instigator_state("hourly") == state("hourly")
