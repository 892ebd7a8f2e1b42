"""A run config that was checked and resolved: what each part of the run is configured with."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

from dagsterlite.config import Evaluation, EvaluationError, resolve_config
from dagsterlite.config.composite import Shape
from dagsterlite.config.path import path_text
from dagsterlite.config.secrets import Redact, redactor
from dagsterlite.definitions.composite import CompositeSolidDefinition
from dagsterlite.definitions.configurable import resolve_default
from dagsterlite.definitions.graph import Graph
from dagsterlite.definitions.mode import ModeDefinition
from dagsterlite.definitions.node import Solid
from dagsterlite.definitions.pipeline import PipelineDefinition
from dagsterlite.errors import (
    DagsterConfigMappingFunctionError,
    DagsterInvalidConfigError,
    user_code_error_boundary,
)
from dagsterlite.handles import SolidHandle
from dagsterlite.run_config.schema import build_schema, mapped_solids_schema


@dataclass(frozen=True)
class SolidConfig:
    """What one solid is configured with."""

    config: Any = None
    #: The config of inputs that are loaded from config, by input.
    inputs: Mapping[str, Any] = field(default_factory=dict)
    #: ``(output, config)`` for each output to be written, or whose IO manager takes config.
    outputs: tuple[tuple[str, Any], ...] = ()


NO_CONFIG = SolidConfig()

_SELECTIONS = frozenset({"execution", "storage", "intermediate_storage"})


@dataclass(frozen=True)
class Selected:
    """One of several named things, with its config."""

    name: str
    config: Any = None


@dataclass(frozen=True, kw_only=True)
class EnvironmentConfig:
    """The run config of one run, resolved (seed 004)."""

    mode: str
    #: By dotted handle, also inside composites; solids without config are left out.
    solids: Mapping[str, SolidConfig] = field(default_factory=dict, repr=False)
    #: The executor that was selected; None means the first that the mode offers.
    execution: Selected | None = None
    #: The storage that was selected, by either section; None means the mode's first.
    intermediate_storage: Selected | None = None
    #: Whether the storage was selected by the older section ``storage``.
    uses_system_storage: bool = False
    resources: Mapping[str, Any] = field(default_factory=dict, repr=False)
    #: The loggers that were named; empty means the console.
    loggers: Mapping[str, Any] = field(default_factory=dict)
    #: The run config as given: what is stored and sent.
    original_config: Mapping[str, Any] = field(default_factory=dict)
    #: Texts that were read from the environment, never to be shown.
    secrets: frozenset[str] = field(default=frozenset(), repr=False)

    @staticmethod
    def build(
        pipeline_def: PipelineDefinition,
        run_config: Mapping[str, Any] | None = None,
        mode: str | None = None,
        ignored_solids: Iterable[str] = (),
        environ: Mapping[str, str] = os.environ,
    ) -> EnvironmentConfig:
        """Check and resolve a run config.

        Args:
            pipeline_def: The pipeline, or the part of it that is selected.
            run_config: As given.
            mode: The mode's name.
            ignored_solids: Solids that are not selected: their config is not looked at.
            environ: Where ``{env: NAME}`` is read from.

        Raises:
            DagsterInvalidConfigError: it does not fit; all misfits at once, each with its path.
        """
        mode_def = pipeline_def.get_mode_definition(mode)
        schema = build_schema(pipeline_def, mode_def, ignored_solids)
        given = _without_empty(with_solids(run_config, pipeline_def.graph))
        preamble = f"Error in config for pipeline {pipeline_def.name}"
        config = _resolve(schema, given, environ, preamble)
        solids = _Solids(mode_def, environ, config.env_values.values())
        solids.collect(pipeline_def.graph, config.value["solids"])
        storage, intermediates = (
            _selected(config.value.get(key)) for key in ("storage", "intermediate_storage")
        )
        if storage and intermediates:
            message = (
                f"{preamble}: 'storage' and 'intermediate_storage' both select where "
                "intermediates are kept. Keep one of them."
            )
            raise DagsterInvalidConfigError(message, [], run_config)
        return EnvironmentConfig(
            mode=mode_def.name,
            solids=solids.configs,
            execution=_selected(config.value.get("execution")),
            intermediate_storage=storage or intermediates,
            uses_system_storage=storage is not None,
            resources=_configs(config.value["resources"]),
            loggers=_configs(config.value["loggers"]),
            original_config=run_config or {},
            secrets=solids.secrets.union(_of_defaults(mode_def, environ)),
        )

    def solid(self, handle: SolidHandle) -> SolidConfig:
        """Return what a solid is configured with."""
        return self.solids.get(str(handle), NO_CONFIG)


def with_solids(section: Any, graph: Graph) -> Any:
    """Return a section with ``ops`` read as ``solids``, its other name, also in composites."""
    if not isinstance(section, Mapping):
        return section
    given = dict(section)
    if "ops" in given and "solids" not in given:
        given["solids"] = given.pop("ops")
    solids = given.get("solids")
    if isinstance(solids, Mapping):
        given["solids"] = {
            name: _with_inner_solids(inner, graph.solids.get(name))
            for name, inner in solids.items()
        }
    return given


def _with_inner_solids(section: Any, solid: Solid | None) -> Any:
    if solid is None or not isinstance(solid.definition, CompositeSolidDefinition):
        return section
    is_mapped = solid.definition.config_mapping is not None
    return section if is_mapped else with_solids(section, solid.definition.graph)


def _resolve(
    schema: Shape,
    config: Any,
    environ: Mapping[str, str],
    preamble: str,
    secrets: Iterable[str] = (),
) -> Evaluation:
    evaluation = resolve_config(schema, config, environ)
    if not evaluation.success:
        errors = _redacted(evaluation.errors, redactor(secrets))
        raise DagsterInvalidConfigError(preamble, errors, config)
    return evaluation


def _redacted(
    errors: Sequence[EvaluationError], redact: Redact | None
) -> Sequence[EvaluationError]:
    if redact is None:
        return errors
    return [replace(error, message=redact(error.message)) for error in errors]


def _selected(section: Mapping[str, Any] | None) -> Selected | None:
    for name, config in (section or {}).items():
        return Selected(name, (config or {}).get("config"))
    return None


def _configs(sections: Mapping[str, Any]) -> dict[str, Any]:
    return {name: section.get("config") for name, section in sections.items()}


def _of_defaults(mode: ModeDefinition, environ: Mapping[str, str]) -> Iterator[str]:
    """Yield what is read from the environment for things that are used unless config selects."""
    for definition in (*mode.executor_defs[:1], *mode.intermediate_storage_defs):
        # A default that cannot be made is told of where it is used, if it is.
        with suppress(DagsterConfigMappingFunctionError):
            evaluation = resolve_default(definition.label, definition.config_field, environ)
            yield from () if evaluation is None else evaluation.env_values.values()


def _without_empty(given: Any) -> Any:
    """Return the config without selections that were left empty: they select nothing."""
    if not isinstance(given, dict):
        return given
    return {
        key: value for key, value in given.items() if key not in _SELECTIONS or not _empty(value)
    }


def _empty(value: Any) -> bool:
    return value is None or (isinstance(value, Mapping) and not value)


@dataclass(frozen=True)
class _Place:
    """Where the config of a graph's solids stands."""

    path: tuple[str, ...] = ("solids",)
    #: What the path leads through; empty for the run config itself.
    within: str = ""

    def inside(self, composite: str) -> _Place:
        return _Place((*self.path, composite, "solids"), self.within)

    def config_of(self, solid: str) -> str:
        return f"path {path_text((*self.path, solid, 'config'))}{self.within}"


class _Solids:
    """Collects the configs of solids, also inside composites, and the secrets read on the way."""

    def __init__(
        self, mode: ModeDefinition, environ: Mapping[str, str], secrets: Iterable[str]
    ) -> None:
        self._mode = mode
        self._environ = environ
        self.configs: dict[str, SolidConfig] = {}
        self.secrets = frozenset(secrets)
        self._schemas: dict[CompositeSolidDefinition, Shape] = {}

    def collect(
        self,
        graph: Graph,
        sections: Mapping[str, Any],
        parent: SolidHandle | None = None,
        place: _Place = _Place(),
    ) -> None:
        for name, solid in graph.solids.items():
            section = sections.get(name)
            if section is None:
                continue
            handle = SolidHandle(name, parent)
            config = SolidConfig(
                section.get("config"), section.get("inputs", {}), tuple(_outputs(section))
            )
            if config != NO_CONFIG:
                self.configs[str(handle)] = config
            definition = solid.definition
            if isinstance(definition, CompositeSolidDefinition):
                self._collect_inside(definition, section, handle, place)

    def _collect_inside(
        self,
        definition: CompositeSolidDefinition,
        section: Mapping[str, Any],
        handle: SolidHandle,
        place: _Place,
    ) -> None:
        if definition.config_mapping is None:
            sections = section["solids"]
            self.collect(definition.graph, sections, handle, place.inside(handle.name))
            return
        fn = f"config_fn of composite solid '{handle}'"
        given = place.config_of(handle.name)
        with user_code_error_boundary(
            DagsterConfigMappingFunctionError,
            lambda: f"The {fn} raised an error for the config at {given}.",
        ):
            mapped = definition.config_mapping.config_fn(section.get("config"))
        preamble = f"Error in the config that the {fn} returned for the config at {given}"
        sections = self._resolved(definition, mapped, preamble)
        self.collect(definition.graph, sections, handle, _Place((), f" of what the {fn} returned"))

    def _resolved(
        self, definition: CompositeSolidDefinition, mapped: Any, preamble: str
    ) -> Mapping[str, Any]:
        given = with_solids({"solids": mapped}, definition.graph)["solids"]
        schema = self._schemas.get(definition)
        if schema is None:
            schema = mapped_solids_schema(definition, self._mode)
            self._schemas[definition] = schema
        resolved = _resolve(schema, given, self._environ, preamble, self.secrets)
        self.secrets = self.secrets.union(resolved.env_values.values())
        return dict(resolved.value)


def _outputs(section: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    outputs = section.get("outputs", ())
    for entry in [outputs] if isinstance(outputs, Mapping) else outputs:
        yield from entry.items()
