"""Stores that live in this process: of instances that are gone with it, and of tests."""

from __future__ import annotations

from dagsterlite.memory.events import InMemoryEventLogStorage
from dagsterlite.memory.intermediates import InMemoryIntermediateStorage
from dagsterlite.memory.runs import InMemoryRunStorage

__all__ = ["InMemoryEventLogStorage", "InMemoryIntermediateStorage", "InMemoryRunStorage"]
