"""How every store of events behaves. A test class of a store derives from the suite."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from dagsterlite.errors import ParameterCheckError
from dagsterlite.events.assets import AssetKey
from dagsterlite.events.event_type import STATUS_AFTER, DagsterEventType
from dagsterlite.events.log_entry import RUNLESS, EventLogEntry
from dagsterlite.stores import (
    EventLogRecord,
    EventLogStorage,
    EventRecordsFilter,
    RunShardedEventsCursor,
)
from tests.contracts.entries import (
    event,
    materialization,
    message,
    observation,
    status_event,
    step,
)

Type = DagsterEventType


def entries_of(records: list[EventLogRecord]) -> list[EventLogEntry]:
    return [record.event_log_entry for record in records]


def materialized(**wanted: Any) -> EventRecordsFilter:
    return EventRecordsFilter(event_type=Type.ASSET_MATERIALIZATION, **wanted)


class EventLogStorageSuite:
    """Override :meth:`store`."""

    @pytest.fixture
    def store(self) -> Iterator[EventLogStorage]:
        raise NotImplementedError

    # --- one run's log ---

    def test_entries_come_back_as_they_were_in_the_order_recorded(
        self, store: EventLogStorage
    ) -> None:
        given = [
            status_event("r", 0, Type.PIPELINE_START),
            *step("r", 1),
            message("r", 0, "naïve\n'\"\x00", "s2.compute"),
            replace(message("r", 1), level=40),
            observation("r", 2, "a", "b/c", 'd"e', "f, g"),
            *step("r", 0),
        ]

        store.store_entries(given[:3])
        store.store_entries(given[3:])

        assert store.get_logs_for_run("r") == given
        records = store.get_records_for_run("r")
        assert entries_of(records) == given
        assert [r.storage_id for r in records] == sorted({r.storage_id for r in records})

    def test_recording_any_part_again_changes_nothing(self, store: EventLogStorage) -> None:
        given = step("r", 0) + step("r", 1)
        store.store_entries(given)
        before = store.get_records_for_run("r")
        indexed = store.get_event_records(materialized())

        store.store_entries(given)
        store.store_entries(given[2:5])
        store.store_entries([given[0], given[0], *step("r", 2), given[1]])

        assert store.get_records_for_run("r")[: len(given)] == before
        assert entries_of(store.get_records_for_run("r")) == given + step("r", 2)
        assert store.get_event_records(materialized(), ascending=True)[:2] == indexed[::-1]
        assert len(store.get_event_records(materialized())) == 3

    def test_a_known_entry_is_passed_over_whatever_it_says(self, store: EventLogStorage) -> None:
        store.store_event(message("r", 0, "first"))

        store.store_event(message("r", 0, "second"))

        assert [entry.message for entry in store.get_logs_for_run("r")] == ["first"]

    def test_each_part_of_the_key_tells_entries_apart(self, store: EventLogStorage) -> None:
        first = message("r", 0)
        others = [
            replace(first, seq=1),
            replace(first, attempt_id="b"),
            replace(first, step_key="t.compute"),
            replace(first, step_key=""),
        ]

        store.store_entries([first, *others])
        store.store_event(replace(first, run_id="q"))

        assert store.get_logs_for_run("r") == [first, *others]
        assert len(store.get_logs_for_run("q")) == 1

    def test_one_call_may_hold_entries_of_several_runs(self, store: EventLogStorage) -> None:
        mixed = [e for pair in zip(step("r", 0), step("q", 0), strict=True) for e in pair]

        store.store_entries(mixed)

        assert store.get_logs_for_run("r") == step("r", 0)
        assert store.get_logs_for_run("q") == step("q", 0)

    def test_nothing_given_is_nothing_recorded(self, store: EventLogStorage) -> None:
        store.store_entries([])

        assert store.get_logs_for_run("r") == []
        assert store.get_event_records(materialized()) == []
        assert store.get_asset_keys() == []

    def test_a_reader_goes_on_after_what_it_has_seen(self, store: EventLogStorage) -> None:
        given = step("r", 0) + step("r", 1)
        store.store_entries(given)

        seen: list[EventLogRecord] = []
        while page := store.get_records_for_run(
            "r", after=seen[-1].storage_id if seen else 0, limit=3
        ):
            seen += page

        assert entries_of(seen) == given
        assert store.get_records_for_run("r", after=seen[-1].storage_id) == []
        assert store.get_records_for_run("r", limit=0) == []
        store.store_event(message("r", 9))
        later = store.get_records_for_run("r", after=seen[-1].storage_id)
        assert entries_of(later) == [message("r", 9)]

    def test_a_log_can_be_read_by_types(self, store: EventLogStorage) -> None:
        given = [*step("r", 0), message("r", 0), *step("r", 1)]
        store.store_entries(given)

        types = [Type.STEP_START, Type.STEP_SUCCESS]
        found = store.get_records_for_run("r", of_types=types)

        assert [r.event_log_entry.dagster_event_type for r in found] == [*types, *types]
        assert store.get_records_for_run("r", of_types=types, limit=1) == found[:1]
        after = store.get_records_for_run("r", of_types=iter(types), after=found[1].storage_id)
        assert after == found[2:]
        assert store.get_logs_for_run("r", [Type.STEP_FAILURE]) == []
        assert store.get_logs_for_run("r", []) == []

    @pytest.mark.parametrize(
        "run_id",
        ["../../escaped", "/absolute", "a/b", "..", ".", "%2e%2e", "a\\b", "ü", "index", "x" * 400],
    )
    def test_any_text_may_be_a_run_id(self, store: EventLogStorage, run_id: str) -> None:
        given = step(run_id, 0)

        store.store_entries(given)
        store.store_entries(step("other", 0))

        assert store.get_logs_for_run(run_id) == given
        store.delete_events(run_id)
        assert store.get_logs_for_run(run_id) == []
        assert store.get_logs_for_run("other") == step("other", 0)

    def test_events_may_belong_to_no_run(self, store: EventLogStorage) -> None:
        store.store_event(materialization(RUNLESS, 0, "outside"))

        assert store.has_asset_key(AssetKey("outside"))
        assert store.get_event_records(materialized())[0].run_id == RUNLESS

    # --- across runs ---

    def test_asset_and_status_events_are_found_across_runs(self, store: EventLogStorage) -> None:
        store.store_entries([status_event("r", 0, Type.PIPELINE_START), *step("r", 0)])
        store.store_entries([status_event("q", 0, Type.PIPELINE_START), observation("q", 0)])

        for kind, runs in {
            Type.PIPELINE_START: ["q", "r"],
            Type.ASSET_MATERIALIZATION: ["r"],
            Type.ASSET_OBSERVATION: ["q"],
            Type.PIPELINE_SUCCESS: [],
        }.items():
            newest_first = store.get_event_records(EventRecordsFilter(event_type=kind))
            assert [record.run_id for record in newest_first] == runs

    @pytest.mark.parametrize("kind", list(STATUS_AFTER))
    def test_each_status_event_is_found(self, store: EventLogStorage, kind: Type) -> None:
        given = status_event("r", 0, kind)

        store.store_event(given)

        found = store.get_event_records(EventRecordsFilter(event_type=kind))
        assert entries_of(found) == [given]

    def test_other_events_cannot_be_asked_for_across_runs(self) -> None:
        with pytest.raises(ParameterCheckError, match="STEP_OUTPUT"):
            EventRecordsFilter(event_type=Type.STEP_OUTPUT)

    def test_all_given_filters_must_hold(self, store: EventLogStorage) -> None:
        given = [
            materialization("r", 0, "sales", partition="mon", timestamp=10.0),
            materialization("r", 1, "sales", partition="tue", timestamp=20.0),
            materialization("r", 2, "costs", partition="mon", timestamp=30.0),
            materialization("r", 3, "sales", timestamp=40.0),
        ]
        store.store_entries(given)
        ids = [r.storage_id for r in store.get_event_records(materialized(), ascending=True)]
        sales = AssetKey("sales")

        def found(**wanted: Any) -> list[int]:
            records = store.get_event_records(materialized(**wanted), ascending=True)
            return [record.event_log_entry.seq for record in records]

        assert found(asset_key=sales) == [0, 1, 3]
        assert found(asset_key=AssetKey(["sales", "x"])) == []
        assert found(asset_partitions=["mon"]) == [0, 2]
        assert found(asset_partitions=["mon", "tue"], asset_key=sales) == [0, 1]
        assert found(asset_partitions=[]) == []
        assert found(after_cursor=ids[1]) == [2, 3]
        assert found(before_cursor=ids[1]) == [0]
        assert found(after_cursor=ids[0], before_cursor=ids[3]) == [1, 2]
        sharded = RunShardedEventsCursor(id=ids[1], run_updated_after=datetime.now(UTC))
        assert found(after_cursor=sharded) == [2, 3]
        assert found(before_cursor=sharded) == [0]
        assert found(after_timestamp=20.0) == [2, 3]
        assert found(before_timestamp=20.0) == [0]
        assert found(after_timestamp=10.0, before_timestamp=40.0, asset_key=sales) == [1]

    def test_events_of_some_jobs_are_found_in_their_order(self, store: EventLogStorage) -> None:
        names = {"a": "flights", "b": "trains", "c": "flights", "d": "ships", "e": "trains"}
        for run_id, name in names.items():
            store.store_event(replace(status_event(run_id, 0, Type.RUN_START), job_name=name))

        def found(*names: str, **wanted: Any) -> list[str]:
            begun = EventRecordsFilter(Type.RUN_START, job_names=names, **wanted)
            return [
                "".join(r.run_id for r in store.get_event_records(begun, limit, ascending=upwards))
                for limit, upwards in ((None, False), (None, True), (2, False), (2, True))
            ]

        ids = [r.storage_id for r in store.get_event_records(EventRecordsFilter(Type.RUN_START))]
        assert found("flights") == ["ca", "ac", "ca", "ac"]
        assert found("trains", "flights") == ["ecba", "abce", "ec", "ab"]
        assert found("flights", "flights") == ["ca", "ac", "ca", "ac"]
        assert found("boats") == found() == [""] * 4
        assert found("ships", "flights", before_cursor=ids[1])[0] == "ca"
        assert found("ships", "flights", after_cursor=ids[3])[0] == "dc"
        assert found("ships", after_timestamp=1000.0) == [""] * 4

    def test_records_across_runs_are_read_in_pages_both_ways(self, store: EventLogStorage) -> None:
        for run_id in ("r", "q", "p"):
            store.store_entries([materialization(run_id, seq) for seq in range(3)])
        whole = store.get_event_records(materialized(), ascending=True)

        upwards: list[EventLogRecord] = []
        while page := store.get_event_records(
            materialized(after_cursor=upwards[-1].storage_id if upwards else None),
            limit=2,
            ascending=True,
        ):
            upwards += page
        downwards: list[EventLogRecord] = []
        while page := store.get_event_records(
            materialized(before_cursor=downwards[-1].storage_id if downwards else None), limit=4
        ):
            downwards += page

        assert [r.run_id for r in whole] == ["r"] * 3 + ["q"] * 3 + ["p"] * 3
        assert upwards == whole == downwards[::-1]
        assert store.get_event_records(materialized(), limit=0) == []

    def test_a_record_tells_run_time_asset_and_partition(self, store: EventLogStorage) -> None:
        store.store_event(materialization("r", 0, "a", "b", partition="mon", timestamp=12.5))

        (record,) = store.get_event_records(materialized())

        assert (record.run_id, record.timestamp) == ("r", 12.5)
        assert (record.asset_key, record.partition_key) == (AssetKey(["a", "b"]), "mon")

    # --- assets ---

    def test_asset_keys_are_sorted_by_their_text_and_each_comes_once(
        self, store: EventLogStorage
    ) -> None:
        paths = [("b",), ("a", "z"), ("a",), ("a, b",), ('a"',), ("é",), ("A",), ("a", "b", "c")]
        for seq, path in enumerate(paths + paths):
            store.store_event(materialization("r", seq, *path))
        store.store_event(observation("q", 0, "seen"))

        keys = store.get_asset_keys()

        texts = [key.to_string() for key in keys]
        assert texts == sorted(texts)
        assert set(keys) == {AssetKey(path) for path in [*paths, ("seen",)]}
        assert len(keys) == len(paths) + 1

    def test_asset_keys_are_filtered_by_prefix_and_read_in_pages(
        self, store: EventLogStorage
    ) -> None:
        paths = [("a",), ("a", "b"), ("a", "b", "c"), ("a", "c"), ("ab",), ('a"', "b"), ("b",)]
        store.store_entries([materialization("r", n, *path) for n, path in enumerate(paths)])

        def found(*prefix: str) -> set[tuple[str, ...]]:
            return {key.parts for key in store.get_asset_keys(list(prefix))}

        assert found("a") == {("a",), ("a", "b"), ("a", "b", "c"), ("a", "c")}
        assert found("a", "b") == {("a", "b"), ("a", "b", "c")}
        assert found('a"') == {('a"', "b")}
        assert found("nothing") == set()
        assert found() == set(paths)

        pages: list[AssetKey] = []
        while page := store.get_asset_keys(
            ["a"], limit=3, cursor=pages[-1].to_string() if pages else None
        ):
            pages += page
        assert pages == store.get_asset_keys(["a"])
        assert store.get_asset_keys(limit=0) == []
        assert store.get_asset_keys(cursor=AssetKey("b").to_string()) == []

    def test_an_asset_is_known_while_an_event_speaks_of_it(self, store: EventLogStorage) -> None:
        store.store_event(materialization("r", 0, "a"))
        store.store_event(observation("q", 0, "a"))

        assert store.has_asset_key(AssetKey("a"))
        assert not store.has_asset_key(AssetKey("b"))
        store.delete_events("r")
        assert store.has_asset_key(AssetKey("a"))
        store.delete_events("q")
        assert not store.has_asset_key(AssetKey("a"))
        assert store.get_asset_keys() == []

    def test_the_last_record_of_each_asset_is_found(self, store: EventLogStorage) -> None:
        a, b, c = (AssetKey(name) for name in "abc")
        store.store_entries([materialization("r", n, name) for n, name in enumerate("aab")])
        store.store_entries([observation("q", 0, "a"), materialization("q", 1, "b")])
        newest = store.get_event_records(materialized())

        written = store.get_latest_records(Type.ASSET_MATERIALIZATION, [c, b, a, b])

        assert list(written) == [b, a]
        assert written[b] == newest[0]
        assert written[a].event_log_entry == materialization("r", 1, "a")
        observed = store.get_latest_records(Type.ASSET_OBSERVATION, [a, b])
        assert entries_of(list(observed.values())) == [observation("q", 0, "a")]
        assert store.get_latest_records(Type.ASSET_MATERIALIZATION, []) == {}

    def test_the_last_records_of_many_assets_are_found(self, store: EventLogStorage) -> None:
        keys = [AssetKey(["table", str(number)]) for number in range(1_200)]
        given = [materialization("r", n, *key.parts) for n, key in enumerate(keys)]
        store.store_entries(given)

        found = store.get_latest_records(Type.ASSET_MATERIALIZATION, keys)

        assert list(found) == keys
        assert entries_of(list(found.values())) == given

    def test_the_written_partitions_of_an_asset_are_found(self, store: EventLogStorage) -> None:
        names = ["mon", "tue", "mon", None]
        store.store_entries(
            [materialization("r", n, "a", partition=name) for n, name in enumerate(names)]
        )
        store.store_event(materialization("r", 9, "b", partition="wed"))
        ids = [r.storage_id for r in store.get_event_records(materialized(), ascending=True)]

        assert store.get_materialized_partitions(AssetKey("a")) == {"mon": ids[2], "tue": ids[1]}
        assert store.get_materialized_partitions(AssetKey("c")) == {}

    def test_a_wiped_asset_is_unknown_until_it_is_written_again(
        self, store: EventLogStorage
    ) -> None:
        given = [materialization("r", 0, "a"), observation("r", 1, "a"), materialization("r", 2)]
        store.store_entries(given)

        store.wipe_asset(AssetKey("a"), 2000.0)
        store.wipe_asset(AssetKey("a"), 2001.0)
        store.wipe_asset(AssetKey("nothing"), 2000.0)

        assert not store.has_asset_key(AssetKey("a"))
        assert store.get_asset_keys() == [AssetKey("sales")]
        assert entries_of(store.get_event_records(materialized())) == [given[2]]
        assert store.get_logs_for_run("r") == given
        store.store_event(materialization("q", 0, "a", timestamp=3000.0))
        assert store.has_asset_key(AssetKey("a"))

    def test_what_is_recorded_once_more_does_not_bring_a_wiped_asset_back(
        self, store: EventLogStorage
    ) -> None:
        given = [materialization("r", 0, "a"), observation("r", 1, "a")]
        store.store_entries(given)
        store.wipe_asset(AssetKey("a"), 2000.0)

        store.store_entries(given)
        assert not store.has_asset_key(AssetKey("a"))

        # The clock of the machine that it comes from is late.
        late = materialization("r", 2, "a")
        store.store_entries([*given, late])
        assert entries_of(store.get_event_records(materialized())) == [late]

    # --- dynamic partitions ---

    def test_dynamic_partitions_are_kept_once_in_the_order_added(
        self, store: EventLogStorage
    ) -> None:
        store.add_dynamic_partitions("days", ["tue", "mon", "tue"])
        store.add_dynamic_partitions("days", ["wed", "mon", "A", "a"])
        store.add_dynamic_partitions("cities", ["ulm"])
        store.add_dynamic_partitions("cities", [])

        assert store.get_dynamic_partitions("days") == ["tue", "mon", "wed", "A", "a"]
        assert store.get_dynamic_partitions("cities") == ["ulm"]
        assert store.get_dynamic_partitions("nothing") == []
        assert store.has_dynamic_partition("days", "mon")
        assert not store.has_dynamic_partition("days", "ulm")

    def test_a_deleted_partition_is_gone_and_may_come_again(self, store: EventLogStorage) -> None:
        store.add_dynamic_partitions("days", ["mon", "tue"])

        store.delete_dynamic_partition("days", "mon")
        store.delete_dynamic_partition("days", "mon")
        store.delete_dynamic_partition("nothing", "mon")

        assert store.get_dynamic_partitions("days") == ["tue"]
        assert not store.has_dynamic_partition("days", "mon")
        store.add_dynamic_partitions("days", ["mon"])
        assert store.get_dynamic_partitions("days") == ["tue", "mon"]

    # --- waiting ---

    def test_waiting_for_events_ends_in_time_without_any(self, store: EventLogStorage) -> None:
        store.wait_for_events(0.01)

        assert store.get_logs_for_run("r") == []

    # --- deleting ---

    def test_deleted_events_are_gone_from_the_log_and_across_runs(
        self, store: EventLogStorage
    ) -> None:
        store.store_entries([*step("r", 0), *step("q", 1)])

        store.delete_events("r")
        store.delete_events("r")
        store.delete_events("nobody")

        assert store.get_logs_for_run("r") == []
        assert [r.run_id for r in store.get_event_records(materialized())] == ["q"]
        assert store.get_asset_keys() == [AssetKey(["table", "1"])]

    def test_a_cursor_across_runs_is_never_used_again(self, store: EventLogStorage) -> None:
        store.store_entries(step("r", 0))
        (before,) = store.get_event_records(materialized())

        store.delete_events("r")
        store.store_entries(step("r", 0))

        (after,) = store.get_event_records(materialized())
        assert after.storage_id > before.storage_id

    # --- threads ---

    def test_threads_may_share_a_store(self, store: EventLogStorage) -> None:
        gate = threading.Barrier(6)
        errors: list[BaseException] = []

        def write(number: int) -> None:
            try:
                gate.wait()
                for n in range(10):
                    store.store_entries(step("shared", number * 10 + n))
                    store.store_entries(step(f"own{number}", n))
                    store.get_records_for_run("shared", limit=3)
            except BaseException as exc:  # noqa: BLE001 - handed to the test's thread
                errors.append(exc)

        threads = [threading.Thread(target=write, args=(number,)) for number in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert errors == []
        shared = store.get_logs_for_run("shared")
        assert {e.key for e in shared} == {e.key for n in range(60) for e in step("shared", n)}
        assert len(store.get_event_records(materialized())) == 120

    def test_closing_twice_is_allowed(self, store: EventLogStorage) -> None:
        store.store_event(event("r", 0, Type.STEP_START))
        store.close()
        store.close()
