"""A run config that was checked and resolved: what each part of the run is configured with."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from dagsterlite.config import ConfigType, Evaluation, resolve_config
from dagsterlite.definitions.composite import CompositeSolidDefinition
from dagsterlite.definitions.graph import Graph
from dagsterlite.definitions.pipeline import PipelineDefinition
from dagsterlite.errors import (
    DagsterConfigMappingFunctionError,
    DagsterInvalidConfigError,
    user_code_error_boundary,
)
from dagsterlite.handles import SolidHandle
from dagsterlite.run_config.defaults import with_defaults
from dagsterlite.run_config.schema import build_schema, mapped_solids_schema, run_config_type


@dataclass(frozen=True)
class SolidConfig:
    """What one solid is configured with."""

    config: Any = None
    #: The config of inputs that are loaded from config, by input.
    inputs: Mapping[str, Any] = field(default_factory=dict)
    #: ``(output, config)`` for each output to be written, in the order given.
    outputs: tuple[tuple[str, Any], ...] = ()


NO_CONFIG = SolidConfig()

_TOP = ""
"""Stands for the handle of the whole."""

_IN_PROCESS_IGNORES = frozenset({"execution"})

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
    #: By dotted handle, also inside composites; solids without config are left out. The inputs of
    #: the whole stand under the empty handle.
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
        original = with_defaults(pipeline_def, run_config)
        preamble = f"Error in config for {pipeline_def.words.pipeline} {pipeline_def.name}"
        given, secrets = _standard(pipeline_def, original, environ, preamble)
        if pipeline_def.config_mapping is not None:
            preamble = (
                f"Error in the config that the config mapping of {pipeline_def.label} returned"
            )
        left_out = _IN_PROCESS_IGNORES if pipeline_def.stays_in_process else frozenset()
        config = _resolve(schema, _without_empty(given, left_out), environ, preamble)
        solids = _Solids(environ)
        solids.collect_top(pipeline_def, config.value)
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
            original_config=original,
            secrets=solids.secrets.union(secrets, config.env_values.values()),
        )

    def solid(self, handle: SolidHandle | None) -> SolidConfig:
        """Return what a solid is configured with; without a handle, the inputs of the whole."""
        return self.solids.get(_TOP if handle is None else str(handle), NO_CONFIG)


def _standard(
    definition: PipelineDefinition, given: Any, environ: Mapping[str, str], preamble: str
) -> tuple[Any, frozenset[str]]:
    """Return the run config in its usual form, and the secrets read where one was mapped to it."""
    mapping = definition.config_mapping
    if mapping is None:
        return given, frozenset()
    mode = definition.get_default_mode()
    resolved = _resolve(run_config_type(definition, mode), given, environ, preamble)
    with user_code_error_boundary(
        DagsterConfigMappingFunctionError,
        lambda: f"The config mapping of {definition.label} raised an error.",
    ):
        mapped = mapping.config_fn(resolved.value)
    return mapped, frozenset(resolved.env_values.values())


def _resolve(
    schema: ConfigType, config: Any, environ: Mapping[str, str], preamble: str
) -> Evaluation:
    evaluation = resolve_config(schema, config, environ)
    if not evaluation.success:
        raise DagsterInvalidConfigError(preamble, evaluation.errors, config)
    return evaluation


def _selected(section: Mapping[str, Any] | None) -> Selected | None:
    for name, config in (section or {}).items():
        return Selected(name, (config or {}).get("config"))
    return None


def _configs(sections: Mapping[str, Any]) -> dict[str, Any]:
    return {name: section.get("config") for name, section in sections.items()}


def _without_empty(given: Any, left_out: frozenset[str]) -> Any:
    """Return the config without what is left out and without selections that select nothing."""
    if not isinstance(given, Mapping):
        return given
    return {
        key: value
        for key, value in given.items()
        if key not in left_out and (key not in _SELECTIONS or not _empty(value))
    }


def _empty(value: Any) -> bool:
    return value is None or (isinstance(value, Mapping) and not value)


class _Solids:
    """Collects the configs of solids, also inside composites, and the secrets read on the way."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self.configs: dict[str, SolidConfig] = {}
        self.secrets: frozenset[str] = frozenset()

    def collect_top(self, definition: PipelineDefinition, sections: Mapping[str, Any]) -> None:
        if sections.get("inputs"):
            self.configs[_TOP] = SolidConfig(inputs=sections["inputs"])
        top, inner = definition.graph_def, sections["solids"]
        if top is not None and top.config_mapping is not None:
            inner = self._inner_sections(top, inner, top.label)
        self.collect(definition.graph, inner, None)

    def collect(
        self, graph: Graph, sections: Mapping[str, Any], parent: SolidHandle | None
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
                place = f"{definition.kind} '{handle}'"
                inner = self._inner_sections(definition, section, place)
                self.collect(definition.graph, inner, handle)

    def _inner_sections(
        self,
        definition: CompositeSolidDefinition,
        section: Mapping[str, Any],
        place: str,
    ) -> Mapping[str, Any]:
        mapping = definition.config_mapping
        if mapping is None:
            inner: Mapping[str, Any] = section["solids"]
            return inner
        with user_code_error_boundary(
            DagsterConfigMappingFunctionError,
            lambda: f"The config_fn of {place} raised an error.",
        ):
            mapped = mapping.config_fn(section.get("config"))
        preamble = f"Error in the config that the config_fn of {place} returned"
        resolved = _resolve(mapped_solids_schema(definition), mapped, self._environ, preamble)
        self.secrets = self.secrets.union(resolved.env_values.values())
        return dict(resolved.value)


def _outputs(section: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for entry in section.get("outputs", ()):
        yield from entry.items()
