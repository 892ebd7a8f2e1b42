"""What a run's workers need to know, sent once: the pipeline, and the run as it was asked for.

Config travels as given: ``{env: NAME}`` is read where it is used, so no secret is sent. Of the
instance only the folder for intermediates travels, never where runs and events are kept.
"""

from __future__ import annotations

import pickle
from collections.abc import Sequence
from dataclasses import dataclass

import cloudpickle

from dagsterlite.definitions.pipeline import PipelineDefinition
from dagsterlite.errors import DagsterInvariantViolationError
from dagsterlite.runs import DagsterRun
from dagsterlite_dask.shipping import AUTO, NONE, shipped_by_value, user_modules


@dataclass(frozen=True, kw_only=True)
class Payload:
    """Everything about a run that its steps need, wherever they run."""

    #: The pipeline, or the part of it that is selected.
    pipeline: PipelineDefinition
    run: DagsterRun
    #: Solids of the whole pipeline that are not selected: their config is not looked at.
    ignored_solids: tuple[str, ...] = ()
    #: The folder or URL below which each run keeps its intermediates, unless config names one.
    artifacts_dir: str
    retries_enabled: bool = True


def encode_payload(payload: Payload, ship_code: str | Sequence[str] = AUTO) -> bytes:
    """Return the payload as bytes that a worker without the user's code can read.

    Args:
        payload: The payload.
        ship_code: ``auto`` for all of the user's modules, ``none``, or the names of modules.

    Raises:
        DagsterInvariantViolationError: something that the pipeline refers to cannot be pickled.
    """
    names = None if isinstance(ship_code, str) else ship_code
    modules = [] if ship_code == NONE else user_modules(names)
    try:
        with shipped_by_value(modules):
            data: bytes = cloudpickle.dumps(payload, protocol=pickle.HIGHEST_PROTOCOL)
    except Exception as exc:
        message = (
            f"Pipeline '{payload.pipeline.name}' cannot be sent to workers: something that its "
            f"functions refer to cannot be pickled: {exc}. Make such objects (connections, locks, "
            "open files) inside a solid or a resource."
        )
        raise DagsterInvariantViolationError(message) from exc
    return data


def decode_payload(data: bytes) -> Payload:
    """Return what :func:`encode_payload` was given."""
    payload: Payload = cloudpickle.loads(data)
    return payload
