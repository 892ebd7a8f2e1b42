"""What user code yields, returns or raises to tell the framework something."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import inf
from types import UnionType
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar

from dagsterlite.arguments import check_text
from dagsterlite.errors import (
    DagsterError,
    DagsterInvalidDefinitionError,
    ParameterCheckError,
    shown,
)
from dagsterlite.events.assets import AssetKey
from dagsterlite.events.metadata import EventMetadataEntry, HasMetadata
from dagsterlite.events.metadata_arguments import metadata_entries_of
from dagsterlite.serdes import plain, serializable

DEFAULT_OUTPUT = "result"

_MAPPING_KEY = re.compile(r"[A-Za-z0-9_]+")


if TYPE_CHECKING:
    import typing_extensions

    #: A bare ``Output`` is an ``Output[Any]``, also to strict type checkers.
    T = typing_extensions.TypeVar("T", default=Any)
else:
    T = TypeVar("T")


@dataclass(frozen=True, init=False)
class Output(HasMetadata, Generic[T]):
    """The value of one output of a solid; ``Output[int]`` annotates a function that returns one.

    Args:
        value: The value.
        output_name: The output's name (default ``result``).
        metadata_entries: Facts about the value, for the event that tells of the output.
        metadata: The same as a dict, as for :class:`AssetMaterialization`.

    Raises:
        CheckError: an argument is of the wrong type, or metadata is given in both forms.
    """

    value: T
    output_name: str = DEFAULT_OUTPUT
    metadata_entries: list[EventMetadataEntry] = field(default_factory=list)

    #: Only a :class:`DynamicOutput` has one.
    mapping_key: ClassVar[None] = None

    def __init__(
        self,
        value: T,
        output_name: str = DEFAULT_OUTPUT,
        metadata_entries: Sequence[EventMetadataEntry] | None = None,
        metadata: Mapping[str, Any] | None = None,
    ) -> None:
        object.__setattr__(self, "value", value)
        object.__setattr__(self, "output_name", output_name)
        entries = metadata_entries_of("Output", metadata_entries, metadata)
        object.__setattr__(self, "metadata_entries", entries)


@dataclass(frozen=True, init=False)
class DynamicOutput(HasMetadata, Generic[T]):
    """One value of a dynamic output of a solid, which yields as many as it likes.

    Args:
        value: The value.
        mapping_key: What tells it from the output's other values, and stands in the keys of the
            steps that are mapped over it: letters, digits and underscores.
        output_name: The output's name (default ``result``).
        metadata_entries: Facts about the value, for the event that tells of the output.
        metadata: The same as a dict, as for :class:`AssetMaterialization`.

    Raises:
        CheckError: an argument is of the wrong type, or metadata is given in both forms.
        DagsterInvalidDefinitionError: the mapping key holds other characters, or none.
    """

    value: T
    mapping_key: str
    output_name: str = DEFAULT_OUTPUT
    metadata_entries: list[EventMetadataEntry] = field(default_factory=list)

    def __init__(
        self,
        value: T,
        mapping_key: str,
        output_name: str = DEFAULT_OUTPUT,
        metadata_entries: Sequence[EventMetadataEntry] | None = None,
        metadata: Mapping[str, Any] | None = None,
    ) -> None:
        object.__setattr__(self, "value", value)
        object.__setattr__(self, "mapping_key", _checked_mapping_key(mapping_key))
        object.__setattr__(self, "output_name", output_name)
        entries = metadata_entries_of("DynamicOutput", metadata_entries, metadata)
        object.__setattr__(self, "metadata_entries", entries)


def _checked_mapping_key(key: Any) -> str:
    if not isinstance(key, str):
        raise ParameterCheckError("DynamicOutput", "mapping_key", "a text", key)
    if not _MAPPING_KEY.fullmatch(key):
        message = (
            f"DynamicOutput: {shown(key)} is not a valid mapping key: mapping keys hold letters, "
            "digits and underscores only, and at least one of them. Replace other characters, "
            "e.g. name.replace('.', '_')."
        )
        raise DagsterInvalidDefinitionError(message)
    return key


@dataclass(frozen=True, init=False)
class _AboutAsset(HasMetadata):
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
        metadata: Mapping[str, Any] | None = None,
    ) -> None:
        owner = type(self).__name__
        object.__setattr__(self, "asset_key", AssetKey.from_coercible(asset_key))
        check_text(type(self).__name__, "description", description)
        object.__setattr__(self, "description", description)
        entries = metadata_entries_of(owner, metadata_entries, metadata)
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
        metadata: The same as a dict, in place of ``metadata_entries``: labels to texts, numbers,
            JSON-able data, paths, asset keys, or what :class:`EventMetadata` makes.

    Raises:
        CheckError: an argument is of the wrong type, or metadata is given in both forms.
    """

    @staticmethod
    def file(
        path: str | os.PathLike[str],
        description: str | None = None,
        asset_key: AssetKey | str | Sequence[str] | None = None,
    ) -> AssetMaterialization:
        """Return the materialization of a file at ``path`` (the key unless one is given)."""
        entries = [EventMetadataEntry.fspath(path)]
        key = os.fspath(path) if asset_key is None else asset_key
        return AssetMaterialization(key, description, entries)


@serializable("AssetObservation")
@dataclass(frozen=True, init=False)
class AssetObservation(_AboutAsset):
    """Tells a fact about an asset that the step did not write.

    Takes the arguments of :class:`AssetMaterialization`.
    """


@serializable("Materialization")
@dataclass(frozen=True, init=False)
class Materialization(HasMetadata):
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
        metadata: Mapping[str, Any] | None = None,
    ) -> None:
        key = None if asset_key is None else AssetKey.from_coercible(asset_key)
        check_text("Materialization", "label", label)
        if label is None and key is None:
            raise ParameterCheckError("Materialization", "label", "given without asset_key", None)
        object.__setattr__(self, "label", label or " ".join(key.parts if key else ()))
        check_text(type(self).__name__, "description", description)
        object.__setattr__(self, "description", description)
        entries = metadata_entries_of("Materialization", metadata_entries, metadata)
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
        key = text if asset_key is None else asset_key
        return Materialization(text.rsplit("/", 1)[-1], description, entries, key)


@serializable("ExpectationResult")
@dataclass(frozen=True, init=False)
class ExpectationResult(HasMetadata):
    """The outcome of a check of data; a failed one does not stop the step.

    Args:
        success: Whether the data is as expected.
        label: What was checked (default ``result``).
        description: For people.
        metadata_entries: Further facts, e.g. how many rows were off.
        metadata: The same as a dict, as for :class:`AssetMaterialization`.
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
        metadata: Mapping[str, Any] | None = None,
    ) -> None:
        _check_success("ExpectationResult", success)
        object.__setattr__(self, "success", success)
        check_text("ExpectationResult", "label", label)
        object.__setattr__(self, "label", label or "result")
        check_text(type(self).__name__, "description", description)
        object.__setattr__(self, "description", description)
        entries = metadata_entries_of("ExpectationResult", metadata_entries, metadata)
        object.__setattr__(self, "metadata_entries", entries)


@serializable("TypeCheck")
@dataclass(frozen=True, init=False)
class TypeCheck(HasMetadata):
    """The answer of a type check function.

    Args:
        success: Whether the value is of the type.
        description: Why not, or a remark.
        metadata_entries: Further facts about the value.
        metadata: The same as a dict, as for :class:`AssetMaterialization`.
    """

    success: bool
    description: str | None = None
    metadata_entries: list[EventMetadataEntry] = field(default_factory=list)

    def __init__(
        self,
        success: bool,
        description: str | None = None,
        metadata_entries: Sequence[EventMetadataEntry] | None = None,
        metadata: Mapping[str, Any] | None = None,
    ) -> None:
        _check_success("TypeCheck", success)
        object.__setattr__(self, "success", success)
        check_text(type(self).__name__, "description", description)
        object.__setattr__(self, "description", description)
        entries = metadata_entries_of("TypeCheck", metadata_entries, metadata)
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


class Failure(HasMetadata, DagsterError):
    """Raise it to fail the step with a description and metadata of your own.

    Args:
        description: What went wrong.
        metadata_entries: Facts that help to find out why.
        metadata: The same as a dict, as for :class:`AssetMaterialization`.
        allow_retries: Whether the step's retry policy is followed; False fails it at once.
    """

    def __init__(
        self,
        description: str | None = None,
        metadata_entries: Sequence[EventMetadataEntry] | None = None,
        metadata: Mapping[str, Any] | None = None,
        allow_retries: bool = True,
    ) -> None:
        check_text("Failure", "description", description)
        super().__init__(*([] if description is None else [description]))
        self.description = description
        self.metadata_entries = metadata_entries_of("Failure", metadata_entries, metadata)
        if not isinstance(allow_retries, bool):
            raise ParameterCheckError("Failure", "allow_retries", "a bool", allow_retries)
        self.allow_retries = allow_retries

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


def _check_number(argument: str, value: Any, kind: type | UnionType, expected: str) -> None:
    is_number = value is None or isinstance(value, kind)
    if not is_number or not 0 <= (value or 0) < inf:
        raise ParameterCheckError("RetryRequested", argument, expected, value)
