"""The live display on a real terminal, and plain lines where none can be drawn."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import struct
import subprocess
import termios
from pathlib import Path

import pytest

from tests.test_cli.command import command, environment

NOISY = """
import subprocess
from dagsterlite import ExpectationResult, Output, pipeline, solid

@solid
def noisy(context):
    print("printed [bold]")
    context.log.info("logged")
    subprocess.run(["echo", "by a subprocess"])
    yield ExpectationResult(False, "is_quiet")
    yield Output(1)

@solid
def broken(_context, value):
    raise ValueError("no [red]rows\\x1b[2J")

@pipeline
def noise():
    broken(noisy())
"""


def on_a_terminal(
    *arguments: str, cwd: Path, width: int = 100, variables: dict[str, str] | None = None
) -> str:
    """Run a command on a terminal of that width; return all that it drew."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, width, 0, 0))
    process = subprocess.Popen(
        command(*arguments),
        cwd=cwd,
        env=environment(None, **{"TERM": "xterm-256color", **(variables or {})}),
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    drawn = b""
    while True:
        try:
            chunk = os.read(ours, 4096)
        except OSError:  # Linux's way of saying that nobody writes there any more
            break
        if not chunk:
            break
        drawn += chunk
    os.close(ours)
    process.wait(60)
    return drawn.decode()


@pytest.fixture
def noise(folder: Path) -> Path:
    (folder / "noise.py").write_text(NOISY, encoding="utf-8")
    return folder


EXECUTE = ("pipeline", "execute", "-f", "noise.py")
COLORS = re.compile(r"\x1b\[[0-9;]*m")
CURSOR_UP = "\x1b[1A"


def test_the_display_is_drawn_and_what_steps_say_stands_above_it(noise: Path) -> None:
    drawn = COLORS.sub("", on_a_terminal(*EXECUTE, cwd=noise))

    assert "noise  run " in drawn
    assert "/2 steps" in drawn
    assert CURSOR_UP in drawn
    for line in (
        "printed [bold]",
        "by a subprocess",
        "✗ noisy.compute  Expectation is_quiet failed.",
        "✗ broken.compute  ",
        "ValueError: no [red]rows\\x1b[2J",
        "FAILURE  noise  1 of 2 steps succeeded, 1 failed",
    ):
        assert line in drawn
    assert drawn.index("printed") < drawn.index("by a subprocess") < drawn.index("is_quiet")
    assert "\x1b[2J" not in drawn
    assert drawn.count("\x1b[?25l") == drawn.count("\x1b[?25h") == 1


def test_the_bar_is_gone_at_the_end(noise: Path) -> None:
    drawn = COLORS.sub("", on_a_terminal(*EXECUTE, cwd=noise))

    assert "━" not in drawn.rpartition("FAILURE")[2]


@pytest.mark.parametrize(
    ("options", "variables"),
    [((), {"TERM": "dumb"}), ((), {"NO_COLOR": "1"}), (("--plain",), {})],
)
def test_plain_lines_stand_where_no_display_is_wanted(
    noise: Path, options: tuple[str, ...], variables: dict[str, str]
) -> None:
    drawn = on_a_terminal(*EXECUTE, *options, cwd=noise, variables=variables)

    assert CURSOR_UP not in drawn
    assert re.search(r"\d\d:\d\d:\d\d  STEP_START  +noisy\.compute", drawn)
    assert "by a subprocess" in drawn


@pytest.mark.parametrize("width", [40, 200])
def test_no_line_of_the_display_is_wider_than_the_terminal(noise: Path, width: int) -> None:
    drawn = COLORS.sub("", on_a_terminal(*EXECUTE, cwd=noise, width=width))

    titles = re.findall(r"noise  run [^\r\n\x1b]*", drawn)
    assert titles
    assert max(map(len, titles)) <= width
