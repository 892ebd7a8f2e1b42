"""A pipeline and a plan as JSON text: what a run was made from, kept by content hash."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from weakref import WeakKeyDictionary

from dagsterlite.config import Field, config_type_snapshot
from dagsterlite.definitions.composite import CompositeSolidDefinition
from dagsterlite.definitions.dependency import (
    Dependency,
    DependencyDefinition,
    DynamicCollectDependencyDefinition,
    sources_of,
)
from dagsterlite.definitions.graph import Graph
from dagsterlite.definitions.hook import HookDefs
from dagsterlite.definitions.mode import ModeDefinition
from dagsterlite.definitions.node import NodeDefinition
from dagsterlite.definitions.pipeline import PipelineDefinition
from dagsterlite.definitions.retry_policy import RetryPolicy
from dagsterlite.definitions.solid import SolidDefinition
from dagsterlite.plan.execution_plan import ExecutionPlan

_texts: WeakKeyDictionary[PipelineDefinition, str] = WeakKeyDictionary()


def pipeline_snapshot(definition: PipelineDefinition) -> str:
    """Return a pipeline's structure as JSON text; the same pipeline gives the same text."""
    text = _texts.get(definition)
    if text is None:
        text = _texts[definition] = _dump(_pipeline(definition))
    return text


def plan_snapshot(plan: ExecutionPlan) -> str:
    """Return a plan's steps as JSON text; the same plan gives the same text."""
    steps = {
        step.key: {
            "solid": step.solid.definition.name,
            "inputs": {
                item.name: sorted(f"{h.step_key}:{h.output_name}" for h in item.upstream_outputs())
                for item in step.inputs
            },
            "outputs": [item.name for item in step.outputs],
            "tags": dict(step.tags),
        }
        for step in plan.steps
    }
    return _dump({"pipeline": plan.pipeline.name, "steps": steps})


def _dump(data: Mapping[str, Any]) -> str:
    return json.dumps(data, sort_keys=True, separators=(",", ":"))


def _pipeline(definition: PipelineDefinition) -> dict[str, Any]:
    return {
        "name": definition.name,
        "description": definition.description,
        "tags": definition.tags,
        "hooks": _hooks(definition.hook_defs),
        "retry_policy": _policy(definition.solid_retry_policy),
        "graph": _graph(definition.graph),
        "definitions": {d.name: _definition(d) for d in definition.all_solid_defs},
        "modes": {mode.name: _mode(mode) for mode in definition.mode_definitions},
        "presets": sorted(preset.name for preset in definition.preset_defs),
    }


def _graph(graph: Graph) -> dict[str, Any]:
    return {
        name: {
            "definition": solid.definition.name,
            "tags": dict(solid.tags),
            "hooks": _hooks(solid.hook_defs),
            "retry_policy": _policy(solid.retry_policy),
            "inputs": {key: _sources(item) for key, item in graph.dependencies[name].items()},
        }
        for name, solid in graph.solids.items()
    }


def _sources(dependency: Dependency) -> list[str]:
    if isinstance(dependency, DynamicCollectDependencyDefinition):
        return [f"collect:{dependency.solid_name}:{dependency.output_name}"]
    return [
        f"{source.solid}:{source.output}"
        if isinstance(source, DependencyDefinition)
        else f"input:{source.input_name}"
        for source in sources_of(dependency)
    ]


def _definition(definition: NodeDefinition) -> dict[str, Any]:
    data: dict[str, Any] = {
        "description": definition.description,
        "inputs": {d.name: d.dagster_type.display_name for d in definition.input_defs},
        "outputs": {d.name: d.dagster_type.display_name for d in definition.output_defs},
        "required_resources": sorted(definition.required_resource_keys),
    }
    dynamic = [item.name for item in definition.output_defs if item.is_dynamic]
    if dynamic:
        data["dynamic_outputs"] = dynamic
    if isinstance(definition, CompositeSolidDefinition):
        data["graph"] = _graph(definition.graph)
    if isinstance(definition, SolidDefinition):
        data["config"] = _config(definition.config_field)
        data["version"] = definition.version
        data["retry_policy"] = _policy(definition.retry_policy)
    return data


def _hooks(hooks: HookDefs) -> list[str]:
    return sorted(hook.name for hook in hooks)


def _policy(policy: RetryPolicy | None) -> dict[str, Any] | None:
    if policy is None:
        return None
    return {
        "max_retries": policy.max_retries,
        "delay": policy.delay,
        "backoff": policy.backoff and policy.backoff.value,
        "jitter": policy.jitter and policy.jitter.value,
    }


def _mode(mode: ModeDefinition) -> dict[str, Any]:
    return {
        "description": mode.description,
        "resources": {key: _config(d.config_field) for key, d in mode.resource_defs.items()},
        "loggers": {key: _config(d.config_field) for key, d in mode.logger_defs.items()},
        "executors": [d.name for d in mode.executor_defs],
        "storages": [d.name for d in mode.intermediate_storage_defs],
    }


def _config(field: Field | None) -> Any:
    return None if field is None else config_type_snapshot(field.config_type)
