"""Where programs of 0.11 find ``build_resources``, which ``dagsterlite`` has too."""

from __future__ import annotations

from dagsterlite.execution.build_resources import build_resources

__all__ = ["build_resources"]
