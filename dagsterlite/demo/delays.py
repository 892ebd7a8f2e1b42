"""What is computed: plain functions of frames, which know nothing of pipelines."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np
import pandas as pd

STRONGEST_WIND: Final = 120.0
"""Miles an hour; a hurricane of category 3 begins at 111."""

_MINUTES_LATE: Final = 15
_FOG_MILES: Final = 5
_STRONG_WIND: Final = 20
_HOUR: Final = ["origin", "time_hour"]
_WEATHER: Final = [*_HOUR, "temp", "precip", "visib", "wind_speed"]
_FEATURES: Final = ["hour", "distance", "temp", "precip", "visib", "wind_speed", "plane_age"]


def clean(flights: pd.DataFrame) -> pd.DataFrame:
    """Return the flights that arrived, each once."""
    return flights.dropna(subset=["dep_delay", "arr_delay"]).drop_duplicates()


def join(
    flights: pd.DataFrame, weather: pd.DataFrame, planes: pd.DataFrame, airports: pd.DataFrame
) -> pd.DataFrame:
    """Return flights with their planes, the weather at their start and where they went."""
    built = planes.rename(columns={"year": "built"})[["tailnum", "built", "seats"]]
    places = airports.rename(columns={"faa": "dest", "name": "dest_name"})
    joined = (
        flights.merge(built, on="tailnum", how="left")
        .merge(weather[_WEATHER].drop_duplicates(_HOUR), on=_HOUR, how="left")
        .merge(places[["dest", "dest_name", "lat", "lon"]], on="dest", how="left")
    )
    return joined.assign(plane_age=joined["year"] - joined["built"])


def delays_by(joined: pd.DataFrame, *columns: str) -> pd.DataFrame:
    """Return count, mean and median delay on arrival and the share of late flights, by columns."""
    late = joined.assign(is_late=joined["arr_delay"] > _MINUTES_LATE)
    grouped = late.groupby(list(columns), observed=True, dropna=False)
    table = grouped.agg(
        flights=("arr_delay", "size"),
        mean_delay=("arr_delay", "mean"),
        median_delay=("arr_delay", "median"),
        late_share=("is_late", "mean"),
    )
    return table.round(3).sort_values("mean_delay", ascending=False).reset_index()


def with_weather_kind(joined: pd.DataFrame) -> pd.DataFrame:
    """Return the flights with a column that tells the weather in one word."""
    kinds = np.select(
        [joined["precip"] > 0, joined["visib"] < _FOG_MILES, joined["wind_speed"] > _STRONG_WIND],
        ["wet", "foggy", "windy"],
        default="fair",
    )
    return joined.assign(weather=kinds)


@dataclass(frozen=True)
class DelayModel:
    """A linear model of the minutes of delay on arrival: fitted on odd days, tried on even ones."""

    intercept: float
    #: Minutes a unit of each feature.
    coefficients: dict[str, float]
    #: Root of the mean squared error on the even days: of the model, and of guessing the mean.
    rmse: float
    rmse_of_mean: float
    #: The share of the delays' variance on the even days that the model explains.
    explained: float
    flights_fitted: int
    flights_tried: int

    def as_dict(self) -> dict[str, Any]:
        """Return the model as JSON-able data."""
        return asdict(self)


def fit_delays(joined: pd.DataFrame) -> DelayModel:
    """Fit the delay on arrival by least squares on what is known before the start."""
    known = joined.dropna(subset=_FEATURES)
    is_odd = (known["day"] % 2 == 1).to_numpy()
    features = known[_FEATURES].to_numpy(dtype=float)
    delay = known["arr_delay"].to_numpy(dtype=float)
    design = np.column_stack([np.ones(len(features)), features])
    solution, *_ = np.linalg.lstsq(design[is_odd], delay[is_odd], rcond=None)
    error = _mean_square(delay[~is_odd] - design[~is_odd] @ solution)
    error_of_mean = _mean_square(delay[~is_odd] - delay[is_odd].mean())
    return DelayModel(
        intercept=round(float(solution[0]), 4),
        coefficients=dict(zip(_FEATURES, np.round(solution[1:], 5).tolist(), strict=True)),
        rmse=round(error**0.5, 3),
        rmse_of_mean=round(error_of_mean**0.5, 3),
        explained=round(1 - error / error_of_mean, 4),
        flights_fitted=int(is_odd.sum()),
        flights_tried=int((~is_odd).sum()),
    )


def _mean_square(errors: np.ndarray[Any, Any]) -> float:
    return float(np.mean(errors**2))


def findings(
    by_carrier: pd.DataFrame, by_weather: pd.DataFrame, by_hour: pd.DataFrame, model: DelayModel
) -> list[str]:
    """Return what the tables say, in a sentence each; that of the carriers has their names."""
    busy = by_hour[by_hour["flights"] >= by_hour["flights"].max() / 10]
    late, early = by_carrier.iloc[0], by_carrier.iloc[-1]
    evening, morning = busy.iloc[0], busy.iloc[-1]
    worst, best = by_weather.iloc[0], by_weather.iloc[-1]
    carriers = f"{late['name']} was {_said(late)} on average, {early['name']} {_said(early)}."
    hours = f"A flight of {evening['hour']:.0f}:00 was {_said(evening)}, "
    hours += f"one of {morning['hour']:.0f}:00 {_said(morning)}."
    weather = f"In {worst['weather']} weather flights were {_said(worst)}, "
    weather += f"in {best['weather']} weather {_said(best)}."
    share = f"What is known before the start explains {model.explained:.1%} of the variance."
    return [carriers, hours, weather, share]


def _said(row: pd.Series[Any]) -> str:
    delay = row["mean_delay"]
    return f"{abs(delay):.1f} min {'late' if delay >= 0 else 'early'}"
