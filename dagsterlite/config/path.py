"""Where in a config document (or schema) something stands."""

from __future__ import annotations

from typing import TypeAlias

Path: TypeAlias = tuple[str | int, ...]
"""Keys and list positions from the root down."""

Trail: TypeAlias = "tuple[Trail, str | int] | None"
"""A path as it grows in a walk: (trail of the parent, last key); None at the root.

Going down costs one small tuple, however deep: most paths of a valid document are never read.
"""

_NEEDS_QUOTES = frozenset(".[]'\" \t\n")


def path_of(trail: Trail) -> Path:
    """Return the path that a trail has taken."""
    parts: list[str | int] = []
    while trail is not None:
        trail, part = trail
        parts.append(part)
    return tuple(reversed(parts))


def path_text(path: Path) -> str:
    """Return a path in the form ``solids.load.config.rows[2].url``."""
    return "".join(map(_part_text, path)).removeprefix(".")


def path_below(root: str, path: Path) -> str:
    """Return the path that goes on from ``root``, a path in the same form."""
    return root + "".join(map(_part_text, path))


def place(path: Path, root: str) -> str:
    """Return ``at path …``, or ``at the root of the <root>`` for the empty path."""
    return f"at path {path_text(path)}" if path else f"at the root of the {root}"


def _part_text(part: str | int) -> str:
    if isinstance(part, int):
        return f"[{part}]"
    if not part or not _NEEDS_QUOTES.isdisjoint(part):
        return f"[{part!r}]"
    return f".{part}"
