"""Where the documents of 0.10 and 0.11 have dynamic outputs, which ``dagsterlite`` has too."""

from __future__ import annotations

from dagsterlite.definitions.outputs import DynamicOutputDefinition
from dagsterlite.events.yielded import DynamicOutput

__all__ = ["DynamicOutput", "DynamicOutputDefinition"]
