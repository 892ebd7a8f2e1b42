# ruff: noqa: T201 - printing is what is tested
from __future__ import annotations

import asyncio
import sys
import threading

import pytest

from dagsterlite.standard_streams import Capture, capturing


class Kept:
    """A sink that keeps what it is given."""

    def __init__(self) -> None:
        self.data = b""

    def write(self, data: bytes, /) -> None:
        self.data += data

    def fileno(self) -> int:
        raise OSError("it lies in memory")


def test_only_what_is_routed_is_taken(capsys: pytest.CaptureFixture[str]) -> None:
    out, err = Kept(), Kept()
    with capturing(out, err) as capture:
        print("not taken")
        with capture.routed():
            sys.stdout.writelines(["a", "b"])
            sys.stderr.write("c")
            sys.stdout.buffer.write("ü".encode())
            assert sys.stdout.isatty() is False
    assert (out.data, err.data) == ("abü".encode(), b"c")
    assert capsys.readouterr().err == "c"


def test_the_streams_are_put_back(capsys: pytest.CaptureFixture[str]) -> None:
    before = sys.stdout, sys.stderr
    with capturing(Kept(), Kept()), capturing(Kept(), Kept()):
        assert sys.stdout is not before[0]
    assert (sys.stdout, sys.stderr) == before


def test_a_stream_that_user_code_has_put_in_place_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    own = sys.__stderr__
    monkeypatch.setattr(sys, "stdout", sys.stdout)
    with capturing(Kept(), Kept()):
        sys.stdout = own
    assert sys.stdout is own


def test_a_process_without_streams_is_left_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", None)
    with capturing(Kept(), Kept()) as capture, capture.routed():
        assert sys.stdout is None


def test_not_passed_on_means_nowhere_else(capsys: pytest.CaptureFixture[str]) -> None:
    out = Kept()
    with capturing(out, Kept(), passes_on=False) as capture, capture.routed():
        print("taken")
    assert out.data == b"taken\n"
    assert capsys.readouterr().out == ""


def test_threads_that_captured_code_starts_belong_to_it() -> None:
    out = Kept()

    def in_thread() -> None:
        thread = threading.Thread(target=lambda: print("from a thread"))
        thread.start()
        thread.join()

    with capturing(out, Kept()) as capture:
        with capture.routed():
            in_thread()
        assert out.data == b"from a thread\n"
        print("not taken: this thread's own, between two pieces")
        assert out.data == b"from a thread\n"


def test_of_two_captures_none_has_a_thread_that_either_may_have_started() -> None:
    outs = Kept(), Kept()
    with capturing(outs[0], Kept()) as first, capturing(outs[1], Kept()), first.routed():
        thread = threading.Thread(target=lambda: print("whose?"))
        thread.start()
        thread.join()
    assert [out.data for out in outs] == [b"", b""]


def test_tasks_of_asyncio_do_not_mix() -> None:
    outs = Kept(), Kept()

    async def say(capture: Capture, word: str, turn: asyncio.Event, other: asyncio.Event) -> None:
        with capture.routed():
            for _ in range(3):
                await turn.wait()
                turn.clear()
                print(word)
                other.set()

    async def both(first: Capture, second: Capture) -> None:
        turns = asyncio.Event(), asyncio.Event()
        turns[0].set()
        await asyncio.gather(
            say(first, "a", turns[0], turns[1]), say(second, "b", turns[1], turns[0])
        )

    with capturing(outs[0], Kept()) as first, capturing(outs[1], Kept()) as second:
        asyncio.run(both(first, second))
    assert [out.data for out in outs] == [b"a\n" * 3, b"b\n" * 3]


def test_a_sink_without_descriptor_takes_what_python_writes() -> None:
    out = Kept()
    with capturing(out, Kept(), below_python=True) as capture, capture.routed():
        print("taken")
    assert out.data == b"taken\n"
