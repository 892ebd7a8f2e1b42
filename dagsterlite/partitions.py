"""Sets of partitions, as plain sets of keys, and what is known of an asset's (seed 003)."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from enum import Enum
from typing import Protocol

from dagsterlite.errors import DagsterInvalidDefinitionError, DagsterInvalidInvocationError, shown

PARTITION_NAME_TAG = "dagster/partition"
"""The tag of a run that is for one partition; its value is the partition's key."""


class AssetPartitionStatus(Enum):
    """What is known of a partition of an asset."""

    #: It was written, and no later run for it is under way or failed.
    MATERIALIZED = "MATERIALIZED"
    #: The last run for it is under way.
    IN_PROGRESS = "IN_PROGRESS"
    #: The last run for it failed before it wrote the partition.
    FAILED = "FAILED"


class DynamicPartitionsStore(Protocol):
    """What keeps the keys of dynamic partitions: an instance does."""

    def get_dynamic_partitions(self, partitions_def_name: str) -> Sequence[str]:
        """Return the keys of a named set."""


class PartitionsDefinition(ABC):
    """A set of partition keys."""

    @abstractmethod
    def get_partition_keys(
        self, *, dynamic_partitions_store: DynamicPartitionsStore | None = None
    ) -> Sequence[str]:
        """Return the keys, in order.

        Args:
            dynamic_partitions_store: What keeps the keys that are added at run time: the instance.

        Raises:
            DagsterInvalidInvocationError: the store is needed and not given.
        """


class StaticPartitionsDefinition(PartitionsDefinition):
    """A set of keys that is known beforehand.

    Args:
        partition_keys: The keys, in order.

    Raises:
        DagsterInvalidDefinitionError: a key is no text, empty, or stands there twice.
    """

    def __init__(self, partition_keys: Sequence[str]) -> None:
        keys = check_partition_keys("StaticPartitionsDefinition", partition_keys)
        twice = sorted({key for key in keys if keys.count(key) > 1})
        if twice:
            message = f"StaticPartitionsDefinition: partition key '{twice[0]}' is given twice."
            raise DagsterInvalidDefinitionError(message)
        self._keys = keys

    def get_partition_keys(
        self, *, dynamic_partitions_store: DynamicPartitionsStore | None = None
    ) -> Sequence[str]:
        return self._keys

    def __repr__(self) -> str:
        return f"StaticPartitionsDefinition({list(self._keys)!r})"


class DynamicPartitionsDefinition(PartitionsDefinition):
    """A set of keys that is added to and taken from by an instance.

    Args:
        name: Its name in the instance.

    Raises:
        DagsterInvalidDefinitionError: the name is no text, or empty.
    """

    def __init__(self, name: str) -> None:
        if not _is_text(name):
            message = f"DynamicPartitionsDefinition: name must be a text, not {shown(name)}."
            raise DagsterInvalidDefinitionError(message)
        self.name = name

    def get_partition_keys(
        self, *, dynamic_partitions_store: DynamicPartitionsStore | None = None
    ) -> Sequence[str]:
        if dynamic_partitions_store is None:
            message = (
                f"The keys of the dynamic partitions '{self.name}' are kept by an instance: pass "
                "it as dynamic_partitions_store."
            )
            raise DagsterInvalidInvocationError(message)
        return dynamic_partitions_store.get_dynamic_partitions(self.name)

    def __repr__(self) -> str:
        return f"DynamicPartitionsDefinition({self.name!r})"


def check_partition_keys(owner: str, keys: Sequence[str]) -> tuple[str, ...]:
    """Return the keys of partitions.

    Raises:
        DagsterInvalidDefinitionError: they are no list of texts that are not empty.
    """
    if isinstance(keys, str) or not all(map(_is_text, keys)):
        message = f"{owner}: partition keys must be a list of texts, not {shown(keys)}."
        raise DagsterInvalidDefinitionError(message)
    return tuple(keys)


def _is_text(value: object) -> bool:
    return isinstance(value, str) and value != ""
