"""What a run waits for on workers that are there but do nothing for it. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

from dask.utils import format_bytes

from dagsterlite.errors import listed
from dagsterlite.events.engine import Waiting
from dagsterlite_dask.keys import TaskKey
from dagsterlite_dask.roster import TELL_SECONDS

SILENT_SECONDS: Final = 15.0
"""How long a worker may send no sign of life: Dask's send one each few seconds."""


@dataclass(frozen=True, kw_only=True)
class Sight:
    """A worker as its scheduler sees it."""

    is_paused: bool = False
    #: Resident bytes of its process, as it told last.
    memory: int
    #: The bytes that it may use; 0 where there is no limit.
    memory_limit: int = 0
    #: Seconds since its last sign of life.
    silent_seconds: float = 0.0
    #: The run's tasks that it was given.
    tasks: tuple[TaskKey, ...] = ()
    #: Whether what all of the run's tasks need is there, or made there, and nowhere else.
    holds_shared: bool = False
    #: Whether its nanny stopped it, since it held too much.
    is_stopped: bool = False

    @property
    def memory_text(self) -> str:
        """What it holds, and may hold at most."""
        limit = f" of its {format_bytes(self.memory_limit)}" if self.memory_limit else ""
        return f"{format_bytes(self.memory)}{limit}"


class Watch:
    """Looks at a run's workers now and then, and remembers what it saw last of each."""

    def __init__(self) -> None:
        self._seen: dict[str, Sight] = {}
        self._tell_at: dict[str, float] = {}

    def last_of(self, worker: str) -> Sight | None:
        """Return what was seen last of a worker, also of one that is gone."""
        return self._seen.get(worker)

    def note_stop(self, worker: str, memory: int) -> None:
        """Note that a worker was stopped by its nanny.

        Args:
            worker: Its address.
            memory: The bytes that it held.
        """
        last = self._seen.get(worker, Sight(memory=memory))
        self._seen[worker] = replace(last, memory=memory, is_stopped=True)

    def look(
        self,
        sights: Mapping[str, Sight],
        steps_of: Callable[[TaskKey], Iterable[str]],
        has_started: Callable[[str], bool],
        now: float,
    ) -> Iterator[tuple[str, Waiting]]:
        """Take up what is seen; yield what is to be told, as text and as detail.

        Args:
            sights: The workers that are there, by their address.
            steps_of: Returns the steps of a task that have no end yet.
            has_started: Returns whether a step was heard of.
            now: Seconds on a clock that only goes forward.
        """
        # One that was stopped may still be on the scheduler's list.
        stopped = {worker for worker, sight in self._seen.items() if sight.is_stopped}
        self._seen |= {w: sight for w, sight in sights.items() if w not in stopped}
        are_all_paused = bool(sights) and all(sight.is_paused for sight in sights.values())
        for worker, sight in sights.items():
            steps = [step for task in sight.tasks for step in steps_of(task)]
            idle = [step for step in steps if not has_started(step)]
            if sight.silent_seconds >= SILENT_SECONDS and (steps or sight.holds_shared):
                yield from self._tell(_silent(worker, sight, steps), now)
            elif sight.is_paused and (idle or are_all_paused):
                yield from self._tell(_paused(worker, sight, idle), now)

    def _tell(self, found: tuple[str, Waiting], now: float) -> Iterator[tuple[str, Waiting]]:
        what = found[1].waits_for
        if now >= self._tell_at.get(what, now):
            self._tell_at[what] = now + TELL_SECONDS
            yield found


def _silent(worker: str, sight: Sight, steps: list[str]) -> tuple[str, Waiting]:
    given = (
        f"It was given: {listed(steps)}." if steps else "It alone was given what all steps need."
    )
    text = (
        f"The run waits for worker {worker}: it was not heard of for {sight.silent_seconds:.0f} "
        f"seconds. {given} Its process hangs, is held by a call outside Python, or cannot be "
        "reached; its steps run elsewhere once Dask takes it for lost."
    )
    return text, Waiting(f"a sign of worker {worker}", tuple(steps))


def _paused(worker: str, sight: Sight, steps: list[str]) -> tuple[str, Waiting]:
    text = (
        f"The run waits for worker {worker}: it is paused and begins no step, since its process "
        f"holds {sight.memory_text} memory."
    )
    if steps:
        text += f" There wait: {listed(steps)}."
    return text, Waiting(f"paused worker {worker}", tuple(steps))
