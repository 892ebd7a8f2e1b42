"""Where programs of 0.8 to 0.12 find the context that resources are made with."""

from __future__ import annotations

from dagsterlite.definitions.resource import InitResourceContext

__all__ = ["InitResourceContext"]
