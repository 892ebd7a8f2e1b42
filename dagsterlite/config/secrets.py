"""Keeping what was read from the environment out of what is told."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

Redact = Callable[[str], str]

HIDDEN: Final = "********"
SHORTEST_SECRET: Final = 4


def redactor(secrets: Iterable[str]) -> Redact | None:
    """Return what replaces secrets in a text; None where there are none.

    Texts shorter than four characters are no secrets: they would be found in everything.
    """
    hidden = sorted((s for s in secrets if len(s) >= SHORTEST_SECRET), key=len, reverse=True)
    if not hidden:
        return None

    def redact(text: str) -> str:
        for secret in hidden:
            text = text.replace(secret, HIDDEN)
        return text

    return redact
