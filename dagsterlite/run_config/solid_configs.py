"""What each solid of a run is configured with, also behind the config functions of composites."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from dagsterlite.config import Shape, unset_in
from dagsterlite.config.path import path_text
from dagsterlite.definitions.composite import CompositeSolidDefinition
from dagsterlite.definitions.config_mapping import ConfigMapping
from dagsterlite.definitions.graph import Graph
from dagsterlite.definitions.mode import ModeDefinition
from dagsterlite.definitions.node import NodeDefinition
from dagsterlite.definitions.pipeline import PipelineDefinition
from dagsterlite.definitions.vocabulary import Vocabulary
from dagsterlite.errors import (
    DagsterConfigMappingFunctionError,
    DagsterInvalidConfigError,
    user_code_error_boundary,
)
from dagsterlite.handles import SolidHandle
from dagsterlite.run_config.refusal import resolve_or_refuse
from dagsterlite.run_config.schema import mapped_solids_schema
from dagsterlite.run_config.section import written_section


@dataclass(frozen=True)
class SolidConfig:
    """What one solid is configured with."""

    config: Any = None
    #: The config of inputs that are loaded from config, by input.
    inputs: Mapping[str, Any] = field(default_factory=dict)
    #: ``(output, config)`` for each output to be written, or whose IO manager takes config.
    outputs: tuple[tuple[str, Any], ...] = ()


NO_CONFIG = SolidConfig()

WHOLE = ""
"""Stands for the handle of the whole."""


@dataclass(frozen=True)
class _Place:
    """Where the config of a graph's solids stands."""

    path: tuple[str, ...] = ()
    #: What the path leads through; empty for the run config itself.
    within: str = ""
    #: What stands there, as the user wrote it.
    given: Any = None

    def below(self, name: str) -> _Place:
        given = self.given.get(name) if isinstance(self.given, Mapping) else None
        return _Place((*self.path, name), self.within, given)

    def nodes(self, words: Vocabulary) -> _Place:
        return self.below(written_section(self.given, words.section))

    def config(self) -> str:
        return f"path {path_text((*self.path, 'config'))}{self.within}"


class SolidConfigs:
    """Collects the configs of solids, also inside composites, and the secrets read on the way.

    Args:
        mode: The mode.
        environ: Where ``{env: NAME}`` is read from.
        secrets: Texts that were read from there before.
    """

    def __init__(
        self, mode: ModeDefinition, environ: Mapping[str, str], secrets: Iterable[str]
    ) -> None:
        self._mode = mode
        self._environ = environ
        self.configs: dict[str, SolidConfig] = {}
        self.secrets = frozenset(secrets)
        self._schemas: dict[CompositeSolidDefinition, Shape] = {}

    def collect_whole(
        self, definition: PipelineDefinition, sections: Mapping[str, Any], given: Any
    ) -> None:
        """Collect those of a whole pipeline.

        Args:
            definition: The pipeline.
            sections: The run config, resolved.
            given: The run config as the user wrote it, whose words errors speak.

        Raises:
            DagsterConfigMappingFunctionError: the config function of a composite raised.
            DagsterInvalidConfigError: what one returned does not fit.
        """
        if sections.get("inputs"):
            self.configs[WHOLE] = SolidConfig(inputs=sections["inputs"])
        place = _Place(given=given).nodes(definition.words)
        top = definition.graph_def
        if top is None or top.config_mapping is None:
            self._collect(definition.graph, sections["solids"], None, place)
        else:
            self._collect_mapped(
                top, definition.graph, top.config_mapping, sections["solids"], None, place
            )

    def _collect(
        self,
        graph: Graph,
        sections: Mapping[str, Any],
        parent: SolidHandle | None,
        place: _Place,
    ) -> None:
        for name, solid in graph.solids.items():
            section = sections.get(name)
            if section is None:
                continue
            handle = SolidHandle(name, parent)
            config = SolidConfig(section.get("config"), section.get("inputs", {}))
            if config != NO_CONFIG:
                self.configs[str(handle)] = config
            definition = solid.definition
            if isinstance(definition, CompositeSolidDefinition):
                self._collect_inside(definition, section, handle, place.below(name))
            self._collect_outputs(definition, section, handle)

    def _collect_outputs(
        self, definition: NodeDefinition, section: Mapping[str, Any], handle: SolidHandle
    ) -> None:
        """Collect how outputs are written, each with the solid that yields it.

        What a composite says of one comes after what the solid inside says itself.
        """
        for output_name, given in _outputs(section):
            yielding, name = _yielded_by(definition, handle, output_name)
            config = self.configs.get(str(yielding), NO_CONFIG)
            outputs = (*config.outputs, (name, given))
            self.configs[str(yielding)] = replace(config, outputs=outputs)

    def _collect_inside(
        self,
        definition: CompositeSolidDefinition,
        section: Mapping[str, Any],
        handle: SolidHandle,
        place: _Place,
    ) -> None:
        mapping = definition.config_mapping
        if mapping is None:
            inside = place.nodes(definition.words)
            self._collect(definition.graph, section["solids"], handle, inside)
        else:
            self._collect_mapped(definition, definition.graph, mapping, section, handle, place)

    def _collect_mapped(
        self,
        definition: CompositeSolidDefinition,
        graph: Graph,
        mapping: ConfigMapping,
        section: Mapping[str, Any],
        handle: SolidHandle | None,
        place: _Place,
    ) -> None:
        fn = f"config_fn of {definition.kind} '{handle or definition.name}'"
        given = place.config()
        unset = list(unset_in(section.get("config")))
        if unset:
            preamble = f"The {fn} needs its config here, before anything runs"
            raise DagsterInvalidConfigError(preamble, unset)
        with user_code_error_boundary(
            DagsterConfigMappingFunctionError,
            lambda: f"The {fn} raised an error for the config at {given}.",
        ):
            mapped = mapping.config_fn(section.get("config"))
        preamble = f"Error in the config that the {fn} returned for the config at {given}"
        sections = self._resolved(definition, mapped, preamble)
        inside = _Place((), f" of what the {fn} returned", mapped)
        self._collect(graph, sections, handle, inside)

    def _resolved(
        self, definition: CompositeSolidDefinition, mapped: Any, preamble: str
    ) -> Mapping[str, Any]:
        schema = self._schemas.get(definition)
        if schema is None:
            schema = mapped_solids_schema(definition, self._mode)
            self._schemas[definition] = schema
        resolved = resolve_or_refuse(schema, mapped, self._environ, preamble, self.secrets)
        self.secrets = self.secrets.union(resolved.env_values.values())
        return dict(resolved.value)


def _yielded_by(
    definition: NodeDefinition, handle: SolidHandle, output_name: str
) -> tuple[SolidHandle, str]:
    """Return the solid, perhaps inside a composite, that yields an output, and its name there."""
    if not isinstance(definition, CompositeSolidDefinition):
        return handle, output_name
    place = definition.source_of(output_name)
    inside = definition.graph.solids[place.solid_name].definition
    return _yielded_by(inside, SolidHandle(place.solid_name, handle), place.output_name)


def _outputs(section: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    outputs = section.get("outputs", ())
    for entry in [outputs] if isinstance(outputs, Mapping) else outputs:
        yield from entry.items()
