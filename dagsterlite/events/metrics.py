"""What one attempt of a step cost; carried by the event that ends the attempt."""

from __future__ import annotations

from dataclasses import dataclass

from dagsterlite.serdes import serializable


@serializable("StepMetrics")
@dataclass(frozen=True, kw_only=True, slots=True)
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
    #: Which attempt of its step it was; 1 for the first.
    attempt: int = 1
    #: Bytes, as they are stored, of the inputs that it loaded from intermediate storage; what the
    #: steps before it handed on in memory, and what IO managers loaded, does not count.
    bytes_read: int = 0
    #: Bytes of the outputs that it wrote to intermediate storage.
    bytes_written: int = 0
    #: Seconds from when its task could run on the cluster until it did: since it was given to the
    #: cluster and all that it needs was there, by the clocks of the machines. The inputs' way to
    #: the worker is part of it, and so is what the task did on a worker that was lost. None for
    #: attempts that waited for no cluster: in the driver's process, after another attempt, behind
    #: another step of the same task.
    queue_seconds: float | None = None
    #: Seconds that its inputs were under way from other workers, for the first step of its task.
    transfer_seconds: float = 0.0
    #: Bytes, as they lie in memory, that other workers sent for it meanwhile.
    bytes_received: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Arrival:
    """What it took to bring a step and its inputs to where it runs; see :class:`StepMetrics`."""

    queue_seconds: float | None = None
    transfer_seconds: float = 0.0
    bytes_received: int = 0
