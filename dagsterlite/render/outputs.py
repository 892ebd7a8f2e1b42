"""The outputs that a run has stored, as people see them."""

from __future__ import annotations

from collections.abc import Iterable

from rich.table import Table

from dagsterlite.execution.kept_outputs import KeptOutput
from dagsterlite.render.runs import table_of
from dagsterlite.render.safe_text import one_line
from dagsterlite.render.sizes import size


def outputs_table(outputs: Iterable[KeptOutput]) -> Table:
    """Return the list of outputs, one a line: how each is written, and where it lies."""
    table = table_of("STEP", "OUTPUT", "WRITTEN AS", "SIZE", "ADDRESS")
    for output in outputs:
        stored = output.stored
        texts = [output.step_key, output.label, stored.codec, size(stored.size), stored.address]
        table.add_row(*map(one_line, texts))
    return table
