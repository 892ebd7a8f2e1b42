from __future__ import annotations

import pytest

from dagsterlite.render.sizes import size


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (None, ""),
        (0, "0 bytes"),
        (999, "999 bytes"),
        (1000, "1.0 kB"),
        (9_940, "9.9 kB"),
        (9_960, "10 kB"),
        (999_499, "999 kB"),
        (999_999, "1.0 MB"),
        (312_345_678, "312 MB"),
        (1_400_000_000, "1.4 GB"),
        (5 * 10**15, "5,000 TB"),
    ],
)
def test_sizes_are_short(count: int | None, text: str) -> None:
    assert size(count) == text
