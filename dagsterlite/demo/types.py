"""What the frames that go from step to step must be."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import pandas as pd

from dagsterlite import DagsterType, EventMetadataEntry, TypeCheck

_WEATHER: Final = frozenset({"origin", "time_hour", "temp", "precip", "visib", "wind_speed"})
_FLIGHTS: Final = frozenset({"month", "carrier", "origin", "dest", "dep_delay", "arr_delay"})
_JOINED: Final = frozenset({"precip", "visib", "wind_speed", "seats", "dest_name", "weather"})


def _frame_with(columns: frozenset[str]) -> Callable[[Any, Any], TypeCheck]:
    def check(_context: Any, value: Any) -> TypeCheck:
        if not isinstance(value, pd.DataFrame):
            found = type(value).__name__
            return TypeCheck(success=False, description=f"Expected a data frame, found {found}.")
        missing = sorted(columns - set(value.columns))
        if missing:
            description = f"The frame lacks columns: {', '.join(missing)}."
            return TypeCheck(success=False, description=description)
        rows = EventMetadataEntry.int(len(value), "rows")
        return TypeCheck(success=True, metadata_entries=[rows])

    return check


Frame = DagsterType(
    _frame_with(frozenset()), name="Frame", description="A pandas data frame of any columns."
)

Flights = DagsterType(
    _frame_with(_FLIGHTS),
    name="Flights",
    description="A data frame with a row for each flight: when, by whom, from where, how late.",
)

Weather = DagsterType(
    _frame_with(_WEATHER),
    name="Weather",
    description="A data frame with a row for each airport of departure and hour.",
)

JoinedFlights = DagsterType(
    _frame_with(_FLIGHTS | _JOINED),
    name="JoinedFlights",
    description="Flights that arrived, each with its plane, its weather and its destination.",
)
