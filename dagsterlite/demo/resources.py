"""Where the tables come from, and where the results go."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from dagsterlite import Field, InitResourceContext, Int, StringSource, resource
from dagsterlite.demo.tables import read_table


@dataclass(frozen=True)
class Tables:
    """Reads tables; of the flights, perhaps only every n-th."""

    keep_every: int = 1

    def read(self, name: str) -> pd.DataFrame:
        """Return a table."""
        table = read_table(name)
        return table.iloc[:: self.keep_every] if name == "flights" else table


@resource(description="All of the tables.")
def all_tables(_init_context: InitResourceContext) -> Tables:
    """Read everything."""
    return Tables()


@resource(
    config_schema={
        "keep_every": Field(Int, default_value=50, description="Keep each n-th flight."),
    },
    description="A sample of the flights, all of the other tables.",
)
def sampled_tables(init_context: InitResourceContext) -> Tables:
    """Read a sample."""
    return Tables(keep_every=init_context.resource_config["keep_every"])


@dataclass(frozen=True)
class Results:
    """The folder that one run writes its results to."""

    folder: Path

    def write(self, name: str, write: Callable[[Path], Any]) -> Path:
        """Have ``write`` write a file of this name; return its path."""
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self.folder / name
        write(path)
        return path


@resource(
    config_schema={
        "base_dir": Field(
            StringSource,
            is_required=False,
            description="Each run has a folder below it; by default the instance's.",
        )
    },
    description="The folder for a run's results.",
)
def results_folder(init_context: InitResourceContext) -> Results:
    """Name the run's folder; it is made when something is written."""
    base = init_context.resource_config.get("base_dir") or init_context.instance.storage_directory()
    folder = Path(base).expanduser().resolve() / str(init_context.run_id)
    return Results(folder / "results")
