"""Spans and moments as people read them."""

from __future__ import annotations

import re

import pytest

from dagsterlite.render.times import moment, span, time_of_day


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, ""),
        (0, "0 ms"),
        (-1, "0 ms"),
        (0.0042, "4 ms"),
        (3.21, "3.2 s"),
        (59.94, "59.9 s"),
        (59.96, "1:00 min"),
        (125, "2:05 min"),
        (3599.7, "1:00:00 h"),
        (3725, "1:02:05 h"),
        (100 * 3600, "100:00:00 h"),
    ],
)
def test_a_span_has_the_unit_that_suits_it(seconds: float | None, text: str) -> None:
    assert span(seconds) == text


def test_moments_are_local_and_to_the_second() -> None:
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", moment(1_700_000_000.9))
    assert moment(None) == ""
    assert moment(1_700_000_000).endswith(time_of_day(1_700_000_000))
