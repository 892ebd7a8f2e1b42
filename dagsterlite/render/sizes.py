"""Sizes of data and memory as people read them."""

from __future__ import annotations

_UNITS = ("bytes", "kB", "MB", "GB", "TB")
_STEP = 1000
_SHORT = 9.95


def size(count: int | None) -> str:
    """Return a number of bytes as a short text, in powers of 1000: ``312 MB``, ``1.4 GB``."""
    if count is None:
        return ""
    number, unit = float(count), 0
    while round(number) >= _STEP and unit < len(_UNITS) - 1:
        number, unit = number / _STEP, unit + 1
    digits = 1 if unit and number < _SHORT else 0
    return f"{number:,.{digits}f} {_UNITS[unit]}"
