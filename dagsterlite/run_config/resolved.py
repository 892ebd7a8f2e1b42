"""A run config that was checked and resolved: what each part of the run is configured with."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from dagsterlite.config import (
    ConfigType,
    Evaluation,
    resolve_config,
    unset_in,
)
from dagsterlite.definitions.configurable import resolve_default
from dagsterlite.definitions.mode import ModeDefinition
from dagsterlite.definitions.pipeline import PipelineDefinition
from dagsterlite.errors import (
    DagsterConfigMappingFunctionError,
    DagsterInvalidConfigError,
    user_code_error_boundary,
)
from dagsterlite.handles import SolidHandle
from dagsterlite.run_config.defaults import with_defaults
from dagsterlite.run_config.refusal import resolve_or_refuse
from dagsterlite.run_config.schema import build_schema, run_config_type
from dagsterlite.run_config.solid_configs import NO_CONFIG, WHOLE, SolidConfig, SolidConfigs

_IN_PROCESS_IGNORES = frozenset({"execution"})

_USED_BY_STEPS = frozenset({"inputs", "solids", "resources"})
"""The sections of which the process that drives a run uses nothing by itself."""

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
        *,
        leaves_unset: bool = False,
    ) -> EnvironmentConfig:
        """Check and resolve a run config.

        Args:
            pipeline_def: The pipeline, or the part of it that is selected.
            run_config: As given.
            mode: The mode's name.
            ignored_solids: Solids that are not selected: their config is not looked at.
            environ: Where ``{env: NAME}`` is read from.
            leaves_unset: Whether what a variable holds that is not set may stay open, where the
                executor has steps resolve their config elsewhere.

        Raises:
            DagsterInvalidConfigError: it does not fit; all misfits at once, each with its path.
        """
        mode_def = pipeline_def.get_mode_definition(mode)
        original = with_defaults(pipeline_def, run_config)
        preamble = f"Error in config for {pipeline_def.words.pipeline} {pipeline_def.name}"
        given, secrets = _standard(pipeline_def, original, environ, preamble)
        if pipeline_def.config_mapping is not None:
            mapping = f"config mapping of {pipeline_def.label}"
            preamble = f"Error in the config that the {mapping} returned"
        left_out = _IN_PROCESS_IGNORES if pipeline_def.stays_in_process else frozenset()
        given = _without_empty(given, left_out)
        names_storage = isinstance(given, Mapping) and "storage" in given
        schema = build_schema(
            pipeline_def, mode_def, ignored_solids, names_system_storage=names_storage
        )
        open_for = mode_def if leaves_unset else None
        config = _resolve(schema, given, environ, preamble, secrets, open_for)
        solids = SolidConfigs(mode_def, environ, secrets.union(config.env_values.values()))
        solids.collect_whole(pipeline_def, config.value, given)
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
            secrets=solids.secrets.union(_of_defaults(mode_def, environ)),
        )

    def solid(self, handle: SolidHandle | None) -> SolidConfig:
        """Return what a solid is configured with; without a handle, the inputs of the whole."""
        return self.solids.get(WHOLE if handle is None else str(handle), NO_CONFIG)


def _standard(
    definition: PipelineDefinition, given: Any, environ: Mapping[str, str], preamble: str
) -> tuple[Any, frozenset[str]]:
    """Return the run config in its usual form, and the secrets read where one was mapped to it."""
    mapping = definition.config_mapping
    if mapping is None:
        return given, frozenset()
    mode = definition.get_default_mode()
    resolved = resolve_or_refuse(run_config_type(definition, mode), given, environ, preamble)
    with user_code_error_boundary(
        DagsterConfigMappingFunctionError,
        lambda: f"The config mapping of {definition.label} raised an error.",
    ):
        mapped = mapping.config_fn(resolved.value)
    return mapped, frozenset(resolved.env_values.values())


def _resolve(
    schema: ConfigType,
    config: Any,
    environ: Mapping[str, str],
    preamble: str,
    secrets: Iterable[str],
    open_for: ModeDefinition | None,
) -> Evaluation:
    try:
        return resolve_or_refuse(schema, config, environ, preamble, secrets)
    except DagsterInvalidConfigError:
        left_open = None if open_for is None else _left_open(schema, config, environ, open_for)
        if left_open is None:
            raise
        return left_open


def _left_open(
    schema: ConfigType, config: Any, environ: Mapping[str, str], mode: ModeDefinition
) -> Evaluation | None:
    """Return a run config of which steps alone use what is not set; None for any other."""
    evaluation = resolve_config(schema, config, environ, leaves_unset=True)
    if not evaluation.success:
        return None
    selected = _selected(evaluation.value.get("execution"))
    executor = mode.get_executor_def(selected.name) if selected else mode.executor_defs[0]
    used_here = {k: v for k, v in evaluation.value.items() if k not in _USED_BY_STEPS}
    is_fit = executor is not None and executor.resolves_elsewhere and not any(unset_in(used_here))
    return evaluation if is_fit else None


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
