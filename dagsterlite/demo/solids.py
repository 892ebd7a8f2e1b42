"""The steps of the flights pipeline."""

from __future__ import annotations

import calendar
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pandas as pd

from dagsterlite import (
    AssetMaterialization,
    EventMetadataEntry,
    ExpectationResult,
    InputDefinition,
    List,
    Output,
    OutputDefinition,
    PythonObjectDagsterType,
    SolidExecutionContext,
    String,
    solid,
)
from dagsterlite.demo import delays
from dagsterlite.demo.types import Flights, Frame, JoinedFlights, Weather

MONTHS: Final = tuple(name.lower() for name in calendar.month_name[1:])

Model = PythonObjectDagsterType(delays.DelayModel, name="DelayModel")


@solid(
    config_schema={"table": String},
    output_defs=[OutputDefinition(Frame)],
    required_resource_keys={"tables"},
)
def load_table(context: SolidExecutionContext) -> pd.DataFrame:
    """Read one of the tables."""
    name = context.solid_config["table"]
    table: pd.DataFrame = context.resources.tables.read(name)
    context.log.info("%s rows of %s", f"{len(table):,}", name)
    return table


# --- checks --------------------------------------------------------------------------------------


def _expect(label: str, is_off: pd.Series[bool]) -> ExpectationResult:
    off = int(is_off.sum())
    return ExpectationResult(
        off == 0,
        label,
        f"{off:,} of {len(is_off):,} rows are off.",
        [EventMetadataEntry.int(off, "rows off")],
    )


def _expect_numbers(table: pd.DataFrame, *columns: str) -> ExpectationResult:
    wrong = [name for name in columns if not pd.api.types.is_numeric_dtype(table[name])]
    said = f"No numbers: {', '.join(wrong)}." if wrong else f"Numbers: {', '.join(columns)}."
    return ExpectationResult(not wrong, "numbers are numbers", said)


@solid(
    input_defs=[
        InputDefinition("flights", Frame),
        InputDefinition("airlines", Frame),
        InputDefinition("airports", Frame),
    ],
    output_defs=[OutputDefinition(Flights)],
)
def check_flights(
    context: SolidExecutionContext,
    flights: pd.DataFrame,
    airlines: pd.DataFrame,
    airports: pd.DataFrame,
) -> Iterator[Any]:
    """Hold the flights against what is known of them; a row that is off is told, not dropped."""
    yield _expect_numbers(flights, "month", "hour", "dep_delay", "arr_delay", "distance")
    yield _expect("month is 1 to 12", ~flights["month"].between(1, 12))
    has_left = flights["dep_delay"].notna()
    in_range = flights["dep_delay"].between(-120, 24 * 60)
    yield _expect("delay is -2 to 24 hours", has_left & ~in_range)
    yield _expect("carrier is known", ~flights["carrier"].isin(airlines["carrier"]))
    yield _expect("destination is known", ~flights["dest"].isin(airports["faa"]))
    context.log.info("%s of %s flights never left", f"{(~has_left).sum():,}", f"{len(flights):,}")
    yield Output(flights)


@solid(
    input_defs=[InputDefinition("weather", Frame)],
    output_defs=[OutputDefinition(Weather)],
)
def check_weather(_context: SolidExecutionContext, weather: pd.DataFrame) -> Iterator[Any]:
    """Hold the weather against what there is in New York; wind that cannot be is taken out."""
    yield _expect_numbers(weather, "temp", "precip", "visib", "wind_speed")
    yield _expect("hour is once", weather.duplicated(["origin", "time_hour"]))
    temp, wind = weather["temp"], weather["wind_speed"]
    yield _expect("temperature is -20 to 110", temp.notna() & ~temp.between(-20, 110))
    yield _expect("visibility is 0 to 10", ~weather["visib"].between(0, 10))
    cannot_be = wind > delays.STRONGEST_WIND
    yield _expect("wind is below a great hurricane's", cannot_be)
    yield Output(weather.assign(wind_speed=wind.mask(cannot_be)))


# --- month by month ------------------------------------------------------------------------------


@solid(
    input_defs=[InputDefinition("flights", Flights)],
    output_defs=[OutputDefinition(Flights, name) for name in MONTHS],
)
def split_by_month(_context: SolidExecutionContext, flights: pd.DataFrame) -> Iterator[Output]:
    """Give each month's flights out on their own, so that months are worked on side by side."""
    for number, name in enumerate(MONTHS, start=1):
        yield Output(flights[flights["month"] == number], name)


@solid(
    input_defs=[
        InputDefinition("flights", Flights),
        InputDefinition("weather", Weather),
        InputDefinition("planes", Frame),
        InputDefinition("airports", Frame),
    ],
    output_defs=[OutputDefinition(JoinedFlights)],
)
def join_month(
    context: SolidExecutionContext,
    flights: pd.DataFrame,
    weather: pd.DataFrame,
    planes: pd.DataFrame,
    airports: pd.DataFrame,
) -> pd.DataFrame:
    """Clean a month's flights; join them with their planes, weather and destinations."""
    flown = delays.clean(flights)
    context.log.info("%s of %s flights arrived", f"{len(flown):,}", f"{len(flights):,}")
    return delays.with_weather_kind(delays.join(flown, weather, planes, airports))


@solid(
    input_defs=[InputDefinition("months", List[JoinedFlights])],
    output_defs=[OutputDefinition(JoinedFlights)],
)
def put_together(_context: SolidExecutionContext, months: list[pd.DataFrame]) -> pd.DataFrame:
    """Put the months together."""
    return pd.concat(months, ignore_index=True)


# --- what is found -------------------------------------------------------------------------------


def _file(path: Path, *facts: EventMetadataEntry) -> AssetMaterialization:
    return AssetMaterialization(
        ["flights", path.name],
        None,
        [*facts, EventMetadataEntry.fspath(str(path))],
    )


def _rows(count: int) -> EventMetadataEntry:
    return EventMetadataEntry.int(count, "rows")


@solid(
    config_schema={"name": String, "by": [String]},
    input_defs=[InputDefinition("flights", JoinedFlights)],
    output_defs=[OutputDefinition(Frame)],
    required_resource_keys={"results"},
)
def delay_statistics(context: SolidExecutionContext, flights: pd.DataFrame) -> Iterator[Any]:
    """Compute how late flights are, by some of their columns, and write it as CSV."""
    table = delays.delays_by(flights, *context.solid_config["by"])
    path = context.resources.results.write(
        f"delays_by_{context.solid_config['name']}.csv",
        lambda path: table.to_csv(path, index=False),
    )
    yield _file(path, _rows(len(table)))
    yield Output(table)


@solid(
    input_defs=[InputDefinition("flights", JoinedFlights)],
    output_defs=[OutputDefinition(Model)],
)
def fit_model(context: SolidExecutionContext, flights: pd.DataFrame) -> delays.DelayModel:
    """Fit the delay on arrival on what is known before the start."""
    model = delays.fit_delays(flights)
    context.log.info("off by %s minutes, the mean by %s", model.rmse, model.rmse_of_mean)
    return model


@solid(
    input_defs=[InputDefinition("flights", JoinedFlights)],
    output_defs=[],
    required_resource_keys={"results"},
)
def write_flights(
    context: SolidExecutionContext, flights: pd.DataFrame
) -> Iterator[AssetMaterialization]:
    """Write the joined flights as one Parquet file."""
    path = context.resources.results.write(
        "flights.parquet", lambda path: flights.to_parquet(path, index=False)
    )
    yield _file(path, _rows(len(flights)))


@solid(
    input_defs=[
        InputDefinition("by_hour", Frame),
        InputDefinition("by_carrier", Frame),
        InputDefinition("by_weather", Frame),
        InputDefinition("by_destination", Frame),
        InputDefinition("airlines", Frame),
    ],
    output_defs=[],
    required_resource_keys={"results"},
)
def plot_delays(
    context: SolidExecutionContext,
    by_hour: pd.DataFrame,
    by_carrier: pd.DataFrame,
    by_weather: pd.DataFrame,
    by_destination: pd.DataFrame,
    airlines: pd.DataFrame,
) -> Iterator[AssetMaterialization]:
    """Draw when, with whom, in which weather and where to flights were late."""
    from dagsterlite.demo.picture import draw

    figure = draw(by_hour, by_carrier.merge(airlines, on="carrier"), by_weather, by_destination)
    path = context.resources.results.write("delays.png", lambda path: figure.savefig(path, dpi=120))
    yield _file(path)


@solid(
    input_defs=[
        InputDefinition("by_carrier", Frame),
        InputDefinition("by_origin", Frame),
        InputDefinition("by_weather", Frame),
        InputDefinition("by_month", Frame),
        InputDefinition("by_hour", Frame),
        InputDefinition("airlines", Frame),
        InputDefinition("model", Model),
    ],
    required_resource_keys={"results"},
)
def write_summary(
    context: SolidExecutionContext,
    by_carrier: pd.DataFrame,
    by_origin: pd.DataFrame,
    by_weather: pd.DataFrame,
    by_month: pd.DataFrame,
    by_hour: pd.DataFrame,
    airlines: pd.DataFrame,
    model: delays.DelayModel,
) -> Iterator[Any]:
    """Write what was found as one JSON file."""
    named = by_carrier.merge(airlines, on="carrier", how="left")
    summary: dict[str, Any] = {
        "flights": int(by_origin["flights"].sum()),
        "findings": delays.findings(named, by_weather, by_hour, model),
        "by_carrier": named.to_dict("records"),
        "by_origin": by_origin.to_dict("records"),
        "by_weather": by_weather.to_dict("records"),
        "by_month": by_month.to_dict("records"),
        "model": model.as_dict(),
    }
    path = context.resources.results.write(
        "summary.json", lambda path: path.write_text(json.dumps(summary, indent=2) + "\n")
    )
    yield _file(path)
    yield Output(summary)
