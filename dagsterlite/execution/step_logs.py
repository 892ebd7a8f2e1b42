"""What the steps of a recorded run have printed, as it lies there or as it comes."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from dagsterlite.compute_logs import ComputeIOType, LogKey
from dagsterlite.events.log_entry import RUN_LEVEL
from dagsterlite.instance import DagsterInstance
from dagsterlite.runs import RunRecord

LOOK_SECONDS: Final = 0.2
"""How often is looked for more."""


@dataclass(frozen=True, kw_only=True)
class StepLogPiece:
    """A piece of what an attempt of a step has written to one stream."""

    step_key: str
    #: Counts the step's attempts from 1.
    attempt: int
    io_type: ComputeIOType
    data: bytes


def step_logs(
    instance: DagsterInstance, run_id: str, step_key: str | None = None, *, follow: bool = False
) -> Iterator[StepLogPiece]:
    """Yield what the steps of a run have printed, step by step and attempt by attempt.

    What the process of a launched run has printed is found under the step key ``RUN_LEVEL``.

    Args:
        instance: Where the run is recorded.
        run_id: The run.
        step_key: The step (default: all steps).
        follow: Whether to go on, with what comes, until the run has ended or its driver is lost.

    Raises:
        DagsterRunNotFoundError: there is no such run.
        DagsterStorageError: the logs cannot be read.
    """
    reader = _Reader(instance, [run_id] if step_key is None else [run_id, step_key])
    while True:
        # Asked first: what is printed between the two questions must not be missed.
        is_over = not follow or _has_ended(instance.require_run(run_id))
        yield from reader.news()
        if is_over:
            return
        time.sleep(LOOK_SECONDS)


def _has_ended(record: RunRecord) -> bool:
    return record.dagster_run.is_finished or record.is_lost(time.time())


class _Reader:
    def __init__(self, instance: DagsterInstance, prefix: LogKey) -> None:
        self._instance = instance
        self._manager = instance.compute_log_manager
        self._prefix = prefix
        self._cursors: dict[tuple[str, ...], str | None] = {}
        self._numbers: dict[tuple[str, ...], int] = {}

    def news(self) -> Iterator[StepLogPiece]:
        """Yield what was printed since the last time."""
        for key in self._keys():
            data = self._manager.get_log_data(key, self._cursors.get(key))
            self._cursors[key] = data.cursor
            streams = {ComputeIOType.STDOUT: data.stdout, ComputeIOType.STDERR: data.stderr}
            for io_type, written in streams.items():
                if written is not None:
                    _, step_key, _ = key
                    yield StepLogPiece(
                        step_key=step_key,
                        attempt=self._numbers[key],
                        io_type=io_type,
                        data=written,
                    )

    def _keys(self) -> list[tuple[str, ...]]:
        """Return the attempts of which something is kept, in the order in which they began."""
        found = {
            tuple(key)
            for io_type in ComputeIOType
            for key in self._manager.get_log_keys_for_log_key_prefix(self._prefix, io_type)
            # Steps in the process of a launched run print there too.
            if len(self._prefix) > 1 or key[1] != RUN_LEVEL
        }
        if found - self._numbers.keys():
            self._number(found)
        return [key for key in self._numbers if key in found]

    def _number(self, found: set[tuple[str, ...]]) -> None:
        entries = self._instance.all_logs(self._prefix[0])
        begun = dict.fromkeys((e.run_id, e.step_key, e.attempt_id) for e in entries if e.step_key)
        # What was heard of only by what it prints has begun last.
        numbers: dict[tuple[str, ...], int] = {}
        attempts: dict[str, int] = {}
        for key in [*begun, *sorted(found - begun.keys())]:
            attempts[key[1]] = number = attempts.get(key[1], 0) + 1
            numbers[key] = number
        self._numbers = numbers
