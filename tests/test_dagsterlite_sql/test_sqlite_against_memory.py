"""Random calls: SQLite answers as the stores in memory do."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from dagsterlite.errors import DagsterError
from dagsterlite.events.assets import AssetKey
from dagsterlite.events.event_type import DagsterEventType
from dagsterlite.events.log_entry import EventLogEntry
from dagsterlite.memory import InMemoryEventLogStorage, InMemoryRunStorage
from dagsterlite.runs import DagsterRun, DagsterRunStatus, RunsFilter, from_unix
from dagsterlite.stores import EventRecordsFilter
from dagsterlite_sql.sqlite_events import SqliteEventLogStorage
from dagsterlite_sql.sqlite_runs import SqliteRunStorage
from tests.contracts.entries import materialization, message, observation, status_event
from tests.contracts.run_storage import Clock

Type = DagsterEventType
RUN_IDS = st.sampled_from(["r", "q", "R/..", ""])
STATUSES = st.sampled_from(list(DagsterRunStatus))
NAMES = st.sampled_from(["a", "b", 'a"', "a, b", "é"])
TAGS = st.dictionaries(NAMES, st.sampled_from(["1", "2", ""]), max_size=3)
TIMES = st.one_of(st.none(), st.integers(0, 30).map(lambda n: from_unix(Clock().now + n)))
LIMITS = st.one_of(st.none(), st.integers(0, 3))
DRIVERS = st.sampled_from(["me", "you"])

FILTERS = st.builds(
    RunsFilter,
    run_ids=st.one_of(st.none(), st.lists(RUN_IDS, max_size=2)),
    job_name=st.one_of(st.none(), NAMES),
    statuses=st.one_of(st.none(), st.lists(STATUSES, max_size=3)),
    tags=st.one_of(
        st.none(), TAGS, st.dictionaries(NAMES, st.lists(st.sampled_from(["1", ""])), max_size=1)
    ),
    snapshot_id=st.one_of(st.none(), NAMES),
    updated_after=TIMES,
    created_before=TIMES,
    exclude_subruns=st.booleans(),
)


def answer(call: Callable[[], Any]) -> Any:
    """What a call returns, or the type of error that it raises."""
    try:
        return call()
    except DagsterError as exc:
        return type(exc), str(exc)


class Stores(RuleBasedStateMachine):
    """Two stores that are asked the same."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.mkdtemp()
        self.clock = Clock()

    def teardown(self) -> None:
        self.theirs.close()
        shutil.rmtree(self.folder)

    theirs: Any
    ours: Any

    def ask(self, name: str, *args: Any, **kwargs: Any) -> None:
        ours = answer(lambda: getattr(self.ours, name)(*args, **kwargs))
        theirs = answer(lambda: getattr(self.theirs, name)(*args, **kwargs))
        assert theirs == ours


class RunStores(Stores):
    def __init__(self) -> None:
        super().__init__()
        self.ours = InMemoryRunStorage(self.clock)
        self.theirs = SqliteRunStorage(self.folder, clock=self.clock)

    @rule(seconds=st.integers(1, 5))
    def time_goes_on(self, seconds: int) -> None:
        self.clock.now += seconds

    @rule(run_id=RUN_IDS, status=STATUSES, tags=TAGS, name=NAMES, config=TAGS)
    def add(self, run_id: str, status: DagsterRunStatus, **fields: Any) -> None:
        run = DagsterRun(
            run_id=run_id,
            status=status,
            pipeline_name=fields["name"],
            pipeline_snapshot_id=fields["name"],
            tags=fields["tags"],
            run_config=fields["config"],
        )
        self.ask("add_run", run)

    @rule(run_id=RUN_IDS, status=STATUSES, expected=st.sets(STATUSES), timestamp=st.floats(0, 9))
    def change(self, run_id: str, status: DagsterRunStatus, **how: Any) -> None:
        self.ask("change_status", run_id, status, **how)

    @rule(run_id=RUN_IDS, tags=TAGS)
    def tag(self, run_id: str, tags: dict[str, str]) -> None:
        self.ask("add_run_tags", run_id, tags)

    @rule(run_id=RUN_IDS)
    def cancel(self, run_id: str) -> None:
        self.ask("request_cancel", run_id)

    @rule(run_id=RUN_IDS, driver=DRIVERS, now=st.integers(0, 20))
    def acquire(self, run_id: str, driver: str, now: int) -> None:
        self.ask("acquire_lease", run_id, driver, seconds=5, now=now)

    @rule(run_id=RUN_IDS, driver=DRIVERS, now=st.integers(0, 20))
    def renew(self, run_id: str, driver: str, now: int) -> None:
        self.ask("renew_lease", run_id, driver, seconds=5, now=now)
        self.ask("read_lease", run_id, driver)

    @rule(run_id=RUN_IDS)
    def delete(self, run_id: str) -> None:
        self.ask("delete_run", run_id)

    @rule(
        filters=FILTERS,
        limit=LIMITS,
        order=st.sampled_from(
            ["id", "create_timestamp", "update_timestamp", "start_time", "end_time"]
        ),
        ascending=st.booleans(),
        cursor=st.one_of(st.none(), RUN_IDS),
    )
    def find(self, filters: RunsFilter, limit: int | None, order: str, **how: Any) -> None:
        self.ask("get_run_records", filters, limit, order, **how)
        self.ask("get_runs_count", filters)

    @rule()
    def open_again(self) -> None:
        self.theirs.close()
        self.theirs = SqliteRunStorage(self.folder, clock=self.clock)

    @invariant()
    def all_runs_are_equal(self) -> None:
        self.ask("get_run_records")


ENTRIES = st.one_of(
    st.builds(message, RUN_IDS, st.integers(0, 3), NAMES, st.sampled_from(["", "s", "t"])),
    st.builds(
        lambda run_id, seq, path, partition: materialization(
            run_id, seq, *path, partition=partition
        ),
        RUN_IDS,
        st.integers(0, 5),
        st.lists(NAMES, min_size=1, max_size=2),
        st.one_of(st.none(), NAMES),
    ),
    st.builds(observation, RUN_IDS, st.integers(4, 7), NAMES),
    st.builds(
        status_event,
        RUN_IDS,
        st.integers(0, 3),
        st.sampled_from([Type.PIPELINE_START, Type.PIPELINE_SUCCESS]),
    ),
)
KINDS = [
    Type.PIPELINE_START,
    Type.PIPELINE_SUCCESS,
    Type.STEP_MATERIALIZATION,
    Type.ASSET_OBSERVATION,
]
PLACES = st.one_of(st.none(), st.integers(0, 12))
TIMES_SINCE = st.one_of(st.none(), st.integers(1000, 1008).map(float))
KEYS = st.lists(NAMES, min_size=1, max_size=2).map(AssetKey)


class EventStores(Stores):
    def __init__(self) -> None:
        super().__init__()
        self.ours = InMemoryEventLogStorage()
        self.theirs = SqliteEventLogStorage(self.folder)
        #: No two entries have one key: what comes with a key again is recorded once more.
        self.known: dict[tuple[str, str, str, int], EventLogEntry] = {}

    @rule(entries=st.lists(ENTRIES, max_size=6))
    def store(self, entries: list[EventLogEntry]) -> None:
        entries = [self.known.setdefault(entry.key, entry) for entry in entries]
        # One call holds one run's entries here: among runs, the order of the index is not laid
        # down.
        for run_id in dict.fromkeys(entry.run_id for entry in entries):
            self.ask("store_entries", [entry for entry in entries if entry.run_id == run_id])

    @rule(run_id=RUN_IDS)
    def delete(self, run_id: str) -> None:
        self.ask("delete_events", run_id)

    @rule(key=KEYS)
    def wipe(self, key: AssetKey) -> None:
        self.ask("wipe_asset", key, 9999.0)

    @rule(name=NAMES, keys=st.lists(NAMES, max_size=3), gone=NAMES)
    def change_partitions(self, name: str, keys: list[str], gone: str) -> None:
        self.ask("add_dynamic_partitions", name, keys)
        self.ask("delete_dynamic_partition", name, gone)
        self.ask("get_dynamic_partitions", name)

    @rule(
        run_id=RUN_IDS,
        after=st.integers(-1, 9),
        limit=LIMITS,
        of_types=st.one_of(st.none(), st.sets(st.sampled_from(list(Type)))),
    )
    def read(self, run_id: str, **how: Any) -> None:
        self.ask("get_records_for_run", run_id, **how)

    @rule(
        kind=st.sampled_from(KINDS),
        asset_key=st.one_of(st.none(), KEYS),
        asset_partitions=st.one_of(st.none(), st.lists(NAMES)),
        cursors=st.tuples(PLACES, PLACES),
        times=st.tuples(TIMES_SINCE, TIMES_SINCE),
        limit=LIMITS,
        ascending=st.booleans(),
    )
    def find(self, cursors: tuple[int | None, int | None], **wanted: Any) -> None:
        answers = [self.find_in(store, cursors, **wanted) for store in (self.ours, self.theirs)]
        assert answers[0] == answers[1]

    def find_in(
        self, store: Any, cursors: tuple[int | None, int | None], **wanted: Any
    ) -> list[EventLogEntry]:
        """What a store finds; its own ids may have gaps, so a cursor is the place of an id."""
        filters = [EventRecordsFilter(event_type=kind) for kind in KINDS]
        ids = sorted(r.storage_id for each in filters for r in store.get_event_records(each))
        after, before = (None if n is None else [0, *ids, 10**9][n : n + 1] for n in cursors)
        records = store.get_event_records(
            EventRecordsFilter(
                event_type=wanted["kind"],
                asset_key=wanted["asset_key"],
                asset_partitions=wanted["asset_partitions"],
                after_cursor=after[0] if after else None,
                before_cursor=before[0] if before else None,
                after_timestamp=wanted["times"][0],
                before_timestamp=wanted["times"][1],
            ),
            wanted["limit"],
            ascending=wanted["ascending"],
        )
        found = [record.storage_id for record in records]
        assert found == sorted(set(found), reverse=not wanted["ascending"])
        return [record.event_log_entry for record in records]

    @rule(
        prefix=st.one_of(st.none(), st.lists(NAMES, max_size=2)),
        limit=LIMITS,
        cursor=st.one_of(st.none(), KEYS.map(AssetKey.to_string)),
        key=KEYS,
    )
    def find_assets(
        self, prefix: list[str] | None, limit: int | None, cursor: str | None, key: AssetKey
    ) -> None:
        self.ask("get_asset_keys", prefix, limit, cursor)
        self.ask("has_asset_key", key)

    @rule()
    def open_again(self) -> None:
        self.theirs.close()
        self.theirs = SqliteEventLogStorage(self.folder)


TestRunStores = RunStores.TestCase
TestRunStores.settings = settings(max_examples=40, stateful_step_count=25)
TestEventStores = EventStores.TestCase
TestEventStores.settings = settings(max_examples=40, stateful_step_count=25)
