"""Where seed 001 has the contexts of solids."""

from __future__ import annotations

from dagsterlite.execution.contexts import (
    AbstractComputeExecutionContext,
    OpExecutionContext,
    SolidExecutionContext,
)
from dagsterlite.execution.step_context import SystemComputeExecutionContext

__all__ = [
    "AbstractComputeExecutionContext",
    "OpExecutionContext",
    "SolidExecutionContext",
    "SystemComputeExecutionContext",
]
