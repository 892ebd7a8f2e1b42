"""Where text goes: terminals, pipes, and what each can show."""

from __future__ import annotations

import io

import pytest

from dagsterlite.render.screen import can_redraw, screen
from tests.test_render.runs_of import Terminal


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NO_COLOR", "FORCE_COLOR", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")


def test_a_terminal_can_be_redrawn_a_pipe_cannot() -> None:
    assert can_redraw(Terminal())
    assert not can_redraw(io.StringIO())


@pytest.mark.parametrize("term", ["dumb", "", "unknown", "DUMB"])
def test_a_dumb_terminal_cannot(term: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", term)

    assert not can_redraw(Terminal())


def test_nor_one_whose_user_wants_no_color(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")

    assert not can_redraw(Terminal())


def test_forced_color_makes_no_terminal_of_a_pipe(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")

    assert not can_redraw(io.StringIO())


def test_a_pipe_has_no_width_whatever_the_shell_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    file = io.StringIO()

    screen(file).print("x" * 500)

    assert file.getvalue() == "x" * 500 + "\n"


def test_what_is_printed_is_taken_as_it_stands() -> None:
    file = io.StringIO()

    screen(file).print("[red]:smile: 42[/red]")

    assert file.getvalue() == "[red]:smile: 42[/red]\n"
