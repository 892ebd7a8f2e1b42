"""What stands in the folder of a notebook that is executed: how its processes find each other."""

from __future__ import annotations

import pickle
import sys
from dataclasses import dataclass
from typing import Final

import cloudpickle

from dagsterlite.errors import DagsterInvariantViolationError

STEP_VARIABLE: Final = "DAGSTERLITE_NOTEBOOK_STEP"
"""Names the folder to the notebook's kernel."""

PREPARED: Final = "prepared.ipynb"
EXECUTED: Final = "executed.ipynb"
STEP: Final = "step.pickle"
OUTBOX: Final = "outbox"
LOG: Final = "log.txt"


@dataclass(frozen=True)
class StepFile:
    """The step, for the notebook's kernel."""

    #: Where Python looks for modules; needed to read the rest.
    path: tuple[str, ...]
    #: The step as it may be sent to another process, by cloudpickle.
    ref: bytes
    #: The values of its inputs by name, by cloudpickle.
    inputs: bytes

    @staticmethod
    def of(ref: object, inputs: dict[str, object]) -> StepFile:
        """Return the step as it goes into a file.

        Raises:
            DagsterInvariantViolationError: the value of an input cannot be pickled.
        """
        return StepFile(tuple(sys.path), cloudpickle.dumps(ref), _pickled(inputs))

    def write(self, path: str) -> None:
        """Write the file."""
        with open(path, "wb") as file:
            pickle.dump(self, file)

    @staticmethod
    def read(path: str) -> StepFile:
        """Read the file."""
        with open(path, "rb") as file:
            found: StepFile = pickle.load(file)
        return found


def _pickled(inputs: dict[str, object]) -> bytes:
    try:
        return bytes(cloudpickle.dumps(inputs))
    except Exception as exc:
        message = (
            f"An input of a notebook cannot be sent to its kernel: {type(exc).__name__}: {exc}. "
            "Its inputs must be values that can be pickled."
        )
        raise DagsterInvariantViolationError(message) from exc
