"""How a run's outputs are stored, and what workers keep of what they load."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dask.utils import parse_bytes

from dagsterlite.errors import DagsterInvalidConfigError


@dataclass(frozen=True, kw_only=True)
class Keeping:
    """How a run's outputs are stored, and what workers keep of what they load."""

    #: How many bytes a worker process may hold that are to be stored while the next steps run;
    #: None where outputs are stored before these begin.
    behind_bytes: int | None = None
    #: How many bytes of loaded values a worker process keeps.
    cache_bytes: int = 0

    @staticmethod
    def from_config(config: Mapping[str, Any], where: str) -> Keeping:
        """Return what a config, resolved, asks for.

        Args:
            config: The config of an executor.
            where: Its path, for messages.

        Raises:
            DagsterInvalidConfigError: a size is none.
        """
        room = _bytes_at(config, "persist_buffer", where)
        return Keeping(
            behind_bytes=room if config["persist"] == "behind" else None,
            cache_bytes=_bytes_at(config, "input_cache", where),
        )


def _bytes_at(config: Mapping[str, Any], name: str, where: str) -> int:
    try:
        found = int(parse_bytes(config[name]))
    except ValueError:
        found = -1
    if found < 0:
        message = f"{where}.{name} must be a size like '256 MiB', or 0."
        raise DagsterInvalidConfigError(message, (), config[name])
    return found
