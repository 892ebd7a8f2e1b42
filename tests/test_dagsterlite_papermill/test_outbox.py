"""What a notebook tells its step, through a file."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from dagsterlite import DagsterInvariantViolationError, Output
from dagsterlite_papermill.outbox import Inbox, Logged, Outbox, Told


def test_each_message_is_read_once_and_in_order(tmp_path: Path) -> None:
    path = str(tmp_path / "outbox")
    outbox, inbox = Outbox(path), Inbox(path)

    assert list(inbox.new()) == []
    outbox.put(Logged(20, "a"))
    outbox.put(Logged(20, "b"))
    assert list(inbox.new()) == [Logged(20, "a"), Logged(20, "b")]
    outbox.put(Logged(20, "c"))
    assert list(inbox.new()) == [Logged(20, "c")]
    assert list(inbox.new()) == []


def test_a_message_that_is_not_whole_yet_waits(tmp_path: Path) -> None:
    path = tmp_path / "outbox"
    Outbox(str(path)).put(Logged(20, "a"))
    whole = path.read_bytes()
    inbox = Inbox(str(path))
    for end in range(len(whole)):
        path.write_bytes(whole[:end])
        assert list(inbox.new()) == []
    path.write_bytes(whole)

    assert list(inbox.new()) == [Logged(20, "a")]


def test_several_threads_may_tell_at_once(tmp_path: Path) -> None:
    path = str(tmp_path / "outbox")
    outbox = Outbox(path)

    def tell(number: int) -> None:
        for _ in range(50):
            outbox.put(Logged(number, "x" * number))

    threads = [threading.Thread(target=tell, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(list(Inbox(path).new())) == 200


def test_what_cannot_be_pickled_is_refused_by_its_type(tmp_path: Path) -> None:
    outbox = Outbox(str(tmp_path / "outbox"))

    with pytest.raises(DagsterInvariantViolationError, match="cannot leave the notebook's kernel"):
        outbox.put(Told(Output(threading.Lock())))
