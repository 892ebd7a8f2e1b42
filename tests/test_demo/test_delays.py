"""The demo's plain functions, on frames small enough to compute by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from dagsterlite.demo import delays


def flights(**columns):
    rows = {
        "year": [2013, 2013, 2013],
        "tailnum": ["N1", "N2", "N1"],
        "origin": ["EWR", "EWR", "JFK"],
        "time_hour": ["h1", "h1", "h2"],
        "dest": ["BOS", "BOS", "SJU"],
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
AIRPORTS = pd.DataFrame({"faa": ["BOS"], "name": ["Logan"], "lat": [42.4], "lon": [-71.0]})


def test_flights_that_never_arrived_are_left_out_and_the_others_kept_once():
    twice = pd.concat([flights(), flights()])

    assert delays.clean(twice)["arr_delay"].tolist() == [10.0, 30.0]


def test_each_flight_has_its_plane_its_weather_and_its_destination_once():
    joined = delays.join(flights(), WEATHER, PLANES, AIRPORTS)

    assert joined["plane_age"].tolist()[::2] == [10, 10]
    assert joined["precip"].tolist()[0] == 0.1
    assert joined["precip"].isna().tolist() == [False, False, True]
    assert joined["dest_name"].tolist()[:2] == ["Logan", "Logan"]
    assert joined["dest_name"].isna().tolist() == [False, False, True]


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


def test_statistics_by_several_columns_keep_those_that_are_not_known():
    frame = pd.DataFrame(
        {"dest": ["BOS", "SJU"], "dest_name": ["Logan", None], "arr_delay": [1.0, 2.0]}
    )

    table = delays.delays_by(frame, "dest", "dest_name")

    assert table["dest"].tolist() == ["SJU", "BOS"]


def test_the_weather_is_told_in_one_word():
    frame = pd.DataFrame(
        {
            "precip": [0.2, 0.0, 0.0, 0.0],
            "visib": [1.0, 1.0, 10.0, 10.0],
            "wind_speed": [30.0, 30.0, 30.0, 5.0],
        }
    )

    kinds = delays.with_weather_kind(frame)["weather"].tolist()

    assert kinds == ["wet", "foggy", "windy", "fair"]


def known_flights():
    """Flights of ten days whose delay follows a rule."""
    random = np.random.default_rng(7)
    names = ["hour", "distance", "temp", "precip", "visib", "wind_speed", "plane_age"]
    frame = pd.DataFrame({name: random.uniform(0, 9, 200) for name in names})
    frame["day"] = np.arange(200) % 10
    frame["arr_delay"] = 3 + 2 * frame["hour"] + 10 * frame["precip"]
    return frame


def test_a_model_finds_the_rule_that_made_the_delays():
    model = delays.fit_delays(known_flights())

    assert model.intercept == pytest.approx(3)
    assert model.coefficients["hour"] == pytest.approx(2)
    assert model.coefficients["precip"] == pytest.approx(10)
    assert model.rmse == pytest.approx(0)
    assert model.rmse_of_mean > 1
    assert model.explained == pytest.approx(1)


def test_a_model_is_tried_on_days_that_it_was_not_fitted_on():
    frame = known_flights()
    is_even = frame["day"] % 2 == 0
    frame.loc[is_even, "arr_delay"] += 100

    model = delays.fit_delays(frame)

    assert model.rmse == pytest.approx(100)
    assert (model.flights_fitted, model.flights_tried) == (100, 100)


def test_findings_are_sentences():
    carriers = pd.DataFrame({"name": ["Slow Air", "Fast Air"], "mean_delay": [21.94, -9.9]})
    weather = pd.DataFrame({"weather": ["wet", "fair"], "mean_delay": [33.0, 4.3]})
    hours = pd.DataFrame(
        {"hour": [1, 21, 7], "flights": [1, 100, 200], "mean_delay": [99.0, 18.4, -5.3]}
    )

    found = delays.findings(carriers, weather, hours, delays.fit_delays(known_flights()))

    assert found == [
        "Slow Air was 21.9 min late on average, Fast Air 9.9 min early.",
        "A flight of 21:00 was 18.4 min late, one of 7:00 5.3 min early.",
        "In wet weather flights were 33.0 min late, in fair weather 4.3 min late.",
        "What is known before the start explains 100.0% of the variance.",
    ]
