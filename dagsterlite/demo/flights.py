"""The flights pipeline: load → check → split by month → join → statistics, a model → files."""

from __future__ import annotations

from typing import Any, Final

from dagsterlite import ModeDefinition, PresetDefinition, pipeline
from dagsterlite.demo.resources import all_tables, results_folder, sampled_tables
from dagsterlite.demo.solids import (
    MONTHS,
    check_flights,
    check_weather,
    delay_statistics,
    fit_model,
    join_month,
    load_table,
    plot_delays,
    put_together,
    split_by_month,
    write_flights,
    write_summary,
)

TABLES: Final = ("flights", "weather", "planes", "airports", "airlines")

STATISTICS: Final = {
    "carrier": ["carrier"],
    "origin": ["origin"],
    "destination": ["dest", "dest_name", "lat", "lon"],
    "weather": ["weather"],
    "month": ["month"],
    "hour": ["hour"],
}
"""For each table of delays the columns that its rows stand for."""

#: What steps log is kept with the run; on the terminal it would drown its progress.
QUIET: Final = {"console": {"config": {"log_level": "WARNING"}}}

TWO_WORKERS: Final = {"n_workers": 2, "threads_per_worker": 1}


def run_config(**sections: Any) -> dict[str, Any]:
    """Return the run config of the pipeline: which tables are loaded, which columns looked at."""
    loads = {f"load_{name}": {"config": {"table": name}} for name in TABLES}
    statistics = {
        f"delays_by_{name}": {"config": {"name": name, "by": by}} for name, by in STATISTICS.items()
    }
    return {"solids": {**loads, **statistics}, "loggers": QUIET, **sections}


@pipeline(
    description="Why were flights out of New York late in 2013?",
    mode_defs=[
        ModeDefinition(
            "local",
            resource_defs={"tables": sampled_tables, "results": results_folder},
            description="A sample of the flights.",
        ),
        ModeDefinition(
            "full",
            resource_defs={"tables": all_tables, "results": results_folder},
            description="All flights.",
        ),
    ],
    preset_defs=[
        # A sample, in this process, values in memory.
        PresetDefinition("local", run_config(), mode="local"),
        # All flights, on a cluster that is started for the run, each step's outputs kept.
        PresetDefinition(
            "full",
            run_config(
                execution={"dask": {"cluster": {"local": TWO_WORKERS}}},
                intermediate_storage={"filesystem": {}},
            ),
            mode="full",
        ),
    ],
)
def flights_pipeline() -> None:
    """Draw the graph."""
    tables = {name: load_table.alias(f"load_{name}")() for name in TABLES}
    flights = check_flights(tables["flights"], tables["airlines"], tables["airports"])
    weather = check_weather(tables["weather"])
    months = split_by_month(flights)
    joined = put_together(
        [
            join_month.alias(f"join_{name}")(month, weather, tables["planes"], tables["airports"])
            for name, month in zip(MONTHS, months, strict=True)
        ]
    )
    by = {name: delay_statistics.alias(f"delays_by_{name}")(joined) for name in STATISTICS}
    model = fit_model(joined)
    write_flights(joined)
    plot_delays(
        by["hour"], by["carrier"], by["weather"], by["destination"], airlines=tables["airlines"]
    )
    write_summary(
        by["carrier"],
        by["origin"],
        by["weather"],
        by["month"],
        by["hour"],
        airlines=tables["airlines"],
        model=model,
    )
