"""Where programs of 0.7 to 0.12 find the errors that they expect."""

from __future__ import annotations

from typing import Any

from dagsterlite import errors


def __getattr__(name: str) -> Any:
    return getattr(errors, name)


def __dir__() -> list[str]:
    return dir(errors)
