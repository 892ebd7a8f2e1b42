"""The query language that selects nodes of a graph: ``*name``, ``name+``, ``++name*``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from typing import Any, NamedTuple

from dagsterlite.errors import DagsterInvalidSubsetError, ParameterCheckError, listed, near

_QUERY = re.compile(r"^(?P<up>\*|\++)?(?P<name>[^*+]+)(?P<down>\*|\++)?$")

Adjacency = Mapping[str, AbstractSet[str]]

_ALL = "*"


class Clause(NamedTuple):
    """One query: a name, and how many levels up and down from it (None: all of them)."""

    name: str
    up: int | None = 0
    down: int | None = 0


def parse_clause(query: str) -> Clause:
    """Return the clause that a query's text means.

    Raises:
        DagsterInvalidSubsetError: the text is no query.
    """
    match = _QUERY.match(query.strip())
    if match is None:
        message = (
            f"'{query}' is no selection. Write a name, with '*' before it for all that it depends "
            "on, '*' after it for all that depends on it, or one '+' for each level."
        )
        raise DagsterInvalidSubsetError(message)
    return Clause(match["name"], _levels(match["up"]), _levels(match["down"]))


def _levels(marks: str | None) -> int | None:
    return None if marks == "*" else len(marks or "")


def names_of(queries: Iterable[str]) -> list[str]:
    """Return the name that each query holds; none for the one that selects all.

    Raises:
        DagsterInvalidSubsetError: a text is no query.
    """
    return [parse_clause(query).name for query in queries if query != _ALL]


def select(queries: Iterable[str], upstream: Adjacency, what: str = "solid") -> list[str]:
    """Return the names that any of the queries selects, in the order of ``upstream``.

    Args:
        queries: The queries, e.g. ``["*some_solid+++", "other"]``; ``["*"]`` selects all.
        upstream: For each name, the names that it depends on.
        what: What the names are, for messages.

    Raises:
        DagsterInvalidSubsetError: a query is wrong, names something that is not there, or there
            is none.
    """
    queries = check_queries(queries)
    if queries == [_ALL]:
        return list(upstream)
    clauses = [parse_clause(query) for query in queries]
    if not clauses:
        raise DagsterInvalidSubsetError(f"The selection of {what}s is empty: name at least one.")
    downstream = _reverse(upstream)
    selected: set[str] = set()
    for clause in clauses:
        if clause.name not in upstream:
            message = (
                f"No {what} is named '{clause.name}'.{near(clause.name, upstream)} "
                f"There are: {listed(upstream)}."
            )
            raise DagsterInvalidSubsetError(message)
        selected |= {clause.name}
        selected |= _reach(clause.name, upstream, clause.up)
        selected |= _reach(clause.name, downstream, clause.down)
    return [name for name in upstream if name in selected]


def check_queries(queries: Any) -> list[str]:
    """Return the queries of a selection.

    Raises:
        ParameterCheckError: they are no list of texts.
    """
    if isinstance(queries, str) or not isinstance(queries, Iterable):
        raise ParameterCheckError("selection", "queries", "a list of texts", queries)
    checked = list(queries)
    for query in checked:
        if not isinstance(query, str):
            raise ParameterCheckError("selection", "queries", "a list of texts", query)
    return checked


def _reverse(upstream: Adjacency) -> dict[str, set[str]]:
    downstream: dict[str, set[str]] = {name: set() for name in upstream}
    for name, sources in upstream.items():
        for source in sources:
            downstream[source].add(name)
    return downstream


def _reach(name: str, edges: Adjacency, levels: int | None) -> set[str]:
    reached: set[str] = set()
    front = {name}
    while front and levels != 0:
        front = {target for node in front for target in edges[node]} - reached
        reached |= front
        levels = None if levels is None else levels - 1
    return reached
