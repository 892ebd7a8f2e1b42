"""Run the benchmarks named on the command line, or all, and print their table."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator

from benchmarks import compiling, event_log, importing, in_process, large, on_dask, stores
from benchmarks.figures import Benchmark, Figure, table

BENCHMARKS: dict[str, Benchmark] = {
    "importing": importing.benchmark,
    "compiling": compiling.benchmark,
    "in_process": in_process.benchmark,
    "event_log": event_log.benchmark,
    "stores": stores.benchmark,
    "dask": on_dask.benchmark,
    "large": large.benchmark,
}


def main() -> int:
    """Print the table; return 1 where a target is missed, else 0."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", choices=[[], *BENCHMARKS], metavar="NAME")
    names = parser.parse_args().names or list(BENCHMARKS)
    missed: list[Figure] = []

    def measured() -> Iterator[Figure]:
        for name in names:
            for figure in BENCHMARKS[name]():
                if figure.verdict == "MISSED":
                    missed.append(figure)
                yield figure

    for line in table(measured()):
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
