"""The part of a pipeline that a selection of solids leaves."""

from __future__ import annotations

from collections.abc import Sequence

from dagsterlite.definitions.pipeline import PipelineDefinition
from dagsterlite.definitions.subset import subset_pipeline
from dagsterlite.errors import DagsterInvalidSubsetError
from dagsterlite.plan.selection import select


def selected_solids(definition: PipelineDefinition, queries: Sequence[str]) -> frozenset[str]:
    """Return the names of the solids that the queries select.

    Raises:
        DagsterInvalidSubsetError: a query is wrong, names no solid, or there is none.
    """
    try:
        return frozenset(select(queries, definition.graph.upstream()))
    except DagsterInvalidSubsetError as exc:
        message = (
            f"No qualified solids to execute found for solid_selection={list(queries)} in pipeline "
            f"'{definition.name}': {exc}"
        )
        raise DagsterInvalidSubsetError(message) from None


def selected_part(
    definition: PipelineDefinition, queries: Sequence[str] | None
) -> PipelineDefinition:
    """Return the pipeline with only the solids that the queries select; None selects all.

    Raises:
        DagsterInvalidSubsetError: a query is wrong, names no solid, or an input that is cut off
            can get no value.
    """
    if queries is None:
        return definition
    return subset_pipeline(definition, selected_solids(definition, queries))
