"""The IO manager that keeps outputs in this process's memory."""

from __future__ import annotations

from typing import Any

from dagsterlite.definitions.io_context import InputContext, OutputContext
from dagsterlite.definitions.io_manager import IOManager, IOManagerDefinition
from dagsterlite.errors import DagsterInvariantViolationError


class InMemoryIOManager(IOManager):
    """Keeps outputs as they are, until it is dropped. Threads may share it."""

    def __init__(self) -> None:
        #: By what ``context.get_identifier()`` says.
        self.values: dict[tuple[str, ...], Any] = {}

    def handle_output(self, context: OutputContext, obj: Any) -> None:
        self.values[tuple(context.get_identifier())] = obj

    def load_input(self, context: InputContext) -> Any:
        """Return the very object that was handed over.

        Raises:
            DagsterInvariantViolationError: it was handed to another manager, e.g. by another run.
        """
        key = tuple(context.get_identifier())
        if key not in self.values:
            message = (
                f"mem_io_manager does not hold output {'.'.join(key[1:])} of run {key[0]}: it "
                "keeps outputs for their own run only. Use fs_io_manager to keep them longer."
            )
            raise DagsterInvariantViolationError(message)
        return self.values[key]


class _OfOneProcess(IOManagerDefinition):
    is_shared = False


mem_io_manager = _OfOneProcess(
    lambda _init_context: InMemoryIOManager(),
    description="Keeps outputs in this process's memory, for runs whose steps share one.",
)
