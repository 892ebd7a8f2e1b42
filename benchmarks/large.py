"""Whether a run of 100,000 steps costs no more a step than one of 10,000, in time and memory."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from tempfile import TemporaryDirectory

from benchmarks.figures import Figure
from benchmarks.on_dask import fan
from benchmarks.pipelines import QUIET
from dagsterlite import DagsterInstance, execute_pipeline

SMALL, LARGE = 10_000, 100_000
TARGET = 1.3


def benchmark() -> Iterator[Figure]:
    """Measure each size in a process and on a cluster of its own, grouped as any second run."""
    small, large = _measured(SMALL), _measured(LARGE)
    for name, unit in (("time", "s"), ("driver's memory", "MB")):
        ratio = (large[unit] / LARGE) / (small[unit] / SMALL)
        what = f"Dask 2 x 1, 1 → {LARGE:,} → 1: {name} a step"
        yield Figure(what=what, value=ratio, unit=f"x that of {SMALL:,}", target=TARGET)
        shown = f"Dask 2 x 1, 1 → {LARGE:,} → 1: {name}, for comparison"
        yield Figure(what=shown, value=large[unit], unit=unit, target=None)


def _measured(width: int) -> dict[str, float]:
    command = [sys.executable, "-m", "benchmarks.large", str(width)]
    told = subprocess.run(command, check=True, capture_output=True, text=True)
    found: dict[str, float] = json.loads(told.stdout.splitlines()[-1])
    return found


def _run(width: int) -> dict[str, float]:
    config = {
        **QUIET,
        "execution": {"dask": {"cluster": {"local": {"n_workers": 2, "threads_per_worker": 1}}}},
        "intermediate_storage": {"in_memory": {}},
    }
    small = fan(10)
    with TemporaryDirectory() as folder, DagsterInstance.local_temp(folder) as instance:
        # What any run needs is there after it.
        assert execute_pipeline(small, config, instance=instance).success
        before = _megabytes()
        began = time.perf_counter()
        definition = fan(width)
        assert execute_pipeline(definition, config, instance=instance).success
        return {"s": time.perf_counter() - began, "MB": _megabytes() - before}


def _megabytes() -> float:
    """Return the most memory that this process has had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000


if __name__ == "__main__":
    sys.stdout.write(f"{json.dumps(_run(int(sys.argv[1])))}\n")
