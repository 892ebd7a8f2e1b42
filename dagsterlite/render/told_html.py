"""What steps told of their work, as a page shows it: assets and expectations, with their facts."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Final

from dagsterlite.events.event import DagsterEvent
from dagsterlite.events.metadata import EventMetadataEntry
from dagsterlite.events.metadata_values import (
    JsonMetadataEntryData,
    NotebookMetadataValue,
    PathMetadataEntryData,
    PythonArtifactMetadataEntryData,
    TableMetadataValue,
    TableSchemaMetadataValue,
    UrlMetadataEntryData,
)
from dagsterlite.events.table_metadata import TableColumn, TableRecord
from dagsterlite.render.event_lines import value_text
from dagsterlite.render.html import Html, joined, link, quiet, table, tag, text, title
from dagsterlite.render.looks import colored, look_of_step
from dagsterlite.render.safe_text import shown_key

_SHOWN: Final = 100


def assets(events: Sequence[DagsterEvent]) -> Iterator[Html]:
    """Yield what steps materialized: each asset with its facts."""
    made = [event for event in events if event.is_step_materialization]
    if made:
        yield title("Assets")
        yield from _listed(("Asset", "Step", "Facts", ""), list(map(_asset, made[:_SHOWN])), made)


def _listed(
    header: Sequence[str], rows: Sequence[Sequence[Html]], events: Sequence[DagsterEvent]
) -> Iterator[Html]:
    yield table(header, rows)
    if len(events) > len(rows):
        yield quiet(f"… and {len(events) - len(rows)} more")


def _asset(event: DagsterEvent) -> tuple[Html, ...]:
    item = event.step_materialization_data.materialization
    return (
        tag("b", text(item.label)),
        text(shown_key(event.step_key or "")),
        joined(map(_fact, item.metadata_entries), Html("<br>")),
        quiet(item.description or ""),
    )


def expectations(events: Sequence[DagsterEvent]) -> Iterator[Html]:
    """Yield what steps expected, and whether it was so."""
    checked = [event for event in events if event.is_expectation_result]
    if checked:
        yield title("Expectations")
        header = ("", "Expectation", "Step", "Facts", "")
        yield from _listed(header, list(map(_expectation, checked[:_SHOWN])), checked)


def _expectation(event: DagsterEvent) -> tuple[Html, ...]:
    item = event.step_expectation_result_data.expectation_result
    look = look_of_step("SUCCESS" if item.success else "FAILURE")
    return (
        colored(look.sign, look.color),
        tag("b", text(item.label or "")),
        text(shown_key(event.step_key or "")),
        joined(map(_fact, item.metadata_entries), Html("<br>")),
        quiet(item.description or ""),
    )


def _fact(entry: EventMetadataEntry) -> Html:
    return joined((quiet(f"{entry.label} "), _fact_value(entry)))


def _fact_value(entry: EventMetadataEntry) -> Html:
    match entry.entry_data:
        case UrlMetadataEntryData(url):
            return link(url)
        case JsonMetadataEntryData(data):
            return tag("code", text(json.dumps(data, ensure_ascii=False)))
        case TableMetadataValue(records, schema):
            return _records(records, schema.columns if schema else [])
        case TableSchemaMetadataValue(schema):
            return table(("Column", "Type", ""), map(_column, schema.columns))
        case PathMetadataEntryData() | NotebookMetadataValue() | PythonArtifactMetadataEntryData():
            return tag("code", text(value_text(entry.entry_data)))
        case data:
            return tag("span", text(value_text(data)))


def _records(records: Sequence[TableRecord], columns: Sequence[TableColumn]) -> Html:
    names = [column.name for column in columns]
    rows = [[text(record.data.get(name, "")) for name in names] for record in records[:_SHOWN]]
    left_out = len(records) - len(rows)
    more = [quiet(f"… and {left_out} more")] if left_out else []
    return joined((table(names, rows), *more))


def _column(column: TableColumn) -> tuple[Html, ...]:
    return tag("b", text(column.name)), text(column.type), quiet(column.description or "")
