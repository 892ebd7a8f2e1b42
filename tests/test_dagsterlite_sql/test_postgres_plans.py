"""Each question can be answered from an index, in the order asked for: Postgres tells its plan.

It reads small tables as they lie, and sorts what is little, where both are allowed. So they are
not: what is left of it in a plan, no index can spare.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest

from dagsterlite.runs import RunsFilter
from dagsterlite_sql.postgres_address import PostgresAddress
from dagsterlite_sql.postgres_events import PostgresEventLogStorage
from dagsterlite_sql.postgres_runs import PostgresRunStorage
from tests.test_dagsterlite_sql.postgres_server import Server
from tests.test_dagsterlite_sql.server_plans import OURS, Queries, asked, fill
from tests.test_dagsterlite_sql.test_query_plans import EVENT_QUESTIONS, RUN_QUESTIONS

AS_IT_LIES = "Seq Scan"
#: An incremental one sorts only what an index does not tell apart, as it comes.
SORTED = "Sort"
FORBIDDEN = ("enable_seqscan", "enable_sort", "enable_bitmapscan")


@pytest.fixture(scope="module")
def filled(server: Server) -> Iterator[PostgresAddress]:
    made = server.create("template0")
    with (
        closing(PostgresEventLogStorage(made)) as events,
        closing(PostgresRunStorage(made)) as runs,
    ):
        fill(events, runs)
    with made.connect(autocommit=True) as connection:
        connection.execute(b"ANALYZE")
    yield made
    server.drop(made)


def plan(place: PostgresAddress, queries: Queries) -> list[dict[str, Any]]:
    """The nodes of the plans of queries."""
    assert queries
    found: list[dict[str, Any]] = []
    with place.connect(autocommit=True) as connection:
        for setting in FORBIDDEN:
            connection.execute(f"SET {setting} = off".encode())
        for statement, parameters in queries:
            row = connection.execute(f"EXPLAIN (FORMAT JSON) {statement}".encode(), parameters)
            ((told,),) = row.fetchall()
            top = told if isinstance(told, list) else json.loads(told)
            found += nodes(top[0]["Plan"])
    return found


def nodes(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield node
    for below in node.get("Plans", ()):
        yield from nodes(below)


def slow(found: list[dict[str, Any]]) -> list[str]:
    """What reads a whole table of ours, or sorts what it found."""
    read = [n["Relation Name"] for n in found if n["Node Type"] == AS_IT_LIES]
    return [table for table in read if table in OURS] + [
        n["Node Type"] for n in found if n["Node Type"] == SORTED
    ]


@pytest.mark.parametrize("question", EVENT_QUESTIONS)
def test_questions_about_events_are_answered_from_an_index(
    filled: PostgresAddress, question: str
) -> None:
    with closing(PostgresEventLogStorage(filled)) as store, asked() as queries:
        EVENT_QUESTIONS[question](store)

    assert slow(plan(filled, queries)) == []


@pytest.mark.parametrize("question", RUN_QUESTIONS)
def test_questions_about_runs_are_answered_from_an_index(
    filled: PostgresAddress, question: str
) -> None:
    with closing(PostgresRunStorage(filled)) as store, asked() as queries:
        RUN_QUESTIONS[question](store)

    assert slow(plan(filled, queries)) == []


def test_a_question_by_tag_looks_the_tag_up(filled: PostgresAddress) -> None:
    with closing(PostgresRunStorage(filled)) as store, asked() as queries:
        store.get_run_records(RunsFilter(tags={"a": "1"}), 10)

    found = plan(filled, queries)
    assert slow(found) == []
    assert "run_tags_by_value" in {node.get("Index Name") for node in found}
