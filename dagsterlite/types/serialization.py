"""How the values of a type become a file, where pickling them is not wanted."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from typing import Any

from dagsterlite.errors import CheckError, ParameterCheckError

_WRITE_MODES = ("wb", "w")
_READ_MODES = ("rb", "r")


class SerializationStrategy(ABC):
    """Writes the values of a dagster type to intermediate storage, and reads them back.

    It is used for outputs whose type is given it, not for types made of that type, and where
    values are kept in memory not at all. It travels with the pipeline to every process that reads.

    Args:
        name: Stands with each value that the strategy wrote: a value is read by the strategy of
            that name.
        write_mode: ``wb`` for a file object that takes bytes, ``w`` for one that takes text.
        read_mode: ``rb`` or ``r``, likewise.

    Raises:
        ParameterCheckError: an argument is something else.
        CheckError: one mode is for bytes and the other for text.
    """

    def __init__(self, name: str, write_mode: str = "wb", read_mode: str = "rb") -> None:
        owner = f"{type(self).__name__} (a SerializationStrategy)"
        _check_name(owner, name)
        _check_mode(owner, "write_mode", write_mode, _WRITE_MODES)
        _check_mode(owner, "read_mode", read_mode, _READ_MODES)
        if ("b" in write_mode) != ("b" in read_mode):
            message = (
                f"{owner}: write_mode '{write_mode}' and read_mode '{read_mode}' differ: one is "
                "for bytes, the other for text."
            )
            raise CheckError(message)
        self.name = name
        self.write_mode = write_mode
        self.read_mode = read_mode

    @property
    def is_binary(self) -> bool:
        """Whether the file objects take and give bytes, not text (in UTF-8)."""
        return "b" in self.write_mode

    @property
    def codec_name(self) -> str:
        """What names the strategy in the record of a stored value."""
        return f"strategy:{self.name}"

    @abstractmethod
    def serialize(self, value: Any, write_file_obj: Any) -> None:
        """Write the value to a file object."""

    @abstractmethod
    def deserialize(self, read_file_obj: Any) -> Any:
        """Return the value out of a file object, which can seek."""

    def serialize_to_file(self, value: Any, write_path: str) -> None:
        """Write the value to a file of this machine."""
        with open(write_path, self.write_mode, encoding=self._encoding) as file:
            self.serialize(value, file)

    def deserialize_from_file(self, read_path: str) -> Any:
        """Return the value out of a file of this machine."""
        with open(read_path, self.read_mode, encoding=self._encoding) as file:
            return self.deserialize(file)

    @property
    def _encoding(self) -> str | None:
        return None if self.is_binary else "utf-8"


class JsonSerializationStrategy(SerializationStrategy):
    """Keeps values as JSON, which people and other programs read.

    A value that JSON would change (tuples, keys that are no texts, infinities) is refused, not
    changed. Outputs so kept are read back without their pipeline too.

    Args:
        indent: Blanks by which each level is moved to the right; None for all on one line.

    Raises:
        ParameterCheckError: ``indent`` is negative, or no whole number.
    """

    def __init__(self, indent: int | None = None) -> None:
        super().__init__("json", "w", "r")
        if indent is not None and (type(indent) is not int or indent < 0):
            owner = "JsonSerializationStrategy"
            raise ParameterCheckError(owner, "indent", "a whole number, 0 or more", indent)
        self.indent = indent

    def serialize(self, value: Any, write_file_obj: Any) -> None:
        """Write the value.

        Raises:
            CheckError: it would come back as another.
        """
        try:
            text = json.dumps(value, ensure_ascii=False, allow_nan=False, indent=self.indent)
            is_same = _is_same(json.loads(text), value)
        except (TypeError, ValueError, RecursionError) as exc:
            raise CheckError(f"JSON cannot keep the value: {exc}") from exc
        if not is_same:
            message = (
                "JSON would change the value: it keeps texts, finite numbers, true, false, null, "
                "lists, and dicts whose keys are texts."
            )
            raise CheckError(message)
        write_file_obj.write(text)

    def deserialize(self, read_file_obj: Any) -> Any:
        return json.load(read_file_obj)


def _is_same(found: Any, value: Any) -> bool:
    """Return whether two values are equal and of the same types throughout."""
    if type(found) is not type(value):
        return False
    if isinstance(value, dict):
        # In the order of the keys, too.
        pairs = zip(found.items(), value.items(), strict=False)
        return len(found) == len(value) and all(
            a == b and _is_same(one, other) for (a, one), (b, other) in pairs
        )
    if isinstance(value, list):
        return len(found) == len(value) and all(map(_is_same, found, value))
    return bool(found == value)


def _check_name(owner: str, name: object) -> None:
    if not isinstance(name, str) or not name:
        raise ParameterCheckError(owner, "name", "a text that is not empty", name)


def _check_mode(owner: str, argument: str, mode: object, known: tuple[str, ...]) -> None:
    if mode not in known:
        raise ParameterCheckError(owner, argument, f"one of {', '.join(known)}", mode)
