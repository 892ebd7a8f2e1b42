"""The keys of a run's tasks: what the scheduler groups by, and what never meets another run's.

``("<solid>-<32 hex of the run>", "<handle>", <submission>)``: Dask takes the solid's name for the
key's prefix, under which it learns durations and colours its dashboard, and the hex for the group.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Final, TypeAlias

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
    """Return the key of a step's task.

    Args:
        step: The step.
        run_id: The run.
        submission: Counts from 0: a key whose workers died too often cannot be submitted again.
    """
    return (f"{step.solid_def.name}-{run_hex(run_id)}", str(step.solid_handle), submission)


def output_key(run_id: str, task: TaskKey, names: Sequence[str]) -> TaskKey:
    """Return the key of the task that picks some outputs out of a step's result."""
    _, handle, submission = task
    return (node_key("output", run_id), f"{handle}:{','.join(names)}", submission)


def node_key(kind: str, run_id: str) -> str:
    """Return the key of a node that belongs to the run as a whole, e.g. its payload."""
    return f"dagsterlite_{kind}-{run_hex(run_id)}"


def topic_of(run_id: str) -> str:
    """Return the name of the topic that the run's events travel on."""
    return f"dagsterlite-{run_hex(run_id)}"
