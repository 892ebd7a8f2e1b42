"""Keeping what was read from the environment out of what is told and stored."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from dagsterlite.config.secrets import Redact
from dagsterlite.events.engine import EngineEventData
from dagsterlite.events.event import DagsterEvent
from dagsterlite.events.payloads import (
    AssetObservationData,
    EventSpecificData,
    HandledOutputData,
    LoadedInputData,
    ObjectStoreOperationResultData,
    StepInputData,
    StepMaterializationData,
    StepOutputData,
)
from dagsterlite.serdes import map_text


def redacted_event(event: DagsterEvent, redact: Redact) -> DagsterEvent:
    """Return an event without secrets in its message and payload.

    Names and keys stay: a secret that is as common a word as a solid's name must not change what
    the event speaks of.
    """
    data = event.event_specific_data
    return replace(
        event,
        message=redact(event.message),
        event_specific_data=None if data is None else _payload(data, redact),
    )


def _payload(data: EventSpecificData, redact: Redact) -> EventSpecificData:
    changed: Any = map_text(data, redact)
    match data:
        case StepMaterializationData(told, code_version):
            return StepMaterializationData(_as_named(changed.materialization, told), code_version)
        case AssetObservationData(told):
            return AssetObservationData(_as_named(changed.asset_observation, told))
    names = {name: getattr(data, name) for name in _NAMES.get(type(data), ())}
    payload: EventSpecificData = replace(changed, **names)
    return payload


_NAMES: Final[dict[type, tuple[str, ...]]] = {
    StepInputData: ("input_name",),
    StepOutputData: ("step_output_handle",),
    ObjectStoreOperationResultData: ("value_name", "address", "codec", "checksum"),
    HandledOutputData: ("output_name", "manager_key"),
    LoadedInputData: (
        "input_name",
        "manager_key",
        "upstream_output_name",
        "upstream_step_key",
    ),
    EngineEventData: ("detail",),
}


def _as_named(changed: Any, told: Any) -> Any:
    return replace(changed, asset_key=told.asset_key, partition=told.partition)
