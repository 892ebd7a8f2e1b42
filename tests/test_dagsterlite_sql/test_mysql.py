"""MySQL databases: addresses, admission, versions, errors, connections, several processes."""

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
    MissingExtraError,
)
from dagsterlite_sql import migrate, mysql_admission, server_engine
from dagsterlite_sql.column_types import MYSQL_NAME_BYTES
from dagsterlite_sql.migrate import NOTHING, steps, upgrade
from dagsterlite_sql.mysql import _engine
from dagsterlite_sql.mysql_address import MySQLAddress, read_address
from dagsterlite_sql.mysql_events import MySQLEventLogStorage
from dagsterlite_sql.mysql_runs import MySQLRunStorage
from dagsterlite_sql.schema import EVENTS, RUNS, Schema
from tests.contracts.entries import message, step
from tests.contracts.event_log_storage import materialized
from tests.contracts.run_storage import ids, run
from tests.test_dagsterlite_sql.mysql_server import MariaDB, query, running
from tests.test_dagsterlite_sql.older_versions import check, make, older

SECRET = "hunter2-secret"


def config(place: MySQLAddress) -> dict[str, Any]:
    """The config that leads to an address."""
    parts = place.parameters
    socket, name = parts["unix_socket"], parts["database"]
    database = {"username": parts["user"], "password": "", "hostname": socket, "db_name": name}
    return {"mysql_db": {**database, "port": 3306, "params": {}}}


# --- addresses ---


def test_a_database_is_given_by_its_parts_or_by_a_url() -> None:
    parts = {"username": "me", "password": SECRET, "hostname": "db", "db_name": "runs"}
    params = {"ssl_verify_cert": True, "connect_timeout": 3}
    by_parts = read_address({"mysql_db": {**parts, "port": 3307, "params": params}})
    url = f"mysql://me:{SECRET}@db:3307/runs?ssl_verify_cert=true&connect_timeout=3"

    for place in (
        by_parts,
        *(
            read_address({"mysql_url": text})
            for text in (
                url,
                url.replace("mysql:", "mysql+mysqlconnector:"),
                url.replace("mysql:", "mariadb:"),
            )
        ),
    ):
        assert place.parameters == {
            "user": "me",
            "password": SECRET,
            "host": "db",
            "port": 3307,
            "database": "runs",
            "ssl_verify_cert": True,
            "connect_timeout": 3,
        }
        assert str(place) == "'runs' on db:3307"
        assert SECRET not in repr(place)


def test_a_host_that_is_a_path_is_a_socket() -> None:
    parts = {"username": "me", "password": "", "hostname": "/run/mysqld.sock", "db_name": "runs"}

    place = read_address({"mysql_db": {**parts, "port": 3306, "params": {}}})

    assert place.parameters["unix_socket"] == "/run/mysqld.sock"
    assert str(place) == "'runs' on /run/mysqld.sock"


@pytest.mark.parametrize(
    "url",
    [
        f"mysql://me:{SECRET}@db:x:1/%zz",
        f"postgresql://me:{SECRET}@db/runs",
        f"mysql://me:{SECRET}@db",
        SECRET,
    ],
)
def test_a_url_that_is_none_is_told_without_what_it_holds(url: str) -> None:
    with pytest.raises(DagsterSettingsError, match="mysql_db") as caught:
        read_address({"mysql_url": url})

    assert SECRET not in str(caught.value)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize(
    ("parameter", "expected"),
    [
        ("ssl_cs=x", "no parameter 'ssl_cs'. Did you mean 'ssl_ca'?"),
        ("connect_timeout=soon", "'connect_timeout' is a whole number"),
    ],
)
def test_a_parameter_that_the_driver_does_not_know_is_told(parameter: str, expected: str) -> None:
    with pytest.raises(DagsterSettingsError) as caught:
        read_address({"mysql_url": f"mysql://me@db/runs?{parameter}"})

    assert expected in str(caught.value)


def test_a_driver_that_is_missing_is_told_with_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "pymysql", None)

    with pytest.raises(MissingExtraError, match=r"pip install 'dagsterlite\[mysql\]'"):
        read_address({"mysql_url": "mysql://me@db/runs"})


def test_a_stored_event_log_opens_by_its_url(mysql_database: MySQLAddress) -> None:
    parts = mysql_database.parameters
    user, name, socket = parts["user"], parts["database"], parts["unix_socket"]
    url = f"mysql://{user}@/{name}?unix_socket={socket}"

    with closing(MySQLEventLogStorage.from_config_value(None, {"mysql_url": url})) as store:
        store.store_entries(step("r", 0))
        assert store.get_logs_for_run("r") == step("r", 0)


# --- errors ---


def test_a_server_that_is_not_there_is_told_by_host_and_database_without_the_password() -> None:
    place = MySQLAddress(
        {"host": "127.0.0.1", "port": 1, "user": "me", "password": SECRET, "database": "runs"}
    )

    with pytest.raises(DagsterStorageError, match=r"'runs' on 127\.0\.0\.1:1 cannot") as caught:
        MySQLRunStorage(place)

    assert "see that the server is up and reachable" in str(caught.value)
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize(
    ("wrong", "expected"),
    [
        ({"database": "nowhere"}, "'nowhere' on .*correct hostname, port, db_name"),
        ({"user": "stranger"}, "'stranger'.*username or password"),
    ],
)
def test_a_database_or_a_user_that_is_not_there_is_told(
    mysql_database: MySQLAddress, wrong: dict[str, str], expected: str
) -> None:
    place = MySQLAddress({**mysql_database.parameters, **wrong})

    with pytest.raises(DagsterStorageError, match=expected):
        MySQLRunStorage(place)


def test_a_user_without_rights_is_told(mysql: MariaDB, bare_mysql_database: MySQLAddress) -> None:
    name = bare_mysql_database.parameters["database"]
    mysql.query(f"CREATE USER 'reader'@'localhost' IDENTIFIED BY '{SECRET}'")
    mysql.query(f"GRANT SELECT ON {name}.* TO 'reader'@'localhost'")
    place = MySQLAddress({**bare_mysql_database.parameters, "user": "reader", "password": SECRET})

    with pytest.raises(DagsterStorageError, match="let the user create, alter") as caught:
        MySQLRunStorage(place)

    assert SECRET not in str(caught.value)
    mysql.query("DROP USER 'reader'@'localhost'")


def test_a_server_that_may_only_be_read_is_told_and_serves_readers(
    mysql: MariaDB, mysql_database: MySQLAddress, bare_mysql_database: MySQLAddress
) -> None:
    mysql.query("CREATE USER 'writer'@'localhost'")
    mysql.query("GRANT ALL ON `test\\_%`.* TO 'writer'@'localhost'")
    place, bare = (
        MySQLAddress({**one.parameters, "user": "writer"})
        for one in (mysql_database, bare_mysql_database)
    )
    with closing(MySQLRunStorage(place)) as runs:
        runs.add_run(run("one"))
    mysql.query("SET GLOBAL read_only = 1")
    try:
        with closing(MySQLRunStorage(place)) as runs, closing(MySQLEventLogStorage(place)) as log:
            for use in (lambda: runs.add_run(run("two")), lambda: log.store_entries(step("r", 0))):
                with pytest.raises(DagsterStorageError, match="this one is a read-only copy"):
                    use()
            assert ids(runs.get_run_records()) == ["one"]
            assert log.get_logs_for_run("r") == []
        with pytest.raises(DagsterStorageError, match="this one is a read-only copy"):
            MySQLRunStorage(bare)
    finally:
        mysql.query("SET GLOBAL read_only = 0")
        mysql.query("DROP USER 'writer'@'localhost'")


def test_a_text_that_mysql_cannot_hold_is_told_and_never_cut(mysql_database: MySQLAddress) -> None:
    with closing(MySQLEventLogStorage(mysql_database)) as events:
        with pytest.raises(DagsterSerdesError, match="Data too long for column 'step_key'"):
            events.store_entries([message("r", 0, step_key="a" * (MYSQL_NAME_BYTES + 1))])
        with pytest.raises(DagsterSerdesError, match="cannot be stored"):
            events.store_entries([message("r", 0, step_key="\ud800")])
        assert events.get_logs_for_run("r") == []

        longest = [message("r", 0, "x" * 2_000_000, step_key="é" * (MYSQL_NAME_BYTES // 2))]
        events.store_entries(longest)
        assert events.get_logs_for_run("r") == longest
    with closing(MySQLRunStorage(mysql_database)) as runs:
        with pytest.raises(DagsterSerdesError, match="cannot be stored"):
            runs.add_run(run("\ud800"))
        with pytest.raises(DagsterSerdesError, match="Data too long for column 'value'"):
            runs.add_run(run("one", tags={"a": "x" * (MYSQL_NAME_BYTES + 1)}))

        assert runs.get_run_records() == []


def kill_others(place: MySQLAddress) -> None:
    """Cut all connections to a database."""
    name = place.parameters["database"]
    found = query(place, f"SELECT id FROM information_schema.processlist WHERE db = '{name}'"
                         " AND id <> CONNECTION_ID()")  # fmt: skip
    query(place, *(f"KILL {number}" for (number,) in found))


def test_a_server_that_cut_a_connection_is_asked_again(mysql_database: MySQLAddress) -> None:
    with closing(MySQLRunStorage(mysql_database)) as store:
        store.add_run(run("one"))
        kill_others(mysql_database)

        store.add_run(run("two"))

        assert ids(store.get_run_records()) == ["two", "one"]


def test_a_server_that_is_restarted_is_waited_for(tmp_path: Path) -> None:
    with running(tmp_path) as server:
        store = MySQLRunStorage(server.by_network(server.create()))
        store.add_run(run("one"))
        server.stop()
        starting = threading.Thread(target=server.start)
        starting.start()

        store.add_run(run("two"))

        starting.join()
        assert ids(store.get_run_records()) == ["two", "one"]
        store.close()


def test_a_server_that_stays_away_is_told_in_time(
    mysql: MariaDB, bare_mysql_database: MySQLAddress, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server_engine, "RESTART_SECONDS", 0.0)
    with closing(MySQLRunStorage(bare_mysql_database)) as store:
        kill_others(bare_mysql_database)
        mysql.drop(bare_mysql_database)

        with pytest.raises(DagsterStorageError, match="cannot be used"):
            store.add_run(run("one"))


def test_events_are_written_again_where_the_connection_was_lost_meanwhile(
    mysql_database: MySQLAddress, monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(MySQLEventLogStorage(mysql_database)) as store:
        written = store.index.insert_rows
        cuts = [kill_others]

        def cut_once(connection: Connection, *rows: Any) -> None:
            written(connection, *rows)
            if cuts:
                cuts.pop()(mysql_database)

        monkeypatch.setattr(store.index, "insert_rows", cut_once)
        store.store_entries(step("r", 0))

        assert store.get_logs_for_run("r") == step("r", 0)
        assert cuts == []


def test_a_writer_that_others_keep_out_for_too_long_is_told(
    mysql_database: MySQLAddress, monkeypatch: pytest.MonkeyPatch
) -> None:
    with (
        closing(MySQLRunStorage(mysql_database)) as one,
        closing(MySQLRunStorage(mysql_database)) as two,
    ):
        with one._database.write():
            monkeypatch.setattr(mysql_admission, "LOCK_SECONDS", 0)
            with pytest.raises(DagsterStorageError, match="it is locked"):
                two.add_run(run("one"))

        two.add_run(run("one"))


def test_a_writer_that_fails_lets_the_next_one_in(
    mysql_database: MySQLAddress, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mysql_admission, "LOCK_SECONDS", 0)
    with (
        closing(MySQLRunStorage(mysql_database)) as one,
        closing(MySQLRunStorage(mysql_database)) as two,
    ):
        with pytest.raises(ZeroDivisionError), one._database.write():
            raise ZeroDivisionError

        two.add_run(run("one"))


# --- admission and versions ---


def tables(place: MySQLAddress) -> list[str]:
    return sorted(name for (name,) in query(place, "SHOW TABLES"))


@pytest.mark.parametrize("store", [MySQLRunStorage, MySQLEventLogStorage])
def test_tables_of_another_program_are_left_as_they_are(
    bare_mysql_database: MySQLAddress, store: Any
) -> None:
    for name in ("runs", "event_logs"):
        query(bare_mysql_database, f"CREATE TABLE {name} (id integer)")

    with pytest.raises(DagsterHomeError, match="of another program; it was left"):
        store(bare_mysql_database)
    with pytest.raises(DagsterHomeError, match="of another program; it was left"):
        store.migrate(config(bare_mysql_database))

    assert tables(bare_mysql_database) == ["event_logs", "runs"]


def test_other_tables_may_stand_beside_ours(bare_mysql_database: MySQLAddress) -> None:
    query(bare_mysql_database, "CREATE TABLE customers (id integer)")

    with closing(MySQLRunStorage(bare_mysql_database)) as store:
        store.add_run(run("one"))

    assert "customers" in tables(bare_mysql_database)


def test_of_many_who_open_an_empty_database_one_makes_the_tables(
    bare_mysql_database: MySQLAddress,
) -> None:
    gate = threading.Barrier(6)
    ended: list[str] = []

    def open_and_add(number: int) -> None:
        gate.wait()
        with closing(MySQLRunStorage(bare_mysql_database)) as store:
            store.add_run(run(str(number)))
            ended.append(store.instance_id)

    threads = [threading.Thread(target=open_and_add, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(ended) == 6
    assert len(set(ended)) == 1


@pytest.mark.parametrize("made", range(1, 5))
def test_tables_that_were_left_half_made_are_made_anew(
    bare_mysql_database: MySQLAddress, made: int
) -> None:
    MySQLRunStorage(bare_mysql_database).close()
    names = ["instance_info", "object_references", "snapshots", "run_tags", "runs"]
    query(
        bare_mysql_database,
        "UPDATE runs_version SET version_num = '0000'",
        *(f"DROP TABLE {name}" for name in names[made:]),
    )

    with closing(MySQLRunStorage(bare_mysql_database)) as store:
        store.add_run(run("one"))

    assert query(bare_mysql_database, "SELECT version_num FROM runs_version") == [(RUNS.version,)]
    assert tables(bare_mysql_database) == sorted([*names, "runs_version"])


SHAPE = """
SELECT table_name, column_name, column_type, is_nullable, column_default, extra, collation_name
FROM information_schema.columns WHERE table_schema = DATABASE()
UNION ALL
SELECT table_name, index_name, column_name, seq_in_index, non_unique, sub_part, ''
FROM information_schema.statistics WHERE table_schema = DATABASE()
"""


@pytest.mark.parametrize("schema", [RUNS, EVENTS], ids=lambda schema: schema.name)
def test_migrating_from_nothing_gives_what_creating_gives(
    bare_mysql_database: MySQLAddress, mysql_database: MySQLAddress, schema: Schema
) -> None:
    engine = _engine(bare_mysql_database)
    with engine.begin() as connection:
        upgrade(connection, schema, NOTHING)
    engine.dispose()

    ours = {*schema.metadata.tables}
    created = {row for row in query(mysql_database, SHAPE) if row[0] in ours}
    assert set(query(bare_mysql_database, SHAPE)) == created


class NextStep:
    """A step that a later version may bring."""

    @staticmethod
    def upgrade() -> None:
        op.add_column("runs", Column("owner", Text()))


class FailingStep:
    """One that fails."""

    @staticmethod
    def upgrade() -> None:
        raise RuntimeError("power cut")


@pytest.fixture
def newer(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Make this version one whose runs have a schema of a later number."""
    known = steps("dagsterlite_sql.migrations.runs")
    later = dataclasses.replace(RUNS, version="9999")
    with monkeypatch.context() as patch:
        patch.setattr(MySQLRunStorage, "SCHEMA", later)
        patch.setattr(migrate, "steps", lambda package: {**known, "9999": NextStep})
        yield


def test_older_tables_are_migrated_with_all_that_they_hold(
    bare_mysql_database: MySQLAddress, request: pytest.FixtureRequest
) -> None:
    with closing(MySQLRunStorage(bare_mysql_database)) as old:
        old.add_run(run("one"))
    request.getfixturevalue("newer")
    with pytest.raises(DagsterInstanceMigrationRequired, match="dagsterlite instance migrate"):
        MySQLRunStorage(bare_mysql_database)

    first = MySQLRunStorage.migrate(config(bare_mysql_database))
    second = MySQLRunStorage.migrate(config(bare_mysql_database))

    assert (first, second) == ([f"runs in {bare_mysql_database}"], [])
    with closing(MySQLRunStorage(bare_mysql_database)) as migrated:
        assert ids(migrated.get_run_records()) == ["one"]
    assert query(bare_mysql_database, "SELECT owner FROM runs") == [(None,)]


def test_a_migration_that_failed_goes_on_after_the_steps_that_were_taken(
    bare_mysql_database: MySQLAddress, monkeypatch: pytest.MonkeyPatch
) -> None:
    MySQLRunStorage(bare_mysql_database).close()
    known = steps("dagsterlite_sql.migrations.runs")
    monkeypatch.setattr(MySQLRunStorage, "SCHEMA", dataclasses.replace(RUNS, version="9999"))
    later: dict[str, Any] = {**known, "9998": NextStep, "9999": FailingStep}
    monkeypatch.setattr(migrate, "steps", lambda package: later)
    with pytest.raises(RuntimeError, match="power cut"):
        MySQLRunStorage.migrate(config(bare_mysql_database))

    later["9999"] = type("Nothing", (), {"upgrade": staticmethod(lambda: None)})
    assert MySQLRunStorage.migrate(config(bare_mysql_database)) != []

    MySQLRunStorage(bare_mysql_database).close()
    assert query(bare_mysql_database, "SELECT owner FROM runs") == []


@pytest.mark.parametrize(("schema", "version"), older(RUNS, EVENTS))
def test_tables_of_each_older_version_are_migrated_with_all_that_they_hold(
    bare_mysql_database: MySQLAddress, schema: Schema, version: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    cls: Any = MySQLRunStorage if schema is RUNS else MySQLEventLogStorage
    engine = _engine(bare_mysql_database)
    with engine.begin() as connection:
        make(connection, schema, version, monkeypatch)
    engine.dispose()
    with pytest.raises(DagsterInstanceMigrationRequired, match=f"its schema is {version}"):
        cls(bare_mysql_database)

    assert cls.migrate(config(bare_mysql_database)) == [f"{schema.name} in {bare_mysql_database}"]

    with closing(cls(bare_mysql_database)) as store:
        check(store)


def test_a_migration_that_broke_off_within_a_step_goes_on_there(
    bare_mysql_database: MySQLAddress, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = _engine(bare_mysql_database)
    with engine.begin() as connection:
        make(connection, EVENTS, "0001", monkeypatch)
    engine.dispose()
    with monkeypatch.context() as patch:
        patch.setattr(op, "create_index", lambda *_: FailingStep.upgrade())
        with pytest.raises(RuntimeError, match="power cut"):
            MySQLEventLogStorage.migrate(config(bare_mysql_database))

    assert MySQLEventLogStorage.migrate(config(bare_mysql_database)) != []

    with closing(MySQLEventLogStorage(bare_mysql_database)) as store:
        check(store)


def test_newer_tables_are_refused_and_left(bare_mysql_database: MySQLAddress) -> None:
    MySQLRunStorage(bare_mysql_database).close()
    query(bare_mysql_database, "UPDATE runs_version SET version_num = '9999'")

    with pytest.raises(DagsterHomeError, match="newer version"):
        MySQLRunStorage(bare_mysql_database)
    with pytest.raises(DagsterHomeError, match="newer version"):
        MySQLRunStorage.migrate(config(bare_mysql_database))

    assert query(bare_mysql_database, "SELECT version_num FROM runs_version") == [("9999",)]


def test_a_database_without_tables_has_nothing_to_migrate(
    bare_mysql_database: MySQLAddress,
) -> None:
    assert MySQLRunStorage.migrate(config(bare_mysql_database)) == []
    assert MySQLEventLogStorage.migrate(config(bare_mysql_database)) == []
    assert tables(bare_mysql_database) == []


# --- several processes ---


def test_a_fork_leaves_its_parents_connections_alone(mysql_database: MySQLAddress) -> None:
    with closing(MySQLEventLogStorage(mysql_database)) as store:
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


def test_a_process_keeps_few_connections(mysql_database: MySQLAddress) -> None:
    gate = threading.Barrier(12)
    with closing(MySQLEventLogStorage(mysql_database)) as store:

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
        name = mysql_database.parameters["database"]
        open_ones = query(
            mysql_database,
            f"SELECT count(*) FROM information_schema.processlist WHERE db = '{name}'"
            " AND id <> CONNECTION_ID() AND command = 'Sleep'",
        )
    assert open_ones[0][0] <= 2


def test_a_reader_across_runs_misses_nothing_that_is_committed_late(
    mysql_database: MySQLAddress,
) -> None:
    """The ids of the index are given and committed in one order, however writers overlap."""
    with closing(MySQLEventLogStorage(mysql_database)) as store:
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


def test_a_driver_of_one_run_does_not_wait_for_that_of_another(
    mysql_database: MySQLAddress,
) -> None:
    with closing(MySQLEventLogStorage(mysql_database)) as store:
        with store.index.write("run one"):
            store.store_entries([message("two", 0)])

        assert len(store.get_logs_for_run("two")) == 1


def test_a_connection_is_lost_with_its_own_error(mysql_database: MySQLAddress) -> None:
    def write_and_lose(store: MySQLRunStorage) -> None:
        with store._database.write() as connection:
            kill_others(mysql_database)
            connection.exec_driver_sql("SELECT 1")

    store = MySQLRunStorage(mysql_database)
    with pytest.raises(DagsterStorageUnreachableError, match="see that the server is up"):
        write_and_lose(store)
    store.close()
