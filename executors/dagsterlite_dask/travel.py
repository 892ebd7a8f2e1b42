"""Values on their way from one worker to another: one that cannot be read harms nothing else.

Dask has a run wait for good where the message that a value comes in cannot be read.
"""

from __future__ import annotations

import pickle
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from distributed.protocol.pickle import dumps, loads

from dagsterlite.errors import DagsterStorageError
from dagsterlite.events.receipt import OutputPlace

_PLAIN: Final = frozenset({bool, bytes, float, int, str, type(None)})
_OUT_OF_BAND: Final = 5
"""The protocol of pickle from which on large buffers travel as they are, beside the pickle."""


@dataclass(frozen=True)
class Unreadable:
    """Stands for a value that did not survive its way."""

    reason: str


@dataclass(frozen=True)
class _Packed:
    data: bytes
    buffers: list[pickle.PickleBuffer] = field(default_factory=list)


def packed(value: Any, protocol: int) -> Any:
    """Return a value as it travels inside of something that is pickled by a protocol."""
    if type(value) in _PLAIN:
        return value
    buffers: list[pickle.PickleBuffer] = []
    keeps_apart = protocol >= _OUT_OF_BAND
    try:
        data = dumps(value, buffer_callback=buffers.append if keeps_apart else None)
    except Exception as exc:  # noqa: BLE001 - a value's own code decides what pickling it raises
        return Unreadable(f"it cannot be written: {type(exc).__name__}: {exc}")
    return _Packed(data, buffers)


def unpacked(value: Any) -> Any:
    """Return the value that :func:`packed` was given, or what stands for it."""
    if not isinstance(value, _Packed):
        return value
    try:
        return loads(value.data, buffers=value.buffers)
    except Exception as exc:  # noqa: BLE001 - and what reading it raises
        return Unreadable(f"it cannot be read there: {type(exc).__name__}: {exc}")


def value_at(values: Mapping[OutputPlace, Any], place: OutputPlace, step_key: str) -> Any:
    """Return a value out of those that a step left.

    Raises:
        DagsterStorageError: it did not survive its way.
    """
    value = values[place]
    if isinstance(value, Unreadable):
        message = (
            f"Output '{place[0]}' of step '{step_key}' did not come over from another worker: "
            f"{value.reason}. See that both have the same packages and that pickling gives back "
            "what it is given."
        )
        raise DagsterStorageError(message)
    return value
