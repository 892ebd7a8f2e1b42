from __future__ import annotations

from collections.abc import Iterator

import pytest

from dagsterlite.stores import RunStorage
from dagsterlite_sql.mysql_address import MySQLAddress
from dagsterlite_sql.mysql_runs import MySQLRunStorage
from tests.contracts.run_storage import Clock, RunStorageSuite, ids, run


class TestMySQLRunStorage(RunStorageSuite):
    @pytest.fixture
    def store(self, mysql_database: MySQLAddress, clock: Clock) -> Iterator[RunStorage]:
        store = MySQLRunStorage(mysql_database, clock=clock)
        yield store
        store.close()


def test_what_was_recorded_is_there_when_a_store_opens_again(mysql_database: MySQLAddress) -> None:
    first = MySQLRunStorage(mysql_database)
    added = first.add_run(run("one", tags={"a": "1"}))
    instance_id = first.instance_id
    first.close()

    second = MySQLRunStorage(mysql_database)

    assert second.get_run_record_by_id("one") == added
    assert second.instance_id == instance_id
    second.close()


def test_two_stores_of_one_database_see_each_other(mysql_database: MySQLAddress) -> None:
    one, two = MySQLRunStorage(mysql_database), MySQLRunStorage(mysql_database)

    one.add_run(run("one"))
    two.add_run(run("two"))

    assert ids(one.get_run_records()) == ids(two.get_run_records()) == ["two", "one"]
    assert one.instance_id == two.instance_id
    one.close()
    two.close()


def test_a_store_goes_on_after_it_was_closed(mysql_database: MySQLAddress) -> None:
    store = MySQLRunStorage(mysql_database)
    store.add_run(run("one"))

    store.close()

    assert store.add_run(run("two")).storage_id == 2
    store.close()


@pytest.mark.parametrize("text", ["a ", "A", "á", "a\x00", "a\n"])
def test_texts_that_a_collation_takes_for_equal_are_told_apart(
    mysql_database: MySQLAddress, text: str
) -> None:
    store = MySQLRunStorage(mysql_database)
    store.add_run(run("a", tags={"a": "1", text: "2"}))

    store.add_run(run(text))

    assert ids(store.get_run_records(ascending=True)) == ["a", text]
    store.close()
