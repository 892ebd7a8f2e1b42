"""The run config that a job has by itself, and run config in the words of what it is for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dagsterlite.config import DagsterEvaluationErrorReason as Reason
from dagsterlite.config import validate_config
from dagsterlite.definitions.composite import CompositeSolidDefinition
from dagsterlite.definitions.graph import Graph
from dagsterlite.definitions.node import Solid
from dagsterlite.definitions.pipeline import PipelineDefinition
from dagsterlite.definitions.vocabulary import OTHER_SECTION, Vocabulary
from dagsterlite.errors import DagsterInvalidConfigError
from dagsterlite.run_config.schema import build_schema
from dagsterlite.run_config.section import written_section

_MISSING = frozenset({Reason.MISSING_REQUIRED_FIELD, Reason.MISSING_REQUIRED_FIELDS})


def with_defaults(definition: PipelineDefinition, given: Any) -> Any:
    """Return a run config as given, with those sections of the default that it leaves out."""
    default = definition.default_run_config
    if given is None:
        return {**default}
    if not default or not isinstance(given, Mapping):
        return given
    other_names = {OTHER_SECTION.get(name) for name in given}
    kept = {name: section for name, section in default.items() if name not in other_names}
    return {**kept, **given}


def check_default_run_config(definition: PipelineDefinition) -> None:
    """Hold a definition's default run config against its schema.

    What is missing may still be given for a run; what is read from the environment is read then.

    Raises:
        DagsterInvalidConfigError: it does not fit.
    """
    schema = build_schema(definition, definition.get_default_mode())
    evaluation = validate_config(schema, {**definition.default_run_config})
    errors = [error for error in evaluation.errors if error.reason not in _MISSING]
    if errors:
        preamble = f"Error in the default config of {definition.label}"
        raise DagsterInvalidConfigError(preamble, errors, definition.default_run_config)


def in_own_words(section: Any, words: Vocabulary, graph: Graph) -> Any:
    """Return a section of run config whose nodes stand under the names that their owners give."""
    if not isinstance(section, Mapping):
        return section
    written = written_section(section, words.section)
    given = {words.section if name == written else name: part for name, part in section.items()}
    nodes = given.get(words.section)
    if isinstance(nodes, Mapping):
        given[words.section] = {
            name: _in_own_words(inner, graph.solids.get(name)) for name, inner in nodes.items()
        }
    return given


def _in_own_words(section: Any, solid: Solid | None) -> Any:
    definition = None if solid is None else solid.definition
    if not isinstance(definition, CompositeSolidDefinition) or definition.config_mapping:
        return section
    return in_own_words(section, definition.words, definition.graph)
