"""The steps of the flights pipeline."""

from __future__ import annotations

import calendar
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

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
    SolidDefinition,
    SolidExecutionContext,
    String,
    solid,
)
from dagsterlite.demo import delays
from dagsterlite.demo.types import Flights, Frame, JoinedFlights, Weather

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


def _expect(label: str, wrong: int, total: int) -> ExpectationResult:
    return ExpectationResult(
        wrong == 0,
        label,
        f"{wrong:,} of {total:,} rows are off.",
        [EventMetadataEntry.int(wrong, "rows off")],
    )


@solid(
    input_defs=[InputDefinition("flights", Frame), InputDefinition("airlines", Frame)],
    output_defs=[OutputDefinition(Flights)],
)
def check_flights(
    context: SolidExecutionContext, flights: pd.DataFrame, airlines: pd.DataFrame
) -> Iterator[Any]:
    """Hold the flights against what is known of them; a row that is off is told, not dropped."""
    total = len(flights)
    delay = flights["dep_delay"].dropna()
    yield _expect("month is 1 to 12", int((~flights["month"].between(1, 12)).sum()), total)
    yield _expect("delay is -2 to 24 hours", int((~delay.between(-120, 24 * 60)).sum()), total)
    unknown = ~flights["carrier"].isin(airlines["carrier"])
    yield _expect("carrier is known", int(unknown.sum()), total)
    canceled = int(flights["dep_delay"].isna().sum())
    context.log.info("%s of %s flights never left", f"{canceled:,}", f"{total:,}")
    yield Output(flights)


@solid(
    input_defs=[InputDefinition("weather", Frame)],
    output_defs=[OutputDefinition(Weather)],
)
def check_weather(_context: SolidExecutionContext, weather: pd.DataFrame) -> Iterator[Any]:
    """Hold the weather against what there is in New York; wind that cannot be is taken out."""
    total = len(weather)
    yield _expect("hour is once", int(weather.duplicated(["origin", "time_hour"]).sum()), total)
    temp = weather["temp"].dropna()
    yield _expect("temperature is -20 to 110", int((~temp.between(-20, 110)).sum()), total)
    yield _expect("visibility is 0 to 10", int((~weather["visib"].between(0, 10)).sum()), total)
    cannot_be = weather["wind_speed"] > delays.STRONGEST_WIND
    yield _expect("wind is below a great hurricane's", int(cannot_be.sum()), total)
    yield Output(weather.assign(wind_speed=weather["wind_speed"].mask(cannot_be)))


def join_month(month: int) -> SolidDefinition:
    """Return the solid that joins the flights of one month with their planes and weather."""

    @solid(
        name=f"join_{calendar.month_name[month].lower()}",
        description=f"Join the flights of {calendar.month_name[month]} with planes and weather.",
        input_defs=[
            InputDefinition("flights", Flights),
            InputDefinition("weather", Weather),
            InputDefinition("planes", Frame),
        ],
        output_defs=[OutputDefinition(JoinedFlights)],
    )
    def join(
        _context: SolidExecutionContext,
        flights: pd.DataFrame,
        weather: pd.DataFrame,
        planes: pd.DataFrame,
    ) -> pd.DataFrame:
        of_month = flights[flights["month"] == month]
        return delays.join(of_month, weather, planes)

    return join


@solid(
    input_defs=[InputDefinition("months", List[JoinedFlights])],
    output_defs=[OutputDefinition(JoinedFlights)],
)
def put_together(_context: SolidExecutionContext, months: list[pd.DataFrame]) -> pd.DataFrame:
    """Put the months together, each flight with the kind of weather at its start."""
    return delays.with_weather_kind(pd.concat(months, ignore_index=True))


def _file(path: Path, rows: int) -> AssetMaterialization:
    return AssetMaterialization(
        ["flights", path.name],
        f"Wrote {path.name}.",
        [EventMetadataEntry.fspath(str(path)), EventMetadataEntry.int(rows, "rows")],
    )


@solid(
    config_schema={"by": String},
    input_defs=[InputDefinition("flights", JoinedFlights)],
    output_defs=[OutputDefinition(Frame)],
    required_resource_keys={"results"},
)
def delay_statistics(context: SolidExecutionContext, flights: pd.DataFrame) -> Iterator[Any]:
    """Compute how late flights are, by one of their columns, and write it as CSV."""
    column = context.solid_config["by"]
    table = delays.delays_by(flights, column)
    path = context.resources.results.write(
        f"delays_by_{column}.csv", lambda path: table.to_csv(path, index=False)
    )
    yield _file(path, len(table))
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
    input_defs=[
        InputDefinition("by_carrier", Frame),
        InputDefinition("by_origin", Frame),
        InputDefinition("by_weather", Frame),
        InputDefinition("by_month", Frame),
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
    airlines: pd.DataFrame,
    model: delays.DelayModel,
) -> Iterator[Any]:
    """Write what was found as one JSON file."""
    named = by_carrier.merge(airlines, on="carrier", how="left")
    summary: dict[str, Any] = {
        "flights": int(by_origin["flights"].sum()),
        "latest_carriers": named.head(3)[["name", "mean_delay"]].to_dict("records"),
        "by_origin": by_origin.to_dict("records"),
        "by_weather": by_weather.to_dict("records"),
        "latest_months": by_month.head(3)[["month", "mean_delay"]].to_dict("records"),
        "model": model.as_dict(),
    }
    path = context.resources.results.write(
        "summary.json", lambda path: path.write_text(json.dumps(summary, indent=2) + "\n")
    )
    yield _file(path, summary["flights"])
    yield Output(summary)


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
    yield _file(path, len(flights))


@solid(
    input_defs=[InputDefinition("by_month", Frame), InputDefinition("by_carrier", Frame)],
    output_defs=[],
    required_resource_keys={"results"},
)
def plot_delays(
    context: SolidExecutionContext, by_month: pd.DataFrame, by_carrier: pd.DataFrame
) -> Iterator[AssetMaterialization]:
    """Draw the mean delay by month and by carrier."""
    # Drawn without pyplot: it holds state for the whole process, and steps may share one.
    from matplotlib.figure import Figure

    figure = Figure(figsize=(11, 4), layout="constrained")
    left, right = figure.subplots(1, 2)
    months = by_month.sort_values("month")
    names = [calendar.month_abbr[month] for month in months["month"]]
    left.bar(names, months["mean_delay"], color="#3b6ea5")
    left.set(title="Mean delay on arrival by month", ylabel="minutes")
    carriers = by_carrier.sort_values("mean_delay")
    right.barh(carriers["carrier"], carriers["mean_delay"], color="#a5643b")
    right.set(title="Mean delay on arrival by carrier", xlabel="minutes")
    path = context.resources.results.write("delays.png", lambda path: figure.savefig(path, dpi=120))
    yield _file(path, len(months))
