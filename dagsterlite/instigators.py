"""What starts runs by itself, a schedule or a sensor: whether it is on, and what it remembers."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from dagsterlite.serdes import serializable


@serializable("InstigatorType")
class InstigatorType(Enum):
    """What an instigator looks at."""

    #: The clock.
    SCHEDULE = "SCHEDULE"
    #: Anything else, from time to time.
    SENSOR = "SENSOR"


@serializable("InstigatorStatus")
class InstigatorStatus(Enum):
    """Whether an instigator starts runs."""

    #: Nobody has said; the code of the instigator decides.
    DECLARED_IN_CODE = "DECLARED_IN_CODE"
    RUNNING = "RUNNING"
    STOPPED = "STOPPED"


@serializable("ScheduleInstigatorData")
@dataclass(frozen=True, kw_only=True)
class ScheduleInstigatorData:
    """What is remembered of a schedule."""

    cron_schedule: str
    #: Since when it is on, in unix seconds: ticks that were due before do not count as missed.
    start_timestamp: float | None = None


@serializable("SensorInstigatorData")
@dataclass(frozen=True, kw_only=True)
class SensorInstigatorData:
    """What is remembered of a sensor."""

    #: When it was last asked, in unix seconds.
    last_tick_timestamp: float | None = None
    #: The run key that it last asked a run for.
    last_run_key: str | None = None
    #: How many seconds lie at least between two ticks.
    min_interval: int | None = None
    #: What its function has kept for its next tick.
    cursor: str | None = None


@serializable("InstigatorState")
@dataclass(frozen=True, kw_only=True)
class InstigatorState:
    """The state of a schedule or sensor."""

    #: Names the instigator, its repository and where that is loaded from; no other has it.
    origin_id: str
    instigator_name: str
    #: Names the repository and where it is loaded from.
    repository_origin_id: str
    instigator_type: InstigatorType
    status: InstigatorStatus
    data: ScheduleInstigatorData | SensorInstigatorData | None = None

    @property
    def is_running(self) -> bool:
        """Whether somebody turned it on."""
        return self.status is InstigatorStatus.RUNNING
