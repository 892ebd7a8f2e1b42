"""Each question is answered from an index, in the order asked for: MariaDB tells its plan."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pymysql
import pytest
from pymysql.cursors import DictCursor

from dagsterlite.runs import RunsFilter
from dagsterlite_sql.mysql_address import MySQLAddress
from dagsterlite_sql.mysql_events import MySQLEventLogStorage
from dagsterlite_sql.mysql_runs import MySQLRunStorage
from dagsterlite_sql.schema import runs
from tests.test_dagsterlite_sql.mysql_server import MariaDB, query
from tests.test_dagsterlite_sql.server_plans import OURS, Queries, asked, fill
from tests.test_dagsterlite_sql.test_query_plans import EVENT_QUESTIONS, RUN_QUESTIONS

Plan = list[dict[str, Any]]


@pytest.fixture(scope="module")
def filled(mysql: MariaDB) -> Iterator[MySQLAddress]:
    """A database of so many rows that an index pays."""
    made = mysql.create()
    with closing(MySQLEventLogStorage(made)) as events, closing(MySQLRunStorage(made)) as store:
        fill(events, store)
    columns = ", ".join(column.name for column in runs.c if column.name not in {"id", "run_id"})
    more = f"SELECT CONCAT(run_id, '-', seq), {columns} FROM runs, seq_1_to_50"
    query(made, f"INSERT INTO runs (run_id, {columns}) {more}")
    query(made, "ANALYZE TABLE event_logs, event_index, dynamic_partitions, runs, run_tags")
    yield made
    mysql.drop(made)


def plan(place: MySQLAddress, queries: Queries) -> Plan:
    """The steps of the plans of queries that read our tables."""
    assert queries
    told: Plan = []
    opened = closing(pymysql.connect(**place.parameters, cursorclass=DictCursor))
    with opened as connection, connection.cursor() as cursor:
        for statement, parameters in queries:
            cursor.execute(f"EXPLAIN {statement}", parameters)
            told += cursor.fetchall()
    return [row for row in told if row["table"] in OURS]


def slow(told: Plan) -> Plan:
    """The steps that read a whole table, or sort what they found."""
    return [row for row in told if row["type"] == "ALL" or "filesort" in (row["Extra"] or "")]


@pytest.mark.parametrize("question", EVENT_QUESTIONS)
def test_questions_about_events_are_answered_from_an_index(
    filled: MySQLAddress, question: str
) -> None:
    with closing(MySQLEventLogStorage(filled)) as store, asked() as queries:
        EVENT_QUESTIONS[question](store)

    told = slow(plan(filled, queries))
    # What is found of some partitions, by an index, is sorted.
    assert {row["type"] for row in told} <= ({"range"} if question == "by partitions" else set())


@pytest.mark.parametrize("question", RUN_QUESTIONS)
def test_questions_about_runs_are_answered_from_an_index(
    filled: MySQLAddress, question: str
) -> None:
    with closing(MySQLRunStorage(filled)) as store, asked() as queries:
        RUN_QUESTIONS[question](store)

    assert slow(plan(filled, queries)) == []


def test_a_question_by_tag_looks_the_tag_up(filled: MySQLAddress) -> None:
    with closing(MySQLRunStorage(filled)) as store, asked() as queries:
        store.get_run_records(RunsFilter(tags={"a": "1"}), 10)

    told = plan(filled, queries)
    assert "run_tags_by_value" in {row["key"] for row in told}
