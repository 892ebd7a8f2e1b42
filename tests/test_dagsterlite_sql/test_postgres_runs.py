from __future__ import annotations

from collections.abc import Iterator

import pytest

from dagsterlite.stores import RunStorage
from dagsterlite_sql.postgres_address import PostgresAddress
from dagsterlite_sql.postgres_runs import PostgresRunStorage
from tests.contracts.run_storage import Clock, RunStorageSuite, ids, run


class TestPostgresRunStorage(RunStorageSuite):
    @pytest.fixture
    def store(self, database: PostgresAddress, clock: Clock) -> Iterator[RunStorage]:
        store = PostgresRunStorage(database, clock=clock)
        yield store
        store.close()


def test_what_was_recorded_is_there_when_a_store_opens_again(database: PostgresAddress) -> None:
    first = PostgresRunStorage(database)
    added = first.add_run(run("one", tags={"a": "1"}))
    instance_id = first.instance_id
    first.close()

    second = PostgresRunStorage(database)

    assert second.get_run_record_by_id("one") == added
    assert second.instance_id == instance_id
    second.close()


def test_two_stores_of_one_database_see_each_other(database: PostgresAddress) -> None:
    one, two = PostgresRunStorage(database), PostgresRunStorage(database)

    one.add_run(run("one"))
    two.add_run(run("two"))

    assert ids(one.get_run_records()) == ids(two.get_run_records()) == ["two", "one"]
    assert one.instance_id == two.instance_id
    one.close()
    two.close()


def test_a_store_goes_on_after_it_was_closed(database: PostgresAddress) -> None:
    store = PostgresRunStorage(database)
    store.add_run(run("one"))

    store.close()

    assert store.add_run(run("two")).storage_id == 2
    store.close()
