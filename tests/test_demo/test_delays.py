"""The demo's plain functions, on frames small enough to compute by hand."""

from __future__ import annotations

import pandas as pd
import pytest

from dagsterlite.demo import delays


def flights(**columns):
    rows = {
        "year": [2013, 2013, 2013],
        "tailnum": ["N1", "N2", "N1"],
        "origin": ["EWR", "EWR", "JFK"],
        "time_hour": ["h1", "h1", "h2"],
        "dep_delay": [1.0, None, 3.0],
        "arr_delay": [10.0, None, 30.0],
    }
    return pd.DataFrame({**rows, **columns})


WEATHER = pd.DataFrame(
    {
        "origin": ["EWR", "EWR"],
        "time_hour": ["h1", "h1"],
        "temp": [40.0, 41.0],
        "precip": [0.1, 0.0],
        "visib": [10.0, 10.0],
        "wind_speed": [5.0, 5.0],
    }
)
PLANES = pd.DataFrame({"tailnum": ["N1"], "year": [2003], "seats": [100]})


def test_flights_that_never_arrived_are_left_out_and_the_others_kept_once():
    joined = delays.join(flights(), WEATHER, PLANES)

    assert joined["arr_delay"].tolist() == [10.0, 30.0]
    assert joined["plane_age"].tolist() == [10, 10]
    assert joined["precip"].tolist()[0] == 0.1
    assert joined["precip"].isna().tolist() == [False, True]


def test_statistics_count_and_average_each_group_latest_first():
    frame = pd.DataFrame({"carrier": ["A", "A", "B"], "arr_delay": [10.0, 30.0, 50.0]})

    table = delays.delays_by(frame, "carrier")

    assert table.to_dict("records") == [
        {
            "carrier": "B",
            "flights": 1,
            "mean_delay": 50.0,
            "median_delay": 50.0,
            "late_share": 1.0,
        },
        {
            "carrier": "A",
            "flights": 2,
            "mean_delay": 20.0,
            "median_delay": 20.0,
            "late_share": 0.5,
        },
    ]


def test_the_weather_is_told_in_one_word():
    frame = pd.DataFrame(
        {
            "precip": [0.2, 0.0, 0.0, 0.0],
            "visib": [1.0, 1.0, 10.0, 10.0],
            "wind_speed": [30.0, 30.0, 30.0, 5.0],
        }
    )

    kinds = delays.with_weather_kind(frame)["weather"].tolist()

    assert kinds == ["rain or snow", "fog", "wind", "fair"]


def test_a_model_finds_the_rule_that_made_the_delays():
    rows = [
        {"hour": h, "distance": d, "precip": p, "visib": v, "wind_speed": w, "plane_age": a}
        for h, d, p, v, w, a in [
            (1, 2, 0, 1, 3, 5),
            (2, 1, 1, 4, 2, 2),
            (3, 5, 0, 2, 8, 1),
            (4, 3, 2, 7, 1, 9),
            (5, 8, 1, 3, 4, 3),
            (6, 4, 3, 9, 6, 7),
            (7, 9, 0, 5, 7, 8),
            (8, 6, 2, 8, 5, 4),
        ]
    ]
    frame = pd.DataFrame(rows)
    frame["arr_delay"] = 3 + 2 * frame["hour"] + 10 * frame["precip"]

    model = delays.fit_delays(frame)

    assert model.intercept == pytest.approx(3)
    assert model.coefficients["hour"] == pytest.approx(2)
    assert model.coefficients["precip"] == pytest.approx(10)
    assert model.rmse == pytest.approx(0)
    assert model.rmse_of_mean > 1
