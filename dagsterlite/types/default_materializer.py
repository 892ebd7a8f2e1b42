"""How values are written as config asks where their type does not say how: to a file."""

from __future__ import annotations

import json
import pickle
from collections.abc import Iterator
from typing import Any, Final

from dagsterlite.config import ConfigType, Field, Selector, String
from dagsterlite.events.metadata import EventMetadataEntry
from dagsterlite.events.yielded import AssetMaterialization
from dagsterlite.types.loader import DagsterTypeMaterializer

AT_PATH: Final = {"path": Field(String, description="The file's path.")}
"""Where a file lies."""


class _DefaultMaterializer(DagsterTypeMaterializer):
    """Writes a value as JSON, or pickles it (seed 001): one object in every process."""

    _schema: Final = Selector({"json": AT_PATH, "pickle": AT_PATH})

    @property
    def schema_type(self) -> ConfigType:
        return self._schema

    def materialize_runtime_values(
        self, context: Any, config_value: Any, runtime_value: Any
    ) -> Iterator[AssetMaterialization]:
        ((kind, data),) = config_value.items()
        path = data["path"]
        # All of it first: a value that cannot be written leaves what lies there as it was.
        content = _WAYS[kind](runtime_value)
        with open(path, "wb") as file:
            file.write(content)
        yield AssetMaterialization(path, metadata_entries=[EventMetadataEntry.fspath(path)])

    def __reduce__(self) -> str:
        return "DEFAULT_MATERIALIZER"


def _as_json(value: Any) -> bytes:
    return json.dumps({"value": value}).encode()


def _pickled(value: Any) -> bytes:
    return pickle.dumps(value, protocol=pickle.HIGHEST_PROTOCOL)


_WAYS: Final = {"json": _as_json, "pickle": _pickled}

DEFAULT_MATERIALIZER: Final = _DefaultMaterializer()
"""What writes the values of each type that has no materializer of its own."""
