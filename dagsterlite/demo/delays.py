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
_WEATHER: Final = ["origin", "time_hour", "temp", "precip", "visib", "wind_speed"]
_FEATURES: Final = ["hour", "distance", "precip", "visib", "wind_speed", "plane_age"]


def join(flights: pd.DataFrame, weather: pd.DataFrame, planes: pd.DataFrame) -> pd.DataFrame:
    """Return the flights that arrived, each with its plane and the weather where it started."""
    flown = flights.dropna(subset=["dep_delay", "arr_delay"])
    built = planes.rename(columns={"year": "built"})[["tailnum", "built", "seats"]]
    joined = flown.merge(built, on="tailnum", how="left").merge(
        weather[_WEATHER].drop_duplicates(["origin", "time_hour"]),
        on=["origin", "time_hour"],
        how="left",
    )
    return joined.assign(plane_age=joined["year"] - joined["built"])


def delays_by(joined: pd.DataFrame, column: str) -> pd.DataFrame:
    """Return count, mean and median delay on arrival and the share of late flights, by a column."""
    late = joined.assign(is_late=joined["arr_delay"] > _MINUTES_LATE)
    grouped = late.groupby(column, observed=True)
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
        ["rain or snow", "fog", "wind"],
        default="fair",
    )
    return joined.assign(weather=kinds)


@dataclass(frozen=True)
class DelayModel:
    """A linear model of the delay on arrival, in minutes."""

    intercept: float
    #: Minutes a unit of each feature.
    coefficients: dict[str, float]
    #: Root of the mean squared error, of the model and of always guessing the mean.
    rmse: float
    rmse_of_mean: float
    flights: int

    def as_dict(self) -> dict[str, Any]:
        """Return the model as JSON-able data."""
        return asdict(self)


def fit_delays(joined: pd.DataFrame) -> DelayModel:
    """Fit the delay on arrival by least squares on what is known before the start."""
    known = joined.dropna(subset=_FEATURES)
    features = known[_FEATURES].to_numpy(dtype=float)
    delay = known["arr_delay"].to_numpy(dtype=float)
    design = np.column_stack([np.ones(len(features)), features])
    solution, *_ = np.linalg.lstsq(design, delay, rcond=None)
    error = delay - design @ solution
    return DelayModel(
        intercept=round(float(solution[0]), 4),
        coefficients=dict(zip(_FEATURES, np.round(solution[1:], 5).tolist(), strict=True)),
        rmse=round(float(np.sqrt(np.mean(error**2))), 3),
        rmse_of_mean=round(float(np.std(delay)), 3),
        flights=len(known),
    )
