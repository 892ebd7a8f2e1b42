"""What a run's workers need to know, sent once: the pipeline, and the run as it was asked for.

Config travels as given: ``{env: NAME}`` is read where it is used, so no secret is sent. Of the
instance only the folder for intermediates travels, never where runs and events are kept.
"""

from __future__ import annotations

import io
import pickle
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

import cloudpickle

from dagsterlite.compute_logs import ComputeLogManager, NoOpComputeLogManager
from dagsterlite.config import Any as AnyConfig
from dagsterlite.config import Field
from dagsterlite.configurable import ConfigurableClassData
from dagsterlite.definitions.configured import ConfigurableDefinition
from dagsterlite.definitions.executor import ExecutorDefinition
from dagsterlite.definitions.hook import HookDefinition
from dagsterlite.definitions.logger import LoggerDefinition
from dagsterlite.definitions.node import NodeDefinition
from dagsterlite.definitions.pipeline import PipelineDefinition
from dagsterlite.errors import DagsterInvariantViolationError, listed
from dagsterlite.runs import DagsterRun
from dagsterlite_dask.resource_scope import ResourceScope
from dagsterlite_dask.shipping import AUTO, modules_to_ship, shipped_by_value


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
    #: What keeps what steps print: the config of a manager, or one that has none.
    compute_logs: ConfigurableClassData | ComputeLogManager = field(
        default_factory=NoOpComputeLogManager
    )
    #: Whether the driver commits what steps have written, and no worker does.
    defers_commits: bool = False
    retries_enabled: bool = True
    resource_scope: ResourceScope = ResourceScope.WORKER
    #: How many bytes of outputs a worker process may hold that are to be stored while the next
    #: steps run; None where steps are stored before these.
    behind_bytes: int | None = None
    #: How many bytes of loaded values a worker process keeps.
    cache_bytes: int = 0


def encode_payload(payload: Payload, ship_code: str | Sequence[str] = AUTO) -> bytes:
    """Return the payload as bytes that a worker without the user's code can read.

    Where ``auto`` meets a module that cannot be pickled, all modules go by their names: a worker
    that can import them needs no more.

    Args:
        payload: The payload.
        ship_code: As for :func:`~dagsterlite_dask.shipping.modules_to_ship`.

    Raises:
        DagsterInvariantViolationError: something that the pipeline refers to cannot be pickled, or
            a module cannot be imported.
    """
    modules = modules_to_ship(ship_code)
    try:
        return _dumps(payload, modules)
    except Exception as exc:
        if ship_code == AUTO:
            # Where that fails too, the first error tells more.
            with suppress(Exception):
                return _dumps(payload, [])
        raise DagsterInvariantViolationError(_unpicklable(payload, modules, exc)) from exc


def _dumps(value: object, modules: Sequence[ModuleType]) -> bytes:
    file = io.BytesIO()
    with shipped_by_value(modules):
        _Pickler(file, protocol=pickle.HIGHEST_PROTOCOL).dump(value)
    return file.getvalue()


class _Pickler(cloudpickle.Pickler):  # type: ignore[misc]
    """Leaves functions at home that make or configure loggers and executors but cannot travel.

    Both live on the driver, and often hold on to what no other process can have: a handler, a
    cluster. Those that can travel do: a step may run a pipeline itself.
    """

    def reducer_override(self, obj: Any) -> Any:
        match obj:
            case LoggerDefinition():
                at_home = _left_at_home(obj, "logger_fn")
            case ExecutorDefinition():
                at_home = _left_at_home(obj, "_create")
            case _:
                return super().reducer_override(obj)
        if at_home:
            return _rebuilt, (type(obj), {**obj.__dict__, **at_home})
        return super().reducer_override(obj)


def _left_at_home(definition: ConfigurableDefinition, function: str) -> dict[str, Any]:
    """Return what stands in for the parts of a definition that cannot travel, by attribute."""
    stand_ins: dict[str, Any] = {}
    if not _travels(getattr(definition, function)):
        stand_ins[function] = driver_only
    if not _travels(definition.config_field):
        # The driver has checked the config: workers take it as it is.
        stand_ins["config_field"] = Field(AnyConfig, is_required=False)
    return stand_ins


def _travels(function: Any) -> bool:
    try:
        cloudpickle.dumps(function)
    except Exception:  # noqa: BLE001 - a user's object decides what pickling it raises
        return False
    return True


def _rebuilt(cls: type, state: Mapping[str, Any]) -> Any:
    made: Any = object.__new__(cls)
    made.__dict__.update(state)
    return made


def driver_only(_init_context: Any) -> Any:
    """Stand in on workers for a function that is called on the driver.

    Raises:
        DagsterInvariantViolationError: always.
    """
    message = "Loggers and executors are made by a run's driver, not on its workers."
    raise DagsterInvariantViolationError(message)


def _unpicklable(payload: Payload, modules: Sequence[ModuleType], exc: Exception) -> str:
    pipeline = payload.pipeline
    return (
        f"{pipeline.label} cannot be sent to workers: something that its functions refer to cannot "
        f"be pickled: {type(exc).__name__}: {exc}.{_guilty(pipeline, modules)} Make such objects "
        f"(connections, locks, open files) inside {pipeline.words.a_node} or a resource."
    )


def _guilty(pipeline: PipelineDefinition, modules: Sequence[ModuleType]) -> str:
    found: list[str] = []
    definitions: dict[str, Iterable[NodeDefinition | HookDefinition]] = {
        pipeline.words.node: pipeline.all_solid_defs,
        "hook": pipeline.all_hook_defs,
    }
    for kind, some in definitions.items():
        names = [one.name for one in some if not _can_be_sent(one, modules)]
        found += [f"the {kind} {listed(names)}"] if names else []
    return f" It stands with {' and '.join(found)}." if found else ""


def _can_be_sent(definition: object, modules: Sequence[ModuleType]) -> bool:
    try:
        _dumps(definition, modules)
    except Exception:  # noqa: BLE001 - a user's object decides what pickling it raises
        return False
    return True


def decode_payload(data: bytes) -> Payload:
    """Return what :func:`encode_payload` was given."""
    payload: Payload = cloudpickle.loads(data)
    return payload
