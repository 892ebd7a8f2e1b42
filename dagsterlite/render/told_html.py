"""What steps told of their work, as a page shows it: assets and expectations, with their facts."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Final

from dagsterlite.events.event import DagsterEvent
from dagsterlite.events.metadata import (
    DagsterAssetMetadataEntryData,
    EventMetadataEntry,
    JsonMetadataEntryData,
    PathMetadataEntryData,
    PythonArtifactMetadataEntryData,
    UrlMetadataEntryData,
)
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
        case PythonArtifactMetadataEntryData(module, name):
            return tag("code", text(f"{module}.{name}"))
        case DagsterAssetMetadataEntryData(asset_key):
            return text(asset_key.to_user_string())
        case data:
            (value,) = (str(item) for item in vars(data).values())
            return tag("code" if isinstance(data, PathMetadataEntryData) else "span", text(value))
