"""Dagster types of pandas data frames."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

import pandas as pd

from dagsterlite.definitions.arguments import list_of
from dagsterlite.errors import (
    CheckError,
    DagsterInvariantViolationError,
    shown,
    type_name,
)
from dagsterlite.events.metadata import EventMetadataEntry
from dagsterlite.events.metadata_arguments import metadata_entries_of
from dagsterlite.events.yielded import TypeCheck
from dagsterlite.types.callables import check_function
from dagsterlite.types.dagster_type import DagsterType
from dagsterlite.types.loader import DagsterTypeLoader, DagsterTypeMaterializer
from dagsterlite_pandas.columns import PandasColumn
from dagsterlite_pandas.constraints import Constraint, DataFrameConstraint
from dagsterlite_pandas.files import dataframe_loader, dataframe_materializer
from dagsterlite_pandas.validation import told, violations

MetadataFn = Callable[[pd.DataFrame], Mapping[str, Any] | Iterable[EventMetadataEntry]]

_COLUMNS_TOLD: Final = 100


def create_dagster_pandas_dataframe_type(
    name: str,
    description: str | None = None,
    columns: Sequence[PandasColumn] | None = None,
    metadata_fn: MetadataFn | None = None,
    dataframe_constraints: Sequence[DataFrameConstraint] | None = None,
    loader: DagsterTypeLoader | None = None,
    materializer: DagsterTypeMaterializer | None = None,
    *,
    event_metadata_fn: MetadataFn | None = None,
) -> DagsterType:
    """Return a type of pandas data frames, with columns and constraints of its own.

    A frame that violates some fails the type check, and the description tells all of them.

    Args:
        name: The type's name.
        description: For people; what the type asks for is added.
        columns: The columns that frames have.
        metadata_fn: Called with a frame that passes; returns what is told of it, as a dict from
            labels to values or a list of ``EventMetadataEntry`` (default: its size and columns).
        dataframe_constraints: What frames must be like as a whole.
        loader: How a frame is made from config (default: from files of several forms).
        materializer: How a frame is written as config asks (default: to such files).
        event_metadata_fn: The older name of ``metadata_fn``.

    Raises:
        CheckError: an argument is of the wrong type, a column is named twice, or both names of
            ``metadata_fn`` are given.
    """
    owner = f"create_dagster_pandas_dataframe_type '{name}'"
    wanted = list_of(owner, "columns", columns, PandasColumn)
    held_to = list_of(
        owner,
        "dataframe_constraints",
        dataframe_constraints,
        DataFrameConstraint,  # type: ignore[type-abstract]
    )
    _check_distinct(owner, [column.name for column in wanted])
    tell = _metadata_fn(owner, metadata_fn, event_metadata_fn)

    def check(_context: Any, value: Any) -> TypeCheck:
        if not isinstance(value, pd.DataFrame):
            found = f"Must be a pandas.DataFrame, not {shown(value)} of type {type_name(value)}."
            return TypeCheck(success=False, description=found)
        violated = violations(value, wanted, held_to)
        if violated:
            return TypeCheck(False, told(violated), _facts(value))
        facts = _facts(value) if tell is None else _told_by(name, tell, value)
        return TypeCheck(True, metadata_entries=facts)

    return DagsterType(
        check,
        name=name,
        description=_description(description, wanted, held_to),
        loader=dataframe_loader if loader is None else loader,
        materializer=dataframe_materializer if materializer is None else materializer,
    )


def _check_distinct(owner: str, names: Sequence[str]) -> None:
    for name in names:
        if names.count(name) > 1:
            message = f"{owner}: column '{name}' stands twice; give its constraints in one column."
            raise CheckError(message)


def _metadata_fn(owner: str, newer: Any, older: Any) -> MetadataFn | None:
    if newer is not None and older is not None:
        message = f"{owner}: metadata_fn and event_metadata_fn are two names of one: give one."
        raise CheckError(message)
    argument = "event_metadata_fn" if newer is None else "metadata_fn"
    given = older if newer is None else newer
    if given is None:
        return None
    function: MetadataFn = check_function(owner, argument, given, ("dataframe",))
    return function


def _told_by(name: str, tell: MetadataFn, value: pd.DataFrame) -> list[EventMetadataEntry]:
    answer = tell(value)
    pair = (None, answer) if isinstance(answer, Mapping) else (answer, None)
    try:
        return metadata_entries_of(f"The metadata function of type '{name}'", *pair)
    except CheckError as exc:
        message = f"The metadata function of type '{name}' returned what is no metadata: {exc}"
        raise DagsterInvariantViolationError(message) from exc


def _facts(frame: pd.DataFrame) -> list[EventMetadataEntry]:
    dtypes = {str(name): str(dtype) for name, dtype in frame.dtypes.head(_COLUMNS_TOLD).items()}
    return [
        EventMetadataEntry.int(len(frame), "row_count"),
        EventMetadataEntry.int(len(frame.columns), "column_count"),
        EventMetadataEntry.json(dtypes, "columns"),
    ]


def _description(
    given: str | None,
    columns: Sequence[PandasColumn],
    constraints: Sequence[DataFrameConstraint],
) -> str:
    lines = [given or "A pandas data frame."]
    lines += [f"- The frame {constraint.markdown_description}." for constraint in constraints]
    for column in columns:
        optional = "" if column.is_required else " (may be left out)"
        lines.append(f"- `{column.name}`{optional}{_asked(column.constraints)}")
    return "\n".join(lines)


def _asked(constraints: Sequence[Constraint]) -> str:
    asked = ", ".join(constraint.markdown_description for constraint in constraints)
    return f": {asked}." if asked else ""


DataFrame: Final = create_dagster_pandas_dataframe_type(
    "PandasDataFrame", "A pandas data frame of any columns."
)
