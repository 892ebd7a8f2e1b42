"""How every store of runs behaves. A test class of a store derives from the suite."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from dagsterlite.errors import DagsterRunAlreadyExists, DagsterRunNotFoundError
from dagsterlite.runs import (
    ALLOWED_TRANSITIONS,
    BACKFILL_TAG,
    CANCELABLE_STATUSES,
    FINISHED_STATUSES,
    DagsterRun,
    DagsterRunStatus,
    LeaseState,
    RunRecord,
    RunsFilter,
    sources_of,
)
from dagsterlite.stores import OrderColumn, RunStorage

Status = DagsterRunStatus
ANY = frozenset(Status)


class Clock:
    """Unix seconds that stand still until they are moved."""

    def __init__(self) -> None:
        self.now = 1_700_000_000.25

    def __call__(self) -> float:
        return self.now


def run(run_id: str, status: Status = Status.NOT_STARTED, **fields: Any) -> DagsterRun:
    fields.setdefault("pipeline_name", "flights")
    return DagsterRun(run_id=run_id, status=status, **fields)


def ids(records: list[RunRecord]) -> list[str]:
    return [record.dagster_run.run_id for record in records]


def status_of(store: RunStorage, run_id: str) -> Status:
    record = store.get_run_record_by_id(run_id)
    assert record is not None
    return record.dagster_run.status


class RunStorageSuite:
    """Override :meth:`store`; let it pass ``clock`` to the store."""

    @pytest.fixture
    def clock(self) -> Clock:
        return Clock()

    @pytest.fixture
    def store(self, clock: Clock) -> Iterator[RunStorage]:
        raise NotImplementedError

    # --- adding and finding ---

    def test_a_run_comes_back_as_it_was_added(self, store: RunStorage, clock: Clock) -> None:
        given = run(
            "one",
            Status.QUEUED,
            run_config={"solids": {"load": {"config": {"url": "é\n'\"", "__record__": "mine"}}}},
            mode="prod",
            solid_selection=("*load", "check+"),
            solids_to_execute=frozenset({"load", "check"}),
            step_keys_to_execute=("load.compute",),
            tags={"team": "data", "dagster/priority": "3"},
            root_run_id="root",
            parent_run_id="parent",
            pipeline_snapshot_id="p1",
            execution_plan_snapshot_id="e1",
            external_pipeline_origin={"file": "flights.py"},
        )

        added = store.add_run(given)
        found = store.get_run_record_by_id("one")

        assert found == added
        assert added.dagster_run == given
        assert added.create_timestamp == datetime.fromtimestamp(clock.now, UTC)
        assert added.update_timestamp == added.create_timestamp
        assert (added.start_time, added.end_time, added.driver_id) == (None, None, None)
        assert not added.cancel_requested

    def test_a_taken_run_id_is_refused_and_the_first_run_stays(self, store: RunStorage) -> None:
        store.add_run(run("one", mode="first"))

        with pytest.raises(DagsterRunAlreadyExists, match="'one'"):
            store.add_run(run("one", mode="second"))

        record = store.get_run_record_by_id("one")
        assert record is not None
        assert record.dagster_run.mode == "first"

    def test_an_unknown_run_is_none(self, store: RunStorage) -> None:
        assert store.get_run_record_by_id("nobody") is None
        assert store.get_run_records() == []
        assert store.get_runs_count() == 0

    @pytest.mark.parametrize(
        "run_id", ["", "../../up", "a/b", "ü'; DROP TABLE runs; --", "x" * 500]
    )
    def test_any_text_may_be_a_run_id(self, store: RunStorage, run_id: str) -> None:
        store.add_run(run(run_id))

        assert ids(store.get_run_records(RunsFilter(run_ids=[run_id]))) == [run_id]

    def test_the_instance_id_does_not_change(self, store: RunStorage) -> None:
        assert store.instance_id
        assert store.instance_id == store.instance_id

    # --- filters ---

    @pytest.fixture
    def filled(self, store: RunStorage, clock: Clock) -> RunStorage:
        tags = [{"team": "data"}, {"team": "ops", "day": "1"}, {"day": "1"}, {}]
        statuses = [Status.QUEUED, Status.STARTED, Status.SUCCESS, Status.QUEUED]
        for number, (run_tags, status) in enumerate(zip(tags, statuses, strict=True)):
            clock.now += 10
            name = "flights" if number < 2 else "trains"
            snapshot = f"p{number}"
            store.add_run(
                run(
                    f"r{number}",
                    status,
                    tags=run_tags,
                    pipeline_name=name,
                    pipeline_snapshot_id=snapshot,
                )
            )
        return store

    @pytest.mark.parametrize(
        ("wanted", "expected"),
        [
            (None, ["r3", "r2", "r1", "r0"]),
            (RunsFilter(), ["r3", "r2", "r1", "r0"]),
            (RunsFilter(run_ids=["r2", "r0", "nobody"]), ["r2", "r0"]),
            (RunsFilter(run_ids=[]), []),
            (RunsFilter(job_name="trains"), ["r3", "r2"]),
            (RunsFilter(job_name=""), ["r3", "r2", "r1", "r0"]),
            (RunsFilter(statuses=[Status.QUEUED]), ["r3", "r0"]),
            (RunsFilter(statuses=[Status.STARTED, Status.SUCCESS]), ["r2", "r1"]),
            (RunsFilter(statuses=[]), ["r3", "r2", "r1", "r0"]),
            (RunsFilter(tags={"team": "data"}), ["r0"]),
            (RunsFilter(tags={"team": ["data", "ops"]}), ["r1", "r0"]),
            (RunsFilter(tags={"day": "1", "team": "ops"}), ["r1"]),
            (RunsFilter(tags={"day": "2"}), []),
            (RunsFilter(tags={"day": []}), []),
            (RunsFilter(tags={}), ["r3", "r2", "r1", "r0"]),
            (RunsFilter(snapshot_id="p3"), ["r3"]),
            (RunsFilter(job_name="flights", statuses=[Status.QUEUED]), ["r0"]),
        ],
    )
    def test_all_given_filters_must_hold(
        self, filled: RunStorage, wanted: RunsFilter | None, expected: list[str]
    ) -> None:
        assert ids(filled.get_run_records(wanted)) == expected
        assert filled.get_runs_count(wanted) == len(expected)

    def test_runs_are_filtered_by_creation_and_by_change(
        self, filled: RunStorage, clock: Clock
    ) -> None:
        r1 = filled.get_run_record_by_id("r1")
        assert r1 is not None
        moment = r1.create_timestamp

        assert ids(filled.get_run_records(RunsFilter(created_before=moment))) == ["r0"]
        assert ids(filled.get_run_records(RunsFilter(updated_after=moment))) == ["r3", "r2"]

        clock.now += 10
        filled.add_run_tags("r0", {"seen": "yes"})
        assert ids(filled.get_run_records(RunsFilter(updated_after=moment))) == ["r3", "r2", "r0"]

    def test_a_moment_without_a_zone_is_utc_and_other_zones_are_understood(
        self, filled: RunStorage
    ) -> None:
        r2 = filled.get_run_record_by_id("r2")
        assert r2 is not None
        naive = r2.create_timestamp.replace(tzinfo=None)
        tokyo = r2.create_timestamp.astimezone(tz=None) + timedelta(microseconds=1)

        assert ids(filled.get_run_records(RunsFilter(created_before=naive))) == ["r1", "r0"]
        assert ids(filled.get_run_records(RunsFilter(created_before=tokyo))) == ["r2", "r1", "r0"]

    def test_runs_of_backfills_can_be_left_out(self, filled: RunStorage) -> None:
        filled.add_run_tags("r2", {BACKFILL_TAG: "b1"})

        assert ids(filled.get_run_records(RunsFilter(exclude_subruns=True))) == ["r3", "r1", "r0"]
        assert filled.get_runs_count(RunsFilter(exclude_subruns=False)) == 4

    # --- order and pages ---

    def test_runs_come_newest_first_unless_told_otherwise(self, filled: RunStorage) -> None:
        assert ids(filled.get_run_records(limit=2)) == ["r3", "r2"]
        assert ids(filled.get_run_records(limit=2, ascending=True)) == ["r0", "r1"]
        assert filled.get_run_records(limit=0) == []

    @pytest.mark.parametrize("ascending", [True, False])
    @pytest.mark.parametrize(
        "order_by", ["id", "create_timestamp", "update_timestamp", "start_time", "end_time"]
    )
    def test_pages_hold_each_run_once_in_order(
        self, store: RunStorage, order_by: OrderColumn, ascending: bool
    ) -> None:
        times = {"a": 30.0, "b": 10.0, "c": None, "d": 10.0, "e": None, "f": 20.0}
        for run_id, time in times.items():
            store.add_run(run(run_id))
            if time is not None:
                store.change_status(run_id, Status.STARTED, expected=ANY, timestamp=time)
                store.change_status(run_id, Status.SUCCESS, expected=ANY, timestamp=time + 1)

        whole = store.get_run_records(order_by=order_by, ascending=ascending)
        pages: list[RunRecord] = []
        while page := store.get_run_records(
            None, 2, order_by, ascending=ascending, cursor=ids(pages)[-1] if pages else None
        ):
            pages += page

        assert pages == whole
        if order_by in {"start_time", "end_time"}:
            expected = ["c", "e", "b", "d", "f", "a"]
            assert ids(whole) == (expected if ascending else expected[::-1])

    def test_a_cursor_that_is_gone_is_an_error_not_an_end(self, filled: RunStorage) -> None:
        filled.delete_run("r2")

        with pytest.raises(DagsterRunNotFoundError, match="'r2'"):
            filled.get_run_records(cursor="r2")

    def test_a_cursor_counts_also_where_it_does_not_pass_the_filter(
        self, filled: RunStorage
    ) -> None:
        wanted = RunsFilter(statuses=[Status.QUEUED])

        assert ids(filled.get_run_records(wanted, cursor="r2")) == ["r0"]

    # --- status ---

    @pytest.mark.parametrize("before", list(Status))
    @pytest.mark.parametrize("after", list(Status))
    def test_a_status_changes_only_from_what_is_expected(
        self, store: RunStorage, before: Status, after: Status
    ) -> None:
        store.add_run(run("one", before))

        changed = store.change_status("one", after, expected=sources_of(after), timestamp=5.0)

        assert changed == (after in ALLOWED_TRANSITIONS[before])
        assert status_of(store, "one") is (after if changed else before)

    def test_a_terminal_status_never_changes_whatever_is_expected(self, store: RunStorage) -> None:
        for status in FINISHED_STATUSES:
            store.add_run(run(status.value, status))

            assert not store.change_status(
                status.value, Status.STARTED, expected=ANY, timestamp=5.0
            )
            assert not store.request_cancel(status.value)
            assert status_of(store, status.value) is status

    def test_a_change_of_status_sets_times(self, store: RunStorage, clock: Clock) -> None:
        added = store.add_run(run("one"))
        clock.now += 1

        store.change_status("one", Status.STARTED, expected=ANY, timestamp=5.5)
        started = store.get_run_record_by_id("one")
        store.change_status("one", Status.FAILURE, expected=ANY, timestamp=7.25)
        ended = store.get_run_record_by_id("one")

        assert started is not None
        assert ended is not None
        assert (started.start_time, started.end_time) == (5.5, None)
        assert (ended.start_time, ended.end_time) == (5.5, 7.25)
        assert ended.create_timestamp == added.create_timestamp
        assert ended.update_timestamp == added.create_timestamp + timedelta(seconds=1)

    def test_a_change_that_is_refused_leaves_the_record_alone(
        self, store: RunStorage, clock: Clock
    ) -> None:
        added = store.add_run(run("one", Status.QUEUED))
        clock.now += 1

        assert not store.change_status(
            "one", Status.SUCCESS, expected=[Status.STARTED], timestamp=5.0
        )
        assert not store.change_status("one", Status.SUCCESS, expected=(), timestamp=5.0)
        assert store.get_run_record_by_id("one") == added

    def test_of_many_who_change_a_status_one_wins(self, store: RunStorage) -> None:
        store.add_run(run("one", Status.QUEUED))
        wins: list[bool] = []
        gate = threading.Barrier(8)

        def take() -> None:
            gate.wait()
            wins.append(
                store.change_status("one", Status.STARTING, expected=[Status.QUEUED], timestamp=5.0)
            )

        threads = [threading.Thread(target=take) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert sorted(wins) == [False] * 7 + [True]

    # --- tags ---

    def test_tags_are_added_over_those_there(self, store: RunStorage) -> None:
        store.add_run(run("one", tags={"a": "1", "b": "2"}))

        store.add_run_tags("one", {"b": "3", "c": "4"})

        record = store.get_run_record_by_id("one")
        assert record is not None
        assert record.dagster_run.tags == {"a": "1", "b": "3", "c": "4"}
        assert store.get_runs_count(RunsFilter(tags={"b": "3", "a": "1"})) == 1
        assert store.get_runs_count(RunsFilter(tags={"b": "2"})) == 0

    def test_tags_keep_the_status(self, store: RunStorage) -> None:
        store.add_run(run("one"))
        store.change_status("one", Status.STARTED, expected=ANY, timestamp=5.0)

        store.add_run_tags("one", {"a": "1"})

        assert status_of(store, "one") is Status.STARTED

    # --- cancel ---

    @pytest.mark.parametrize("status", list(Status))
    def test_only_a_cancelable_run_is_marked(self, store: RunStorage, status: Status) -> None:
        store.add_run(run("one", status))

        asked = store.request_cancel("one")

        record = store.get_run_record_by_id("one")
        assert record is not None
        assert asked is record.cancel_requested is (status in CANCELABLE_STATUSES)
        assert record.dagster_run.status is (Status.CANCELING if asked else status)

    def test_the_driver_learns_that_it_should_stop(self, store: RunStorage) -> None:
        store.add_run(run("one", Status.STARTED))
        store.acquire_lease("one", "me", seconds=10, now=100)

        before = store.read_lease("one", "me")
        store.request_cancel("one")

        asked = LeaseState(held=True, cancel_requested=True)
        assert before == LeaseState(held=True, cancel_requested=False)
        assert store.read_lease("one", "me") == asked
        assert store.renew_lease("one", "me", seconds=10, now=101) == asked

    # --- leases ---

    def test_a_run_is_owned_by_one_driver(self, store: RunStorage) -> None:
        store.add_run(run("one"))

        assert store.acquire_lease("one", "me", seconds=10, now=100)
        assert not store.acquire_lease("one", "you", seconds=10, now=105)
        assert store.acquire_lease("one", "me", seconds=10, now=106)
        assert store.read_lease("one", "me").held
        assert not store.read_lease("one", "you").held
        record = store.get_run_record_by_id("one")
        assert record is not None
        assert (record.driver_id, record.lease_until, record.heartbeat) == ("me", 116, 106)

    def test_an_expired_lease_may_be_taken_over(self, store: RunStorage) -> None:
        store.add_run(run("one"))
        store.acquire_lease("one", "me", seconds=10, now=100)

        assert not store.acquire_lease("one", "you", seconds=10, now=110)
        assert store.acquire_lease("one", "you", seconds=10, now=110.5)
        assert not store.renew_lease("one", "me", seconds=10, now=111).held
        record = store.get_run_record_by_id("one")
        assert record is not None
        assert (record.driver_id, record.lease_until) == ("you", 120.5)

    def test_a_driver_may_renew_late_while_nobody_took_over(self, store: RunStorage) -> None:
        store.add_run(run("one", Status.STARTED))
        store.acquire_lease("one", "me", seconds=10, now=100)
        lost = store.get_run_record_by_id("one")
        assert lost is not None
        assert lost.is_lost(200)

        assert store.renew_lease("one", "me", seconds=10, now=200).held

        record = store.get_run_record_by_id("one")
        assert record is not None
        assert not record.is_lost(205)
        assert (record.lease_until, record.heartbeat) == (210, 200)

    def test_the_end_of_a_run_ends_its_lease(self, store: RunStorage) -> None:
        store.add_run(run("one", Status.STARTED))
        store.acquire_lease("one", "me", seconds=10, now=100)

        store.change_status("one", Status.SUCCESS, expected=ANY, timestamp=101)

        assert not store.read_lease("one", "me").held
        assert not store.renew_lease("one", "me", seconds=10, now=102).held
        assert not store.acquire_lease("one", "me", seconds=10, now=103)
        record = store.get_run_record_by_id("one")
        assert record is not None
        assert record.lease_until is None

    def test_a_run_that_is_gone_is_held_by_nobody(self, store: RunStorage) -> None:
        nobody = LeaseState(held=False, cancel_requested=False)
        store.add_run(run("one"))
        store.acquire_lease("one", "me", seconds=10, now=100)
        store.delete_run("one")

        assert store.read_lease("one", "me") == nobody
        assert store.renew_lease("one", "me", seconds=10, now=101) == nobody

    def test_a_lease_does_not_count_as_a_change_of_the_run(
        self, store: RunStorage, clock: Clock
    ) -> None:
        added = store.add_run(run("one"))
        clock.now += 5

        store.acquire_lease("one", "me", seconds=10, now=100)
        store.renew_lease("one", "me", seconds=10, now=101)

        record = store.get_run_record_by_id("one")
        assert record is not None
        assert record.update_timestamp == added.update_timestamp

    # --- what is not there ---

    def test_an_unknown_run_is_an_error_where_it_must_be_there(self, store: RunStorage) -> None:
        with pytest.raises(DagsterRunNotFoundError, match="'nobody'"):
            store.change_status("nobody", Status.STARTED, expected=ANY, timestamp=1)
        with pytest.raises(DagsterRunNotFoundError):
            store.add_run_tags("nobody", {"a": "1"})
        with pytest.raises(DagsterRunNotFoundError):
            store.request_cancel("nobody")
        with pytest.raises(DagsterRunNotFoundError):
            store.acquire_lease("nobody", "me", seconds=10, now=1)

    def test_a_deleted_run_is_gone_with_its_tags_and_its_id_is_free(
        self, store: RunStorage
    ) -> None:
        first = store.add_run(run("one", tags={"a": "1"}))
        store.add_run(run("two"))

        store.delete_run("one")
        store.delete_run("one")

        assert store.get_run_record_by_id("one") is None
        assert store.get_runs_count(RunsFilter(tags={"a": "1"})) == 0
        again = store.add_run(run("one"))
        assert again.dagster_run.tags == {}
        assert again.storage_id > first.storage_id

    def test_the_storage_id_of_a_deleted_run_is_not_used_again(self, store: RunStorage) -> None:
        first = store.add_run(run("one"))
        store.delete_run("one")

        assert store.add_run(run("two")).storage_id > first.storage_id

    # --- snapshots ---

    def test_a_snapshot_is_kept_once(self, store: RunStorage) -> None:
        store.add_snapshot("s1", "pipeline", "{}")
        store.add_snapshot("s1", "pipeline", "another")

        assert store.get_snapshot("s1") == "{}"
        assert store.get_snapshot("s2") is None

    def test_snapshots_go_with_the_last_run_that_refers_to_them(self, store: RunStorage) -> None:
        store.add_run(run("one", pipeline_snapshot_id="p", execution_plan_snapshot_id="e1"))
        store.add_run(run("two", pipeline_snapshot_id="p", execution_plan_snapshot_id="e2"))
        for name in ("p", "e1", "e2", "other"):
            store.add_snapshot(name, "pipeline", "{}")

        store.delete_run("one")
        after_one = [name for name in ("p", "e1", "e2") if store.get_snapshot(name)]
        store.delete_run("two")
        after_two = [name for name in ("p", "e1", "e2", "other") if store.get_snapshot(name)]

        assert after_one == ["p", "e2"]
        assert after_two == ["other"]

    def test_closing_twice_is_allowed(self, store: RunStorage) -> None:
        store.close()
        store.close()

    # --- objects of other runs ---

    def test_objects_that_no_other_run_refers_to_are_let_go(self, store: RunStorage) -> None:
        store.add_references("child", ["a", "b"])
        store.add_references("child", ["b"])
        store.add_references("other", ["b"])
        store.add_references("nothing", [])

        assert store.release_objects("parent", ["a", "b", "c", "c"]) == ["c"]
        assert store.release_objects("child", []) == ["a"]
        assert store.release_objects("other", ["d"]) == ["d", "b"]

    def test_what_is_let_go_is_told_again_until_its_run_is_deleted(self, store: RunStorage) -> None:
        store.add_references("child", ["a", "b"])
        store.add_references("other", ["b"])
        store.release_objects("parent", ["a", "b"])

        assert store.release_objects("parent", ["a", "b"]) == []
        assert store.release_objects("child", ["c"]) == ["c", "a"]
        assert store.release_objects("child", ["c"]) == ["c", "a"]
        store.delete_run("child")
        assert store.release_objects("child", []) == []
        assert store.release_objects("other", []) == ["b"]

    def test_the_references_of_a_deleted_run_hold_nothing(self, store: RunStorage) -> None:
        store.add_references("child", ["a"])
        store.delete_run("child")
        assert store.release_objects("parent", ["a"]) == ["a"]

    def test_what_lies_in_a_run_that_stays_is_not_let_go(self, store: RunStorage) -> None:
        store.add_references("child", ["a"])

        assert store.release_objects("child", []) == []
        assert store.release_objects("parent", ["a"]) == ["a"]

    def test_what_is_referred_to_after_its_run_is_gone_is_let_go_in_the_end(
        self, store: RunStorage
    ) -> None:
        store.add_references("child", ["a"])
        store.release_objects("parent", ["a"])
        store.add_references("grandchild", ["a"])

        assert store.release_objects("child", []) == []
        assert store.release_objects("grandchild", []) == ["a"]

    def test_many_objects_are_let_go_at_once(self, store: RunStorage) -> None:
        addresses = [f"object {number}" for number in range(2_000)]
        store.add_references("child", addresses[1:])

        assert store.release_objects("parent", addresses) == addresses[:1]
        assert sorted(store.release_objects("child", [])) == sorted(addresses[1:])
