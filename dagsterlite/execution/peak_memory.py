"""The peak of this process's resident memory over each of several stretches of time.

Linux keeps the peak of a process and lets the process set it back to what it uses now. Where that
is not possible, a stretch's peak is known only if the process has never used so much before. Who
asks the kernel for the peak of such a process hears of the time since its last stretch began.
"""

from __future__ import annotations

import os
import resource
import sys
import threading
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

_UNIT: Final = 1 if sys.platform == "darwin" else 1024
"""Bytes that one of the kernel's own units of memory holds."""

_NEGLIGIBLE: Final = 4 << 20
"""Bytes by which two figures of the kernel's may differ that say the same."""

# Of a thread it is the same figure, and it is had without a look at all threads.
_WHO: Final = getattr(resource, "RUSAGE_THREAD", resource.RUSAGE_SELF)


@dataclass(eq=False)
class Stretch:
    """A stretch of time; it is over when it is ended."""

    #: The highest resident memory seen in it, in bytes; 0 where that is not known.
    peak: int = 0
    #: Whether another stretch was under way at some time in it.
    is_shared: bool = False


class PeakMemory:
    """Measures stretches that may overlap, as those of several threads do."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._under_way: set[Stretch] = set()
        self._peak = _Peak()

    def begin(self) -> Stretch:
        """Begin a stretch."""
        with self._lock:
            stretch = Stretch(is_shared=bool(self._under_way))
            if stretch.is_shared:
                self._look()
            for other in self._under_way:
                other.is_shared = True
            self._peak.set_back()
            self._under_way.add(stretch)
            return stretch

    def look(self) -> None:
        """Have the stretches that are under way know their peaks up to now."""
        with self._lock:
            self._look()

    def end(self, stretch: Stretch) -> None:
        """End a stretch; what comes later is not of it."""
        with self._lock:
            self._under_way.discard(stretch)

    def _look(self) -> None:
        peak = self._peak.read()
        for stretch in self._under_way:
            stretch.peak = max(stretch.peak, peak)


class _Peak:
    """The peak of this process since it was set back, as far as that can be known."""

    def __init__(self) -> None:
        self._is_back = _set_back()
        # A process also bears the peak of the program that became it, which cannot be set back.
        peak = _life_peak()
        self._inherited = peak if peak > _peak_in_status() + _NEGLIGIBLE else 0
        #: What is not above it may be of an earlier time.
        self._floor = peak

    def set_back(self) -> None:
        self._is_back = _set_back()
        self._floor = self._inherited if self._is_back else _life_peak()

    def read(self) -> int:
        """Return the peak in bytes; 0 where it is not known."""
        peak = _life_peak()
        if peak > self._floor:
            return peak
        return _peak_in_status() if self._is_back else 0


def _set_back() -> bool:
    """Have the kernel forget the peak up to now; return whether it did."""
    # Opened each time: a file kept open would be another process's after a fork.
    with suppress(OSError):
        switch = os.open("/proc/self/clear_refs", os.O_WRONLY)
        try:
            return os.write(switch, b"5") == 1
        finally:
            os.close(switch)
    return False


def _life_peak() -> int:
    return resource.getrusage(_WHO).ru_maxrss * _UNIT


def _peak_in_status() -> int:
    with (
        suppress(OSError),
        open("/proc/self/status", encoding="ascii", errors="replace") as file,
    ):
        found = (line.split()[1] for line in file if line.startswith("VmHWM:"))
        return int(next(found, 0)) * _UNIT
    return 0
