"""What user code yields, returns or raises to tell the framework something."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import inf
from types import UnionType
from typing import Any, ClassVar

from dagsterlite.errors import (
    DagsterError,
    DagsterInvalidDefinitionError,
    ParameterCheckError,
    shown,
)
from dagsterlite.events.assets import AssetKey
from dagsterlite.events.metadata import (
    EventMetadataEntry,
    check_metadata_entries,
    check_text,
)
from dagsterlite.serdes import plain, serializable

DEFAULT_OUTPUT = "result"

_MAPPING_KEY = re.compile(r"[A-Za-z0-9_]+")


@dataclass(frozen=True)
class Output:
    """The value of one output of a solid.

    Args:
        value: The value.
        output_name: The output's name (default ``result``).
        metadata_entries: Facts about the value, told with its STEP_OUTPUT event.

    Raises:
        ParameterCheckError: ``metadata_entries`` is no list of them.
    """

    value: Any
    output_name: str = DEFAULT_OUTPUT
    metadata_entries: Sequence[EventMetadataEntry] | None = None

    #: Only a :class:`DynamicOutput` has one.
    mapping_key: ClassVar[None] = None

    def __post_init__(self) -> None:
        check_metadata_entries("Output", self.metadata_entries)


@dataclass(frozen=True)
class DynamicOutput:
    """One value of a dynamic output of a solid, which yields as many as it likes.

    Args:
        value: The value.
        mapping_key: What tells it from the output's other values, and stands in the keys of the
            steps that are mapped over it: letters, digits and underscores.
        output_name: The output's name (default ``result``).
        metadata_entries: Facts about the value, told with its STEP_OUTPUT event.

    Raises:
        ParameterCheckError: the mapping key is no text, or ``metadata_entries`` no list of them.
        DagsterInvalidDefinitionError: the mapping key holds other characters, or none.
    """

    value: Any
    mapping_key: str
    output_name: str = DEFAULT_OUTPUT
    metadata_entries: Sequence[EventMetadataEntry] | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.mapping_key, str):
            raise ParameterCheckError("DynamicOutput", "mapping_key", "a text", self.mapping_key)
        if not _MAPPING_KEY.fullmatch(self.mapping_key):
            message = (
                f"DynamicOutput: {shown(self.mapping_key)} is not a valid mapping key: mapping "
                "keys hold letters, digits and underscores only, and at least one of them. Replace "
                "other characters, e.g. name.replace('.', '_')."
            )
            raise DagsterInvalidDefinitionError(message)
        check_metadata_entries("DynamicOutput", self.metadata_entries)


@dataclass(frozen=True, init=False)
class _AboutAsset:
    asset_key: AssetKey
    description: str | None = None
    metadata_entries: list[EventMetadataEntry] = field(default_factory=list)
    partition: str | None = None
    tags: Mapping[str, str] = plain(default_factory=dict)

    def __init__(
        self,
        asset_key: AssetKey | str | Sequence[str],
        description: str | None = None,
        metadata_entries: Sequence[EventMetadataEntry] | None = None,
        partition: str | None = None,
        tags: Mapping[str, str] | None = None,
    ) -> None:
        owner = type(self).__name__
        object.__setattr__(self, "asset_key", AssetKey.from_coercible(asset_key))
        check_text(type(self).__name__, "description", description)
        object.__setattr__(self, "description", description)
        entries = check_metadata_entries(owner, metadata_entries)
        object.__setattr__(self, "metadata_entries", entries)
        check_text(type(self).__name__, "partition", partition)
        object.__setattr__(self, "partition", partition)
        object.__setattr__(self, "tags", _check_tags(type(self).__name__, tags))

    @property
    def label(self) -> str:
        """The asset key's names, joined by blanks."""
        return " ".join(self.asset_key.parts)


@serializable("AssetMaterialization")
@dataclass(frozen=True, init=False)
class AssetMaterialization(_AboutAsset):
    """Tells that a step has written an asset outside the framework.

    Args:
        asset_key: The asset, as a key, a name or a list of names.
        description: For people.
        metadata_entries: Further facts about what was written.
        partition: The part of the asset that was written.
        tags: Text to text.
    """

    @staticmethod
    def file(
        path: str | os.PathLike[str],
        description: str | None = None,
        asset_key: AssetKey | str | Sequence[str] | None = None,
    ) -> AssetMaterialization:
        """Return the materialization of a file at ``path`` (the key unless one is given)."""
        entries = [EventMetadataEntry.fspath(path)]
        return AssetMaterialization(asset_key or os.fspath(path), description, entries)


@serializable("AssetObservation")
@dataclass(frozen=True, init=False)
class AssetObservation(_AboutAsset):
    """Tells a fact about an asset that the step did not write.

    Takes the arguments of :class:`AssetMaterialization`.
    """


@serializable("Materialization")
@dataclass(frozen=True, init=False)
class Materialization:
    """The older form of :class:`AssetMaterialization`: a label, and perhaps an asset key."""

    label: str
    description: str | None = None
    metadata_entries: list[EventMetadataEntry] = field(default_factory=list)
    asset_key: AssetKey | None = None
    partition: str | None = None
    tags: Mapping[str, str] = plain(default_factory=dict)

    def __init__(
        self,
        label: str | None = None,
        description: str | None = None,
        metadata_entries: Sequence[EventMetadataEntry] | None = None,
        asset_key: AssetKey | str | Sequence[str] | None = None,
        partition: str | None = None,
        tags: Mapping[str, str] | None = None,
    ) -> None:
        key = None if asset_key is None else AssetKey.from_coercible(asset_key)
        check_text("Materialization", "label", label)
        if label is None and key is None:
            raise ParameterCheckError("Materialization", "label", "given without asset_key", None)
        object.__setattr__(self, "label", label or " ".join(key.parts if key else ()))
        check_text(type(self).__name__, "description", description)
        object.__setattr__(self, "description", description)
        entries = check_metadata_entries("Materialization", metadata_entries)
        object.__setattr__(self, "metadata_entries", entries)
        object.__setattr__(self, "asset_key", key)
        check_text(type(self).__name__, "partition", partition)
        object.__setattr__(self, "partition", partition)
        object.__setattr__(self, "tags", _check_tags(type(self).__name__, tags))

    @staticmethod
    def file(
        path: str | os.PathLike[str],
        description: str | None = None,
        asset_key: AssetKey | str | Sequence[str] | None = None,
    ) -> Materialization:
        """Return the materialization of a file at ``path``, its label the path's last name."""
        text = os.fspath(path)
        entries = [EventMetadataEntry.fspath(path)]
        return Materialization(text.rsplit("/", 1)[-1], description, entries, asset_key or text)


@serializable("ExpectationResult")
@dataclass(frozen=True, init=False)
class ExpectationResult:
    """The outcome of a check of data; a failed one does not stop the step.

    Args:
        success: Whether the data is as expected.
        label: What was checked (default ``result``).
        description: For people.
        metadata_entries: Further facts, e.g. how many rows were off.
    """

    success: bool
    label: str = "result"
    description: str | None = None
    metadata_entries: list[EventMetadataEntry] = field(default_factory=list)

    def __init__(
        self,
        success: bool,
        label: str | None = None,
        description: str | None = None,
        metadata_entries: Sequence[EventMetadataEntry] | None = None,
    ) -> None:
        _check_success("ExpectationResult", success)
        object.__setattr__(self, "success", success)
        check_text("ExpectationResult", "label", label)
        object.__setattr__(self, "label", label or "result")
        check_text(type(self).__name__, "description", description)
        object.__setattr__(self, "description", description)
        entries = check_metadata_entries("ExpectationResult", metadata_entries)
        object.__setattr__(self, "metadata_entries", entries)


@serializable("TypeCheck")
@dataclass(frozen=True, init=False)
class TypeCheck:
    """The answer of a type check function.

    Args:
        success: Whether the value is of the type.
        description: Why not, or a remark.
        metadata_entries: Further facts about the value.
    """

    success: bool
    description: str | None = None
    metadata_entries: list[EventMetadataEntry] = field(default_factory=list)

    def __init__(
        self,
        success: bool,
        description: str | None = None,
        metadata_entries: Sequence[EventMetadataEntry] | None = None,
    ) -> None:
        _check_success("TypeCheck", success)
        object.__setattr__(self, "success", success)
        check_text(type(self).__name__, "description", description)
        object.__setattr__(self, "description", description)
        entries = check_metadata_entries("TypeCheck", metadata_entries)
        object.__setattr__(self, "metadata_entries", entries)


def _check_success(owner: str, success: object) -> None:
    if not isinstance(success, bool):
        raise ParameterCheckError(owner, "success", "a bool (wrap it: bool(…))", success)


def _check_tags(owner: str, tags: Mapping[str, str] | None) -> dict[str, str]:
    expected = "a dict from text to text"
    if tags is not None and not isinstance(tags, Mapping):
        raise ParameterCheckError(owner, "tags", expected, tags)
    for item in (tags or {}).items():
        if not all(isinstance(text, str) for text in item):
            raise ParameterCheckError(owner, "tags", expected, item)
    return dict(tags or {})


class Failure(DagsterError):
    """Raise it to fail the step with a description and metadata of your own.

    Args:
        description: What went wrong.
        metadata_entries: Facts that help to find out why.
    """

    def __init__(
        self,
        description: str | None = None,
        metadata_entries: Sequence[EventMetadataEntry] | None = None,
    ) -> None:
        check_text("Failure", "description", description)
        super().__init__(*([] if description is None else [description]))
        self.description = description
        self.metadata_entries = check_metadata_entries("Failure", metadata_entries)

    @property
    def is_user_code_error(self) -> bool:
        return True


class RetryRequested(DagsterError):
    """Raise it to have the step run again.

    Args:
        max_retries: How often the step may be tried again (default 1).
        seconds_to_wait: How long to wait before (default: not at all).

    Raises:
        CheckError: an argument is no number, or below 0.
    """

    def __init__(self, max_retries: int | None = 1, seconds_to_wait: float | None = None) -> None:
        _check_number("max_retries", max_retries, int, "a whole number from 0 up")
        seconds = "a number of seconds from 0 up"
        _check_number("seconds_to_wait", seconds_to_wait, int | float, seconds)
        self.max_retries = 1 if max_retries is None else max_retries
        wait = f", {seconds_to_wait} s later" if seconds_to_wait else ""
        super().__init__(f"Asked to be tried again{wait}, {self.max_retries} time(s) at most.")
        self.seconds_to_wait = seconds_to_wait

    @property
    def is_user_code_error(self) -> bool:
        return True

    def __reduce__(self) -> tuple[Any, ...]:
        return (RetryRequested, (self.max_retries, self.seconds_to_wait))


def _check_number(argument: str, value: Any, kind: type | UnionType, expected: str) -> None:
    is_number = value is None or isinstance(value, kind)
    if not is_number or not 0 <= (value or 0) < inf:
        raise ParameterCheckError("RetryRequested", argument, expected, value)
