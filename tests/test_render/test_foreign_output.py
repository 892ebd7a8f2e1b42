"""What steps, libraries and subprocesses write while a display stands, on a real terminal."""

from __future__ import annotations

import os
import pty
import subprocess
import sys

PROGRAM = r"""
import os, subprocess, sys
from dagsterlite.render.foreign_output import ForeignOutput

shown = []
foreign = ForeignOutput(lambda line: shown.append(line.plain))
foreign.start()
print("printed")
sys.stderr.write("to standard error\n")
os.write(1, b"below Python\n")
subprocess.run(["echo", "by a subprocess"])
print("\x1b[31mred\x1b[0m [bold]")
print("over\rwritten")
os.write(1, b"not \xff utf-8\n")
foreign.drain()
print("x" * 200_000)
print("without its end", end="")
foreign.stop()
print("to the terminal again")
foreign.terminal.write(repr([line[:40] for line in shown]) + "\n")
"""


def on_a_terminal(program: str, stderr: int | None = None) -> str:
    """Run a program whose standard output is a terminal; return what came out on that."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", program],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs if stderr is None else stderr,
    )
    os.close(theirs)
    text = b""
    while True:
        try:
            chunk = os.read(ours, 4096)
        except OSError:  # Linux's way of saying that nobody writes there any more
            break
        if not chunk:
            break
        text += chunk
    os.close(ours)
    assert process.wait(60) == 0, text.decode()
    return text.decode()


def test_all_that_is_written_is_handed_on_in_order_and_nothing_reaches_the_terminal() -> None:
    *_, again, shown = on_a_terminal(PROGRAM).splitlines()

    assert again == "to the terminal again"
    assert eval(shown) == [
        "printed",
        "to standard error",
        "below Python",
        "by a subprocess",
        "red [bold]",
        "written",
        "not \ufffd utf-8",
        "x" * 40,
        "without its end",
    ]


def test_an_error_stream_that_leads_elsewhere_is_left_alone() -> None:
    reading, writing = os.pipe()

    shown = on_a_terminal(PROGRAM, stderr=writing).splitlines()[-1]
    os.close(writing)

    with os.fdopen(reading) as file:
        assert file.read() == "to standard error\n"
    assert "to standard error" not in shown
