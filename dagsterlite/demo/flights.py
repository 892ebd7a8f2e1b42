"""The flights pipeline: load → check → join month by month → statistics and a model → files."""

from __future__ import annotations

from typing import Any, Final

from dagsterlite import ModeDefinition, PresetDefinition, pipeline
from dagsterlite.demo.resources import all_tables, results_folder, sampled_tables
from dagsterlite.demo.solids import (
    check_flights,
    check_weather,
    delay_statistics,
    fit_model,
    join_month,
    load_table,
    plot_delays,
    put_together,
    write_flights,
    write_summary,
)

TABLES: Final = ("flights", "weather", "planes", "airlines")
COLUMNS: Final = ("carrier", "origin", "weather", "month")


def run_config(**sections: Any) -> dict[str, Any]:
    """Return the run config of the pipeline: which tables are loaded, which columns looked at."""
    loads = {f"load_{name}": {"config": {"table": name}} for name in TABLES}
    statistics = {f"delays_by_{name}": {"config": {"by": name}} for name in COLUMNS}
    return {"solids": {**loads, **statistics}, **sections}


@pipeline(
    description="Why were flights out of New York late in 2013?",
    mode_defs=[
        ModeDefinition(
            "local",
            resource_defs={"tables": sampled_tables, "results": results_folder},
            description="A sample of the flights, in memory.",
        ),
        ModeDefinition(
            "full",
            resource_defs={"tables": all_tables, "results": results_folder},
            description="All flights.",
        ),
    ],
    preset_defs=[
        PresetDefinition("local", run_config(), mode="local"),
        PresetDefinition("full", run_config(intermediate_storage={"filesystem": {}}), mode="full"),
        PresetDefinition(
            "cluster",
            run_config(
                execution={"dask": {"cluster": {"local": {"n_workers": 2}}}},
                intermediate_storage={"filesystem": {}},
            ),
            mode="full",
        ),
    ],
)
def flights_pipeline() -> None:
    """Draw the graph."""
    tables = {name: load_table.alias(f"load_{name}")() for name in TABLES}
    flights = check_flights(tables["flights"], tables["airlines"])
    weather = check_weather(tables["weather"])
    months = [join_month(month)(flights, weather, tables["planes"]) for month in range(1, 13)]
    joined = put_together(months)
    by = {name: delay_statistics.alias(f"delays_by_{name}")(joined) for name in COLUMNS}
    model = fit_model(joined)
    write_flights(joined)
    plot_delays(by["month"], by["carrier"])
    write_summary(
        by["carrier"], by["origin"], by["weather"], by["month"], tables["airlines"], model
    )
