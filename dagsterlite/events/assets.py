"""The name of an asset: something outside the framework that a step creates or observes."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from dagsterlite.errors import ParameterCheckError
from dagsterlite.serdes import serializable


@serializable("AssetKey")
@dataclass(frozen=True, init=False)
class AssetKey:
    """The key of an asset: a path of one or more names.

    Args:
        path: The names from the widest to the narrowest, or one name.

    Raises:
        CheckError: it is neither.
    """

    parts: tuple[str, ...]

    def __init__(
        self, path: str | Sequence[str] | None = None, *, parts: Sequence[str] | None = None
    ) -> None:
        given: Any = parts if path is None else path
        names = [given] if isinstance(given, str) else given
        is_path = isinstance(names, (list, tuple)) and len(names) > 0
        if not is_path or not all(isinstance(name, str) for name in names):
            raise ParameterCheckError("AssetKey", "path", "a name or a list of names", given)
        object.__setattr__(self, "parts", tuple(names))

    @property
    def path(self) -> list[str]:
        """The names of the key, from the widest to the narrowest."""
        return list(self.parts)

    def to_string(self) -> str:
        """Return the key as stored text: a JSON list of its names."""
        return json.dumps(self.path)

    def to_user_string(self) -> str:
        """Return the key as people write it: its names joined by ``/``."""
        return "/".join(self.parts)

    @staticmethod
    def from_user_string(text: str) -> AssetKey:
        """Return the key that people write as ``a/b/c``."""
        return AssetKey(text.split("/"))

    @staticmethod
    def from_db_string(text: str) -> AssetKey:
        """Return the key that :meth:`to_string` wrote."""
        return AssetKey(json.loads(text))

    @staticmethod
    def from_coercible(value: AssetKey | str | Sequence[str]) -> AssetKey:
        """Return the key for a key, a name or a list of names."""
        return value if isinstance(value, AssetKey) else AssetKey(value)

    def has_prefix(self, prefix: Sequence[str]) -> bool:
        """Return whether the key's first names are ``prefix``."""
        return self.parts[: len(prefix)] == tuple(prefix)

    def __repr__(self) -> str:
        return f"AssetKey({self.path!r})"
