"""What the tests of the plans of database servers have in common."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Engine, event

from dagsterlite.stores import EventLogStorage, RunStorage
from tests.contracts.entries import materialization, message, step
from tests.contracts.run_storage import run

Queries = list[tuple[str, Any]]

OURS = {"event_index", "event_logs", "of_asset", "dynamic_partitions", "runs", "run_tags"}
"""Our tables, as queries name them."""


def fill(events: EventLogStorage, runs: RunStorage) -> None:
    """Have so many rows that an index pays."""
    for number in range(40):
        run_id = f"r{number}" if number else "r"
        runs.add_run(run(run_id, pipeline_name=f"p{number}", tags={"a": str(number)}))
        entries = [e for n in range(20) for e in step(run_id, n)]
        written = [materialization(run_id, 100 + n, "table", str(n)) for n in range(30)]
        events.store_entries([*entries, *written, *(message(run_id, n) for n in range(40))])
    for name in ("days", "weeks"):
        events.add_dynamic_partitions(name, [str(n) for n in range(100)])


@contextmanager
def asked() -> Iterator[Queries]:
    """The queries that stores ask while the block runs."""
    queries: Queries = []

    def note(*call: Any) -> None:
        statement, parameters = call[2], call[3]
        if statement.lstrip().startswith(("SELECT", "WITH")):
            queries.append((statement, parameters))

    event.listen(Engine, "before_cursor_execute", note)
    yield queries
    event.remove(Engine, "before_cursor_execute", note)
