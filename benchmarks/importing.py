"""How long a new process takes to import the main names, to run a small pipeline, and to help."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

from benchmarks.figures import Figure, best_seconds

IMPORT_TARGET = 0.4
HELP_TARGET = 0.3
CODE = """
from dagsterlite import solid, pipeline, execute_pipeline
@solid
def one(context): return 1
@pipeline
def graph(): one()
execute_pipeline(graph)
"""


def benchmark() -> Iterator[Figure]:
    """Measure whole processes, from their start to their end, beside one that does nothing."""
    yield _process("import and one run in process", ["-c", CODE], IMPORT_TARGET)
    yield _process("dagsterlite --help", ["-m", "dagsterlite", "--help"], HELP_TARGET)
    yield _process("Python alone, for comparison", ["-c", ""], None)


def _process(what: str, arguments: list[str], target: float | None) -> Figure:
    command = [sys.executable, *arguments]
    seconds = best_seconds(lambda: subprocess.run(command, check=True, capture_output=True), 5)
    return Figure(what=f"process: {what}", value=seconds, unit="s", target=target)
