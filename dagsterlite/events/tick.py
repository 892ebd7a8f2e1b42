"""One look of a schedule or sensor, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from dagsterlite.events.error_info import SerializableErrorInfo
from dagsterlite.instigators import InstigatorType
from dagsterlite.serdes import serializable


@serializable("TickStatus")
class TickStatus(Enum):
    """How a tick went."""

    #: Its function is asked, or its runs are being started.
    STARTED = "STARTED"
    #: There was nothing to do.
    SKIPPED = "SKIPPED"
    #: What was asked for was started.
    SUCCESS = "SUCCESS"
    FAILURE = "FAILURE"


@serializable("TickData")
@dataclass(frozen=True, kw_only=True)
class TickData:
    """What is recorded of a tick."""

    instigator_origin_id: str
    instigator_name: str
    instigator_type: InstigatorType
    status: TickStatus
    #: When it was due, in unix seconds.
    timestamp: float
    #: The runs that it started, and the keys that it asked for them by.
    run_ids: tuple[str, ...] = ()
    run_keys: tuple[str, ...] = ()
    error: SerializableErrorInfo | None = None
    skip_reason: str | None = None
    #: What a sensor's function kept for its next tick.
    cursor: str | None = None
    #: How many times in a row it failed up to this one.
    failure_count: int = 0


@serializable("InstigatorTick")
@dataclass(frozen=True)
class InstigatorTick:
    """A tick that was recorded."""

    #: The number that the store gave it; later ticks have higher ones.
    tick_id: int
    tick_data: TickData

    @property
    def status(self) -> TickStatus:
        """How it went, or goes."""
        return self.tick_data.status

    @property
    def timestamp(self) -> float:
        """When it was due, in unix seconds."""
        return self.tick_data.timestamp
