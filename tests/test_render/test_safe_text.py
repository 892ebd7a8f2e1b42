"""Users' text on a terminal: shown as what it is, doing nothing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dagsterlite.render.safe_text import cut, first_line, lines_of, one_line


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", "plain"),
        ("Zürich → 東京 🙂", "Zürich → 東京 🙂"),
        ("two\nlines", "two\\nlines"),
        ("\x1b[2Jgone", "\\x1b[2Jgone"),
        ("\x9b2J", "\\x9b2J"),
        ("over\rwritten", "over\\rwritten"),
        ("bell\x07 back\x08", "bell\\x07 back\\x08"),
        ("right\u202eto left", "right\\u202eto left"),
        ("one sign: 👩\u200d🚀", "one sign: 👩\u200d🚀"),
        ("half \udc80", "half \\udc80"),
        ("[bold]markup[/bold]", "[bold]markup[/bold]"),
    ],
)
def test_what_would_act_on_a_terminal_is_shown_instead(text: str, shown: str) -> None:
    assert one_line(text) == shown


@given(st.text())
def test_one_line_is_one_line_and_can_be_written(text: str) -> None:
    shown = one_line(text)

    assert len(shown.splitlines()) <= 1
    assert "\x1b" not in shown
    shown.encode("utf-8")


@given(st.text())
def test_lines_keep_their_number_and_bear_no_controls(text: str) -> None:
    lines = lines_of(text)

    assert len(lines) == text.rstrip("\n").count("\n") + 1
    assert all("\x1b" not in line and "\t" not in line for line in lines)


def test_tabs_become_blanks() -> None:
    assert lines_of("\tx\na\tb") == ["    x", "a   b"]


def test_the_first_line_is_the_first_that_says_something() -> None:
    assert first_line("\n\n  Load it.  \n\nAnd more.") == "Load it."
    assert first_line("") == ""


def test_a_long_first_line_is_cut() -> None:
    assert first_line("x" * 300, width=10) == "x" * 9 + "…"
    assert cut("short", 5) == "short"
