"""The resources that a definition's functions need, as users name them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from dagsterlite.errors import ParameterCheckError


def resource_keys(owner: str, keys: Any) -> frozenset[str]:
    """Return ``required_resource_keys`` as a set; None means none.

    Raises:
        ParameterCheckError: it is one text, no collection, or holds what is no text.
    """
    if keys is None:
        return frozenset()
    if isinstance(keys, str) or not isinstance(keys, Iterable):
        raise ParameterCheckError(owner, "required_resource_keys", "a set of names", keys)
    names = frozenset(keys)
    for name in names:
        if not isinstance(name, str):
            raise ParameterCheckError(owner, "required_resource_keys", "a set of names", name)
    return names
