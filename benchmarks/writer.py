"""A process that writes a run's events one by one: ``python -m benchmarks.writer HOME N RUN``.

It says that it is ready, and begins when it is told a line.
"""

from __future__ import annotations

import sys

from benchmarks.event_log import entries_of_a_run, of_run
from dagsterlite import DagsterInstance


def main(home: str, number: int, run_id: str) -> None:
    """Write so many events of a run of that id."""
    entries = of_run(entries_of_a_run(number // 5), run_id)[:number]
    with DagsterInstance.local_temp(home) as instance:
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        sys.stdin.readline()
        instance.create_run("p", run_id=run_id)
        for entry in entries:
            instance.record_entries([entry])


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), sys.argv[3])
