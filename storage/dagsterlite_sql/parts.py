"""Many values in parts: a database takes so many in one statement."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeVar

T = TypeVar("T")

_PART = 500


def parts(values: Sequence[T]) -> Iterator[Sequence[T]]:
    """Yield values in parts that one statement may hold."""
    for start in range(0, len(values), _PART):
        yield values[start : start + _PART]
