"""What one attempt of a step cost; carried by the event that ends the attempt."""

from __future__ import annotations

from dataclasses import dataclass

from dagsterlite.serdes import serializable


@serializable("StepMetrics")
@dataclass(frozen=True, kw_only=True)
class StepMetrics:
    """What one attempt of a step cost."""

    #: From the attempt's start to its end, its inputs' loading and its outputs' storing included.
    wall_seconds: float
    #: CPU time of the thread that ran the attempt; threads that its code started do not count.
    cpu_seconds: float
    #: The highest resident memory, in bytes, of the attempt's process while it ran: all that the
    #: process holds, not the step's share alone. None where the process has no way to tell: it may
    #: not set its peak back (no Linux, or no ``/proc``), and has used as much before.
    peak_memory: int | None = None
    #: Whether another attempt ran in that process at some time meanwhile.
    shared: bool = False
    #: The address of the Dask worker that ran it; empty where it ran in the driver's own process.
    worker: str = ""
