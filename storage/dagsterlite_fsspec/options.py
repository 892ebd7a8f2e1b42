"""Storage options: which may be shown and sent, and which are secrets that stay here."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

# Whatever is not known to be harmless counts as a secret.
_PUBLIC = frozenset(
    {
        "anon",
        "client_kwargs",
        "endpoint_url",
        "host",
        "port",
        "profile",
        "project",
        "region_name",
        "requester_pays",
        "use_ssl",
    }
)
_PASSWORD = re.compile(r"(?<=//)[^/@:]*:[^/@]+@")
_HIDDEN = "***"
# A shorter text keeps no secret, and hiding it would spoil every message.
_SHORTEST = 4


def has_password(url: str) -> bool:
    """Return whether a URL holds a password: ``ftp://me:secret@host/``."""
    return _PASSWORD.search(url) is not None


def without_password(url: str) -> str:
    """Return the URL with its user's name and password hidden."""
    return _PASSWORD.sub(f"{_HIDDEN}@", url)


def public_options(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options that may be shown and sent to other processes."""
    public: dict[str, Any] = {}
    for key, value in options.items():
        if key not in _PUBLIC or (isinstance(value, str) and has_password(value)):
            continue
        public[key] = public_options(value) if isinstance(value, Mapping) else value
    return public


def redact(text: str, options: Mapping[str, Any]) -> str:
    """Return ``text`` with the secret ones of ``options`` hidden wherever their values occur."""
    shown = set(_texts(public_options(options)))
    hidden = {text for text in _texts(options) if len(text) >= _SHORTEST} - shown
    for secret in sorted(hidden, key=len, reverse=True):
        text = text.replace(secret, _HIDDEN)
    return without_password(text)


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, Mapping):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, (list, tuple, set, frozenset)):
        for item in value:
            yield from _texts(item)
    elif isinstance(value, str):
        yield value
