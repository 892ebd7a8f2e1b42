"""The serialization strategies that the types of a pipeline bring."""

from __future__ import annotations

from collections.abc import Iterable

from dagsterlite.definitions.node import NodeDefinition
from dagsterlite.errors import DagsterInvalidDefinitionError
from dagsterlite.types.serialization import SerializationStrategy


def strategies_of(owner: str, definitions: Iterable[NodeDefinition]) -> list[SerializationStrategy]:
    """Return the strategies of all inputs' and outputs' types, each name once.

    Raises:
        DagsterInvalidDefinitionError: two that differ share a name: values could not be read back.
    """
    found: dict[str, SerializationStrategy] = {}
    for definition in definitions:
        for dagster_type in definition.dagster_types:
            strategy = dagster_type.serialization_strategy
            if strategy is None:
                continue
            if not _are_alike(strategy, found.setdefault(strategy.name, strategy)):
                raise DagsterInvalidDefinitionError(
                    f"{owner}: two different serialization strategies are named '{strategy.name}', "
                    f"one of them of type '{dagster_type.display_name}' of {definition.label}. A "
                    "value is read by the strategy of its name: rename one, or use one for both."
                )
    return list(found.values())


def _are_alike(one: SerializationStrategy, other: SerializationStrategy) -> bool:
    return one is other or (type(one) is type(other) and vars(one) == vars(other))
