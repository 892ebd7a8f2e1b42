"""The keys of a run's tasks: what the scheduler groups by, and what never meets another run's.

``("<solid>-<32 hex of the run>", "<handle>", <submission>)``: Dask takes the solid's name for the
key's prefix, under which it learns durations and colours its dashboard, and the hex for the group.
A task of several steps bears the name and handle of the last. The handle of a mapped step has its
mapping key behind it, in brackets.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Final, TypeAlias

from dagsterlite.handles import StepOutputHandle, mapped_key
from dagsterlite.plan.step import ExecutionStep

TaskKey: TypeAlias = tuple[str, str, int]

_HEX_LENGTH: Final = 32

# As uuid writes them; other ways to write the same one are other run ids.
_UUID: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@lru_cache(maxsize=64)
def run_hex(run_id: str) -> str:
    """Return 32 hex digits for a run: a UUID's own, else those of its hash.

    Dask strips exactly this form off a key to find its prefix.
    """
    if _UUID.fullmatch(run_id):
        return run_id.replace("-", "")
    return hashlib.sha256(run_id.encode()).hexdigest()[:_HEX_LENGTH]


def task_key(step: ExecutionStep, run_id: str, submission: int = 0) -> TaskKey:
    """Return the key of the task of a step, or of a chain of steps that ends with it.

    Args:
        step: The step.
        run_id: The run.
        submission: Counts from 0: a key whose workers died too often cannot be submitted again.
    """
    return (f"{step.solid_def.name}-{run_hex(run_id)}", _place(step), submission)


def _place(step: ExecutionStep) -> str:
    place, mapping_key = str(step.solid_handle), step.handle.mapping_key
    return place if mapping_key is None else mapped_key(place, mapping_key)


def output_key(
    run_id: str, step: ExecutionStep, outputs: Iterable[StepOutputHandle], submission: int
) -> TaskKey:
    """Return the key of the task that picks some outputs out of a step's result.

    Args:
        run_id: The run.
        step: The step.
        outputs: The outputs.
        submission: The submission of the steps that need them.
    """
    labels = ",".join(output.label for output in outputs)
    return (node_key("output", run_id), f"{_place(step)}:{labels}", submission)


def node_key(kind: str, run_id: str) -> str:
    """Return the key of a node that belongs to the run as a whole, e.g. its payload."""
    return f"dagsterlite_{kind}-{run_hex(run_id)}"


def topic_of(run_id: str) -> str:
    """Return the name of the topic that the run's events travel on."""
    return f"dagsterlite-{run_hex(run_id)}"
