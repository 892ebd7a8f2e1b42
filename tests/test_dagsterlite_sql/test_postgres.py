"""Postgres databases: admission, versions, errors, connections, several processes."""

from __future__ import annotations

import dataclasses
import os
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from alembic import op
from sqlalchemy import Column, Connection, Text

from dagsterlite.errors import (
    DagsterHomeError,
    DagsterInstanceMigrationRequired,
    DagsterSerdesError,
    DagsterSettingsError,
    DagsterStorageError,
    DagsterStorageUnreachableError,
)
from dagsterlite_sql import migrate, server_engine
from dagsterlite_sql.migrate import NOTHING, steps, upgrade
from dagsterlite_sql.postgres import _engine
from dagsterlite_sql.postgres_address import PostgresAddress, read_address
from dagsterlite_sql.postgres_events import PostgresEventLogStorage
from dagsterlite_sql.postgres_runs import PostgresRunStorage
from dagsterlite_sql.schema import EVENTS, RUNS, Schema
from tests.contracts.entries import message, step
from tests.contracts.run_storage import ids, run
from tests.test_dagsterlite_sql.older_versions import check, make, older
from tests.test_dagsterlite_sql.postgres_server import Server, running

SECRET = "hunter2-secret"


def query(place: PostgresAddress, statement: str) -> list[tuple[Any, ...]]:
    with place.connect(autocommit=True) as connection:
        cursor = connection.execute(statement.encode())
        return cursor.fetchall() if cursor.description else []


def config(place: PostgresAddress) -> dict[str, Any]:
    """The config that leads to an address."""
    parts = place.parameters
    host, name = parts["host"], parts["dbname"]
    database = {"username": parts["user"], "password": "", "hostname": host, "db_name": name}
    return {"postgres_db": {**database, "port": 5432, "params": {}}}


# --- addresses ---


def test_a_database_is_given_by_its_parts_or_by_a_url() -> None:
    parts = {"username": "me", "password": SECRET, "hostname": "db", "db_name": "runs"}
    by_parts = read_address(
        {"postgres_db": {**parts, "port": 5433, "params": {"sslmode": "require"}}}
    )
    url = f"postgresql://me:{SECRET}@db:5433/runs?sslmode=require"

    for place in (
        by_parts,
        *(
            read_address({"postgres_url": u})
            for u in (
                url,
                url.replace("postgresql", "postgres"),
                url.replace("postgresql", "postgresql+psycopg2"),
            )
        ),
    ):
        assert {**place.parameters, "port": int(place.parameters["port"])} == {
            "user": "me",
            "password": SECRET,
            "host": "db",
            "port": 5433,
            "dbname": "runs",
            "sslmode": "require",
        }
        assert str(place) == "'runs' on db:5433"
        assert SECRET not in repr(place)


def test_a_url_that_is_none_is_told_without_what_it_holds() -> None:
    with pytest.raises(DagsterSettingsError, match="postgres_db") as caught:
        read_address({"postgres_url": f"postgresql://me:{SECRET}@db:x:1/%zz?nothing=1"})

    assert SECRET not in str(caught.value)
    assert caught.value.__cause__ is None


def test_a_stored_event_log_opens_by_its_url(database: PostgresAddress) -> None:
    parts = database.parameters
    url = f"postgresql://postgres@/{parts['dbname']}?host={parts['host']}"

    with closing(PostgresEventLogStorage.from_config_value(None, {"postgres_url": url})) as store:
        store.store_entries(step("r", 0))
        assert store.get_logs_for_run("r") == step("r", 0)


def test_texts_come_back_from_a_database_without_an_encoding(server: Server) -> None:
    server.execute("CREATE DATABASE plain TEMPLATE template0 ENCODING 'SQL_ASCII' LOCALE 'C'")
    place = server.address("plain")
    try:
        with closing(PostgresRunStorage(place)) as storage:
            storage.add_run(run("a", pipeline_name="größe"))
            record = storage.get_run_record_by_id("a")

        assert record is not None
        assert record.dagster_run.pipeline_name == "größe"
    finally:
        server.drop(place)


# --- errors ---


def test_a_server_that_is_not_there_is_told_by_host_and_database_without_the_password() -> None:
    place = PostgresAddress(
        {"host": "127.0.0.1", "port": 1, "user": "me", "password": SECRET, "dbname": "runs"}
    )

    with pytest.raises(DagsterStorageError, match=r"'runs' on 127\.0\.0\.1:1 cannot") as caught:
        PostgresRunStorage(place)

    assert "see that the server is up and reachable" in str(caught.value)
    assert SECRET not in str(caught.value)


def test_a_database_that_is_not_there_is_told(bare_database: PostgresAddress) -> None:
    place = PostgresAddress({**bare_database.parameters, "dbname": "nowhere"})

    with pytest.raises(
        DagsterStorageError, match=r"'nowhere' on .*correct hostname, port, db_name"
    ):
        PostgresRunStorage(place)


def test_a_user_who_is_not_known_is_told(bare_database: PostgresAddress) -> None:
    place = PostgresAddress({**bare_database.parameters, "user": "stranger"})

    with pytest.raises(DagsterStorageError, match=r"'stranger'|\"stranger\".*username or password"):
        PostgresRunStorage(place)


def test_a_server_that_may_only_be_read_is_told_and_serves_readers(
    database: PostgresAddress, bare_database: PostgresAddress
) -> None:
    with closing(PostgresRunStorage(database)) as runs:
        runs.add_run(run("one"))
    for place in (database, bare_database):
        name = place.parameters["dbname"]
        query(place, f"ALTER DATABASE {name} SET default_transaction_read_only = on")

    with (
        closing(PostgresRunStorage(database)) as runs,
        closing(PostgresEventLogStorage(database)) as events,
    ):
        for use in (lambda: runs.add_run(run("two")), lambda: events.store_entries(step("r", 0))):
            with pytest.raises(DagsterStorageError, match="this one is a read-only copy"):
                use()
        assert ids(runs.get_run_records()) == ["one"]
        assert events.get_logs_for_run("r") == []
    with pytest.raises(DagsterStorageError, match="this one is a read-only copy"):
        PostgresRunStorage(bare_database)


def test_a_text_that_postgres_cannot_hold_is_told(database: PostgresAddress) -> None:
    with closing(PostgresEventLogStorage(database)) as events:
        with pytest.raises(DagsterSerdesError, match="cannot be stored in the database"):
            events.store_entries([message("r", 0, step_key="a\x00b")])
        with pytest.raises(DagsterSerdesError, match="cannot be stored"):
            events.store_entries([message("r", 0, step_key="\ud800")])

        assert events.get_logs_for_run("r") == []


def test_a_server_that_cut_a_connection_is_asked_again(database: PostgresAddress) -> None:
    with closing(PostgresRunStorage(database)) as store:
        store.add_run(run("one"))
        query(
            database,
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()",
        )

        store.add_run(run("two"))

        assert ids(store.get_run_records()) == ["two", "one"]


def test_a_server_that_is_restarted_is_waited_for(tmp_path: Path) -> None:
    with running(tmp_path) as server, closing(PostgresRunStorage(server.address("postgres"))) as s:
        s.add_run(run("one"))
        server.stop()
        starting = threading.Thread(target=server.start)
        starting.start()

        s.add_run(run("two"))

        starting.join()
        assert ids(s.get_run_records()) == ["two", "one"]


def test_a_server_that_stays_away_is_told_in_time(
    database: PostgresAddress, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server_engine, "RESTART_SECONDS", 0.0)
    with closing(PostgresRunStorage(database)) as store:
        query(PostgresAddress({**database.parameters, "dbname": "postgres"}), drop(database))

        with pytest.raises(DagsterStorageUnreachableError, match="cannot be used"):
            store.add_run(run("one"))


def drop(place: PostgresAddress) -> str:
    return f"DROP DATABASE {place.parameters['dbname']} WITH (FORCE)"


def test_events_are_written_again_where_the_connection_was_lost_meanwhile(
    database: PostgresAddress, monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(PostgresEventLogStorage(database)) as store:
        written = store.index.insert_rows
        cuts = ["SELECT pg_terminate_backend(pg_backend_pid())"]

        def cut_once(connection: Connection, *rows: Any) -> None:
            written(connection, *rows)
            if cuts:
                connection.exec_driver_sql(cuts.pop())

        monkeypatch.setattr(store.index, "insert_rows", cut_once)
        store.store_entries(step("r", 0))

        assert store.get_logs_for_run("r") == step("r", 0)
        assert cuts == []


# --- admission and versions ---


@pytest.mark.parametrize("store", [PostgresRunStorage, PostgresEventLogStorage])
def test_tables_of_another_program_are_left_as_they_are(
    bare_database: PostgresAddress, store: Any
) -> None:
    for name in ("runs", "event_logs"):
        query(bare_database, f"CREATE TABLE {name} (id integer)")

    with pytest.raises(DagsterHomeError, match="of another program; it was left"):
        store(bare_database)
    with pytest.raises(DagsterHomeError, match="of another program; it was left"):
        store.migrate(config(bare_database))

    assert sorted(query(bare_database, TABLES)) == [("event_logs",), ("runs",)]


TABLES = "SELECT tablename::text FROM pg_tables WHERE schemaname = 'public'"


def test_other_tables_may_stand_beside_ours(bare_database: PostgresAddress) -> None:
    query(bare_database, "CREATE TABLE customers (id integer)")

    with closing(PostgresRunStorage(bare_database)) as store:
        store.add_run(run("one"))

    assert ("customers",) in query(bare_database, TABLES)


def test_of_many_who_open_an_empty_database_one_makes_the_tables(
    bare_database: PostgresAddress,
) -> None:
    gate = threading.Barrier(6)
    ended: list[str] = []

    def open_and_add(number: int) -> None:
        gate.wait()
        with closing(PostgresRunStorage(bare_database)) as store:
            store.add_run(run(str(number)))
            ended.append(store.instance_id)

    threads = [threading.Thread(target=open_and_add, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(ended) == 6
    assert len(set(ended)) == 1


SHAPE = """
SELECT table_name, column_name, data_type, is_nullable, column_default, collation_name
FROM information_schema.columns WHERE table_schema = 'public'
UNION ALL SELECT tablename, indexname, indexdef, '', '', '' FROM pg_indexes
WHERE schemaname = 'public'
"""


@pytest.mark.parametrize("schema", [RUNS, EVENTS], ids=lambda schema: schema.name)
def test_migrating_from_nothing_gives_what_creating_gives(
    server: Any, bare_database: PostgresAddress, database: PostgresAddress, schema: Schema
) -> None:
    engine = _engine(bare_database)
    with engine.begin() as connection:
        upgrade(connection, schema, NOTHING)
    engine.dispose()

    ours = {*schema.metadata.tables}
    created = {row for row in query(database, SHAPE) if row[0] in ours}
    assert set(query(bare_database, SHAPE)) == created


class NextStep:
    """A step that a later version may bring."""

    @staticmethod
    def upgrade() -> None:
        op.add_column("runs", Column("owner", Text(), server_default="nobody"))


@pytest.fixture
def newer(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Make this version one whose runs have a schema of a later number."""
    known = steps("dagsterlite_sql.migrations.runs")
    later = dataclasses.replace(RUNS, version="9999")
    with monkeypatch.context() as patch:
        patch.setattr(PostgresRunStorage, "SCHEMA", later)
        patch.setattr(migrate, "steps", lambda package: {**known, "9999": NextStep})
        yield


def test_older_tables_are_migrated_with_all_that_they_hold(
    database: PostgresAddress, request: pytest.FixtureRequest
) -> None:
    with closing(PostgresRunStorage(database)) as old:
        old.add_run(run("one"))
    request.getfixturevalue("newer")
    with pytest.raises(DagsterInstanceMigrationRequired, match="dagsterlite instance migrate"):
        PostgresRunStorage(database)

    first = PostgresRunStorage.migrate(config(database))
    second = PostgresRunStorage.migrate(config(database))

    assert (first, second) == ([f"runs in {database}"], [])
    with closing(PostgresRunStorage(database)) as migrated:
        assert ids(migrated.get_run_records()) == ["one"]
    assert query(database, "SELECT owner FROM runs") == [("nobody",)]


@pytest.mark.parametrize(("schema", "version"), older(RUNS, EVENTS))
def test_tables_of_each_older_version_are_migrated_with_all_that_they_hold(
    bare_database: PostgresAddress, schema: Schema, version: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    cls: Any = PostgresRunStorage if schema is RUNS else PostgresEventLogStorage
    engine = _engine(bare_database)
    with engine.begin() as connection:
        make(connection, schema, version, monkeypatch)
    engine.dispose()
    with pytest.raises(DagsterInstanceMigrationRequired, match=f"its schema is {version}"):
        cls(bare_database)

    assert cls.migrate(config(bare_database)) == [f"{schema.name} in {bare_database}"]

    with closing(cls(bare_database)) as store:
        check(store)


def test_newer_tables_are_refused_and_left(database: PostgresAddress) -> None:
    query(database, "UPDATE runs_version SET version_num = '9999'")

    with pytest.raises(DagsterHomeError, match="newer version"):
        PostgresRunStorage(database)
    with pytest.raises(DagsterHomeError, match="newer version"):
        PostgresRunStorage.migrate(config(database))

    assert query(database, "SELECT version_num FROM runs_version") == [("9999",)]


def test_a_database_without_tables_has_nothing_to_migrate(bare_database: PostgresAddress) -> None:
    assert PostgresRunStorage.migrate(config(bare_database)) == []
    assert PostgresEventLogStorage.migrate(config(bare_database)) == []
    assert query(bare_database, TABLES) == []


# --- several processes ---


def test_a_fork_leaves_its_parents_connections_alone(database: PostgresAddress) -> None:
    with closing(PostgresEventLogStorage(database)) as store:
        store.store_entries(step("r", 0))

        child = os.fork()
        if child == 0:
            code = 1
            try:
                store.store_entries(step("r", 1))
                code = 0
            finally:
                os._exit(code)
        _, status = os.waitpid(child, 0)
        store.store_entries(step("r", 2))

        assert status == 0
        assert store.get_logs_for_run("r") == [e for n in range(3) for e in step("r", n)]


def test_a_process_keeps_few_connections(database: PostgresAddress) -> None:
    gate = threading.Barrier(12)
    with closing(PostgresEventLogStorage(database)) as store:

        def write(number: int) -> None:
            gate.wait()
            for n in range(5):
                store.store_entries(step(f"r{number}", n))

        threads = [threading.Thread(target=write, args=(number,)) for number in range(12)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert [len(store.get_logs_for_run(f"r{n}")) for n in range(12)] == [20] * 12
        open_ones = query(
            database,
            "SELECT count(*) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()",
        )
    assert open_ones[0][0] <= 2


def test_a_reader_across_runs_misses_nothing_that_is_committed_late(
    database: PostgresAddress,
) -> None:
    """The ids of the index are given and committed in one order, however writers overlap."""
    from tests.contracts.event_log_storage import materialized

    with closing(PostgresEventLogStorage(database)) as store:
        writing = True
        seen: list[int] = []

        def write(number: int) -> None:
            for n in range(15):
                store.store_entries(step(f"r{number}", n))

        def follow() -> None:
            while True:
                is_last = not writing
                after = seen[-1] if seen else None
                records = store.get_event_records(materialized(after_cursor=after), ascending=True)
                seen.extend(record.storage_id for record in records)
                if is_last:
                    return

        writers = [threading.Thread(target=write, args=(number,)) for number in range(3)]
        reader = threading.Thread(target=follow)
        for thread in (*writers, reader):
            thread.start()
        for thread in writers:
            thread.join()
        writing = False
        reader.join()

        assert len(seen) == len(store.get_event_records(materialized())) == 45


def test_waiting_for_events_ends_with_the_news_of_another_store(
    database: PostgresAddress,
) -> None:
    with (
        closing(PostgresEventLogStorage(database)) as reader,
        closing(PostgresEventLogStorage(database)) as writer,
    ):
        reader.wait_for_events(0)
        woken = threading.Event()

        def wait() -> None:
            reader.wait_for_events(60)
            woken.set()

        waiting = threading.Thread(target=wait)
        waiting.start()
        writer.store_entries(step("r", 0))

        assert woken.wait(30)
        waiting.join()


def test_waiting_ends_in_time_where_the_server_is_gone(bare_database: PostgresAddress) -> None:
    from dagsterlite_sql.postgres_listener import PostgresListener

    listener = PostgresListener(PostgresAddress({**bare_database.parameters, "dbname": "nowhere"}))

    listener.wait(0.01)
    listener.close()


def test_a_listener_that_was_cut_off_listens_again(database: PostgresAddress) -> None:
    with closing(PostgresEventLogStorage(database)) as store:
        store.wait_for_events(0)
        query(
            database,
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN%'",
        )

        store.wait_for_events(0.01)
        store.wait_for_events(0)
        listening = query(
            database, "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'LISTEN%'"
        )

    assert listening == [(1,)]
