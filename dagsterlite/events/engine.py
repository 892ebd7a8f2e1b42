"""What the engine tells of its own work: one closed table of typed details."""

from __future__ import annotations

from dataclasses import dataclass, field

from dagsterlite.events.error_info import SerializableErrorInfo
from dagsterlite.events.metadata import EventMetadataEntry, HasMetadata
from dagsterlite.handles import StepOutputHandle, mapped_key, split_mapped_key
from dagsterlite.serdes import serializable


@serializable("StepRecovered")
@dataclass(frozen=True)
class StepRecovered:
    """A committed step was asked for again: its outputs were loaded, its code did not run."""

    step_key: str
    attempt_id: str


@serializable("AttemptSuperseded")
@dataclass(frozen=True)
class AttemptSuperseded:
    """An attempt stood back: another attempt of its step was accepted."""

    step_key: str
    attempt_id: str
    accepted_attempt_id: str


@serializable("StepAbandoned")
@dataclass(frozen=True)
class StepAbandoned:
    """A step will not run, because steps that it needs failed."""

    step_key: str
    failed_step_keys: tuple[str, ...]


@serializable("Waiting")
@dataclass(frozen=True)
class Waiting:
    """The run cannot go on for now."""

    #: What it waits for, e.g. ``workers``, ``resource GPU``, ``paused worker tcp://…``.
    waits_for: str
    step_keys: tuple[str, ...] = ()


@serializable("WorkerLost")
@dataclass(frozen=True)
class WorkerLost:
    """A worker of the cluster died or was cut off."""

    worker: str
    step_keys: tuple[str, ...] = ()
    #: The bytes that its process held when it was seen last; None where that is not known.
    memory: int | None = None
    #: The bytes that it might use; None where it had no limit, or that is not known.
    memory_limit: int | None = None


@serializable("StorageChosen")
@dataclass(frozen=True)
class StorageChosen:
    """Where the run keeps its intermediates, and why."""

    name: str
    address: str | None
    reason: str


@serializable("ClusterJoined")
@dataclass(frozen=True)
class ClusterJoined:
    """Where the run's steps are executed, if in other processes."""

    #: The scheduler's address.
    scheduler: str
    #: The addresses of the workers that are there at the start.
    workers: tuple[str, ...]
    #: Where the cluster can be watched; None where it offers no such page.
    dashboard: str | None = None


@serializable("OutputsTaken")
@dataclass(frozen=True)
class OutputsTaken:
    """Steps did not run: the run refers to what they left in a run that it descends from."""

    run_id: str
    step_keys: tuple[str, ...]


@serializable("StepsResolved")
@dataclass(frozen=True)
class StepsResolved:
    """The mapping keys of a dynamic output are known: each step that is mapped over it is one."""

    output: StepOutputHandle
    mapping_keys: tuple[str, ...]
    #: The steps as they stand in the plan, e.g. ``a.compute[?]``.
    step_keys: tuple[str, ...]

    def keys_of(self, step_key: str) -> tuple[str, ...]:
        """Return the keys of the steps that one of the plan comes to."""
        base, _ = split_mapped_key(step_key)
        return tuple(mapped_key(base, key) for key in self.mapping_keys)


EngineDetail = (
    StepRecovered
    | AttemptSuperseded
    | StepAbandoned
    | Waiting
    | WorkerLost
    | StorageChosen
    | ClusterJoined
    | OutputsTaken
    | StepsResolved
)


@serializable("EngineEventData")
@dataclass(frozen=True)
class EngineEventData(HasMetadata):
    """ENGINE_EVENT: what the engine tells, with its typed detail where there is one."""

    metadata_entries: list[EventMetadataEntry] = field(default_factory=list)
    error: SerializableErrorInfo | None = None
    detail: EngineDetail | None = None
