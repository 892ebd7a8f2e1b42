"""The demo's picture: when, with whom, in which weather and where to flights were late."""

from __future__ import annotations

from typing import Any, Final

import pandas as pd

# Drawn without pyplot: it holds state for the whole process, and steps may share one.
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine

_EARLY: Final = "#4f8a8b"
_LATE: Final = "#d1495b"
_LINE: Final = "#30475e"
_QUIET: Final = "#6b7280"

#: Longitudes and latitudes of the mainland.
_WEST_EAST: Final = (-126.0, -64.0)
_SOUTH_NORTH: Final = (23.0, 50.0)
_NEW_YORK: Final = (-73.9, 40.7)

_FEWEST_FLIGHTS: Final = 10
"""Means of fewer flights say nothing."""

_PLACES_NAMED: Final = 8


def draw(
    by_hour: pd.DataFrame,
    by_carrier: pd.DataFrame,
    by_weather: pd.DataFrame,
    by_destination: pd.DataFrame,
) -> Figure:
    """Return the picture, from tables of delays; that of the carriers has their names."""
    layout = ConstrainedLayoutEngine(w_pad=0.15, h_pad=0.15)
    figure = Figure(figsize=(13, 9), layout=layout)
    (hours, carriers), (weather, places) = figure.subplots(2, 2, width_ratios=(1, 1.25))
    flights = int(by_hour["flights"].sum())
    figure.suptitle(
        f"Out of New York in 2013: how late {flights:,} flights arrived",
        fontsize=17,
        fontweight="bold",
        color=_LINE,
    )
    _draw_hours(hours, by_hour)
    _draw_carriers(carriers, by_carrier)
    _draw_weather(weather, by_weather)
    _draw_places(places, by_destination)
    return figure


def _dress(axes: Axes, title: str, **labels: Any) -> None:
    axes.set_title(title, loc="left", fontsize=12, fontweight="bold", color=_LINE, pad=10)
    axes.set(**labels)
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(_QUIET)
    axes.tick_params(colors=_QUIET, length=0)
    axes.xaxis.label.set_color(_QUIET)
    axes.yaxis.label.set_color(_QUIET)


def _colors(delays: pd.Series[float]) -> list[str]:
    return [_LATE if delay > 0 else _EARLY for delay in delays]


def _enough(table: pd.DataFrame) -> pd.DataFrame:
    return table[table["flights"] >= _FEWEST_FLIGHTS]


def _draw_hours(axes: Axes, by_hour: pd.DataFrame) -> None:
    table = _enough(by_hour).sort_values("hour")
    hours, delays = table["hour"], table["mean_delay"]
    for color, is_shown in ((_LATE, delays >= 0), (_EARLY, delays <= 0)):
        axes.fill_between(
            hours, delays, 0, where=is_shown, interpolate=True, color=color, alpha=0.3, lw=0
        )
    axes.plot(hours, delays, color=_LINE, lw=2, marker="o", ms=4)
    axes.axhline(0, color=_QUIET, lw=0.8)
    _dress(axes, "Delays pile up over the day", xlabel="scheduled hour", ylabel="mean minutes late")
    axes.set_xticks(range(6, 24, 3))


def _draw_carriers(axes: Axes, by_carrier: pd.DataFrame) -> None:
    table = by_carrier.sort_values("mean_delay")
    bars = axes.barh(table["name"], table["mean_delay"], color=_colors(table["mean_delay"]))
    axes.bar_label(bars, fmt="%.1f", padding=3, fontsize=8, color=_QUIET)
    axes.axvline(0, color=_QUIET, lw=0.8)
    axes.margins(x=0.12)
    _dress(axes, "It matters whom you fly with", xlabel="mean minutes late")
    axes.spines["left"].set_visible(False)
    axes.tick_params(axis="y", labelsize=8.5)


def _draw_weather(axes: Axes, by_weather: pd.DataFrame) -> None:
    table = by_weather.sort_values("mean_delay")
    bars = axes.bar(
        table["weather"], table["mean_delay"], width=0.6, color=_colors(table["mean_delay"])
    )
    labels = [f"{row.mean_delay:.1f} min\n{row.late_share:.0%} late" for row in table.itertuples()]
    axes.bar_label(bars, labels=labels, padding=4, fontsize=9, color=_QUIET)
    axes.margins(y=0.2)
    _dress(axes, "Bad weather at the start costs minutes", ylabel="mean minutes late")


def _draw_places(axes: Axes, by_destination: pd.DataFrame) -> None:
    table = _enough(by_destination).dropna(subset=["lat", "lon"])
    table = table[table["lon"].between(*_WEST_EAST)].sort_values("flights", ascending=False)
    for east, north in table[["lon", "lat"]].to_numpy():
        axes.plot([_NEW_YORK[0], east], [_NEW_YORK[1], north], color=_QUIET, lw=0.4, alpha=0.35)
    most = table["flights"].max() if len(table) else 1
    dots = axes.scatter(
        table["lon"],
        table["lat"],
        s=20 + 380 * table["flights"] / most,
        c=table["mean_delay"],
        cmap="RdYlBu_r",
        vmin=-15,
        vmax=30,
        edgecolor=_LINE,
        linewidth=0.4,
        zorder=3,
    )
    for place in table.head(_PLACES_NAMED).itertuples():
        axes.annotate(
            str(place.dest),
            (place.lon, place.lat),
            xytext=(0, 11),
            textcoords="offset points",
            ha="center",
            fontsize=8,
            fontweight="bold",
            color=_LINE,
            zorder=5,
        )
    axes.plot(*_NEW_YORK, marker="*", ms=15, color=_LINE, mec="white", zorder=4)
    _dress(axes, "Where they went: size is the number of flights", xlim=_WEST_EAST)
    axes.set(ylim=_SOUTH_NORTH, xticks=[], yticks=[], aspect=1.25)
    axes.spines[:].set_visible(False)
    bar = axes.figure.colorbar(dots, ax=axes, shrink=0.75, pad=0.01)
    bar.outline.set_visible(False)
    bar.set_label("mean minutes late", color=_QUIET)
    bar.ax.tick_params(colors=_QUIET, length=0)
