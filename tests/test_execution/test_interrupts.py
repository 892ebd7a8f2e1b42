# ruff: noqa: PT012 - what is interrupted is a block, not a statement

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from dagsterlite.errors import DagsterExecutionInterruptedError, DagsterRunCanceledError
from dagsterlite.execution.interrupts import Interrupts, of_this_thread, stopped_by_keyboard

REASON = DagsterRunCanceledError("r")


def spin(until: Callable[[], object] = lambda: False) -> None:
    """Run bytecode until something holds, or somebody interrupts."""
    end = time.monotonic() + 30
    while not until():
        assert time.monotonic() < end, "nobody interrupted"


def in_thread(work: Callable[[], object]) -> threading.Thread:
    thread = threading.Thread(target=work)
    thread.start()
    return thread


def test_user_code_in_another_thread_is_interrupted_in_its_midst() -> None:
    interrupts = Interrupts()
    began = threading.Event()
    told: list[Any] = []

    def work() -> None:
        try:
            with interrupts.user_code():
                try:
                    began.set()
                    spin()
                finally:
                    told.append("cleaned up")
        except DagsterExecutionInterruptedError as exc:
            told.append(type(exc))

    thread = in_thread(work)
    assert began.wait(10)
    interrupts.request(REASON)
    thread.join(10)
    assert told == ["cleaned up", DagsterExecutionInterruptedError]
    assert interrupts.reason is REASON


def test_catching_every_exception_does_not_swallow_an_interrupt() -> None:
    interrupts = Interrupts()
    began = threading.Event()
    told: list[str] = []

    def work() -> None:
        with pytest.raises(DagsterExecutionInterruptedError), interrupts.user_code():
            try:
                began.set()
                spin()
            except Exception:  # noqa: BLE001
                told.append("caught as Exception")
        with pytest.raises(DagsterExecutionInterruptedError), interrupts.user_code():
            told.append("entered")

    thread = in_thread(work)
    assert began.wait(10)
    interrupts.request(REASON)
    thread.join(10)
    assert told == []


def test_an_interrupt_that_is_caught_after_all_is_raised_at_the_end_of_the_block() -> None:
    interrupts = Interrupts()
    began = threading.Event()
    told: list[str] = []

    def work() -> None:
        with pytest.raises(DagsterExecutionInterruptedError), interrupts.user_code():
            try:
                began.set()
                spin()
            except BaseException:  # noqa: BLE001
                told.append("caught")

    thread = in_thread(work)
    assert began.wait(10)
    interrupts.request(REASON)
    thread.join(10)
    assert told == ["caught"]


def test_an_error_of_the_users_own_counts_more_than_a_late_interrupt() -> None:
    interrupts = Interrupts()
    with pytest.raises(ZeroDivisionError), interrupts.user_code():
        try:
            interrupts.request(REASON)
        except DagsterExecutionInterruptedError:
            _ = 1 / 0


def test_no_user_code_begins_once_the_work_is_to_stop_and_the_first_reason_counts() -> None:
    interrupts = Interrupts()
    interrupts.check()
    interrupts.request(REASON)
    interrupts.request(ValueError("later"))
    assert interrupts.reason is REASON
    with pytest.raises(DagsterExecutionInterruptedError, match="Run r was canceled"):
        interrupts.check()
    with pytest.raises(DagsterExecutionInterruptedError), interrupts.user_code():
        pytest.fail("began")


def test_several_threads_in_user_code_are_all_interrupted() -> None:
    interrupts = Interrupts()
    began = threading.Barrier(5)
    told: list[int] = []

    def work(number: int) -> None:
        try:
            with interrupts.user_code():
                began.wait()
                spin()
        except DagsterExecutionInterruptedError:
            told.append(number)

    threads = [in_thread(lambda n=n: work(n)) for n in range(4)]  # type: ignore[misc]
    began.wait()
    interrupts.request(REASON)
    for thread in threads:
        thread.join(10)
    assert sorted(told) == [0, 1, 2, 3]


def test_blocks_may_be_nested() -> None:
    interrupts = Interrupts()
    told: list[Interrupts | None] = []
    with pytest.raises(DagsterExecutionInterruptedError), interrupts.user_code():
        with interrupts.user_code():
            told.append(of_this_thread())
        told.append(of_this_thread())
        interrupts.request(REASON)
    assert told == [interrupts, interrupts]
    assert of_this_thread() is None


def test_a_shielded_block_runs_to_its_end() -> None:
    interrupts = Interrupts()
    inside, go_on = threading.Event(), threading.Event()
    told: list[str] = []

    def work() -> None:
        with pytest.raises(DagsterExecutionInterruptedError), interrupts.user_code():
            with interrupts.shielded():
                inside.set()
                spin(go_on.is_set)
                told.append("ran to its end")
            told.append("went on")

    thread = in_thread(work)
    assert inside.wait(10)
    interrupts.request(REASON)
    go_on.set()
    thread.join(10)
    assert told == ["ran to its end"]


def test_a_shield_outside_of_user_code_changes_nothing() -> None:
    interrupts = Interrupts()
    interrupts.request(REASON)
    with interrupts.shielded():
        pass


def test_waiting_ends_early_when_the_work_is_to_stop_and_takes_any_time() -> None:
    interrupts = Interrupts()
    interrupts.wait(0)
    thread = in_thread(lambda: interrupts.wait(1e300))
    interrupts.request(REASON)
    thread.join(10)
    assert not thread.is_alive()
    interrupts.wait(1e300)


def test_a_run_inside_user_code_is_stopped_with_the_run_around_it() -> None:
    outer, inner = Interrupts(), Interrupts()
    began = threading.Event()
    told: list[str] = []

    def inner_run() -> None:
        try:
            with inner.user_code():
                began.set()
                spin()
        except DagsterExecutionInterruptedError:
            told.append("inner")

    def work() -> None:
        with pytest.raises(DagsterExecutionInterruptedError), outer.user_code():
            with outer.lent_to(inner):
                inner_run()
                told.append("the inner run's own end")
            told.append("went on")

    thread = in_thread(work)
    assert began.wait(10)
    outer.request(REASON)
    thread.join(10)
    assert told == ["inner", "the inner run's own end"]
    assert inner.reason is REASON


class Ledger:
    """What must never be left half done, and what notices when it was."""

    def __init__(self) -> None:
        self.open = 0
        self.errors: list[BaseException] = []

    def framework_work(self) -> None:
        self.open += 1
        for _ in range(20):
            pass
        self.open -= 1


@pytest.fixture
def _threads_take_turns_often() -> Iterator[None]:
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


@pytest.mark.usefixtures("_threads_take_turns_often")
@pytest.mark.parametrize("seed", range(4))
def test_an_interrupt_strikes_user_code_only_whenever_it_comes(seed: int) -> None:
    """Request at every moment of many short blocks; the work around them must stay whole."""
    for round_number in range(250):
        interrupts = Interrupts()
        ledger = Ledger()
        ready = threading.Barrier(2)
        interrupted: list[bool] = []

        def work(
            interrupts: Interrupts = interrupts,
            ledger: Ledger = ledger,
            ready: threading.Barrier = ready,
            interrupted: list[bool] = interrupted,
        ) -> None:
            ready.wait()
            while True:
                ledger.framework_work()
                try:
                    with interrupts.user_code():
                        for _ in range(15):
                            pass
                        with interrupts.shielded():
                            ledger.framework_work()
                except DagsterExecutionInterruptedError:
                    break
            try:
                for _ in range(50):
                    ledger.framework_work()
                interrupted.append(True)
            except BaseException as exc:  # noqa: BLE001
                ledger.errors.append(exc)

        thread = in_thread(work)
        ready.wait()
        for _ in range((round_number * 37 + seed * 101) % 2000):
            pass
        interrupts.request(REASON)
        thread.join(30)
        assert not thread.is_alive()
        assert ledger.errors == []
        assert ledger.open == 0
        assert interrupted == [True]


@pytest.mark.usefixtures("_threads_take_turns_often")
def test_an_interrupt_that_comes_while_a_block_begins_is_not_lost() -> None:
    for round_number in range(300):
        interrupts = Interrupts()
        ready = threading.Barrier(2)
        told: list[str] = []

        def work(
            interrupts: Interrupts = interrupts,
            ready: threading.Barrier = ready,
            told: list[str] = told,
        ) -> None:
            ready.wait()
            try:
                with interrupts.user_code():
                    spin()
            except DagsterExecutionInterruptedError:
                told.append("interrupted")

        thread = in_thread(work)
        ready.wait()
        for _ in range(round_number):
            pass
        interrupts.request(REASON)
        thread.join(30)
        assert told == ["interrupted"]


# --- Ctrl-C ---


def ctrl_c() -> None:
    os.kill(os.getpid(), signal.SIGINT)


def test_ctrl_c_interrupts_user_code_and_leaves_the_handler_as_it_was() -> None:
    interrupts = Interrupts()
    with (
        stopped_by_keyboard(interrupts),
        pytest.raises(DagsterExecutionInterruptedError),
        interrupts.user_code(),
    ):
        ctrl_c()
        spin()
    assert isinstance(interrupts.reason, KeyboardInterrupt)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_ctrl_c_outside_of_user_code_only_asks_to_stop_and_a_second_one_is_pythons_own() -> None:
    interrupts = Interrupts()
    with stopped_by_keyboard(interrupts):
        ctrl_c()
        spin(lambda: interrupts.reason is not None)
        with pytest.raises(KeyboardInterrupt):
            ctrl_c()
            spin()


def test_ctrl_c_while_the_caller_works_is_pythons_own() -> None:
    interrupts = Interrupts()
    with stopped_by_keyboard(interrupts):
        interrupts.is_suspended = True
        with pytest.raises(KeyboardInterrupt):
            ctrl_c()
            spin()
    assert interrupts.reason is None


def test_ctrl_c_ends_a_wait_at_once() -> None:
    interrupts = Interrupts()
    timer = threading.Timer(0.1, ctrl_c)
    with stopped_by_keyboard(interrupts):
        timer.start()
        interrupts.wait(60)
    timer.join()
    assert isinstance(interrupts.reason, KeyboardInterrupt)


def test_a_handler_of_the_users_own_stays_in_place() -> None:
    calls: list[int] = []
    mine: Any = lambda number, _frame: calls.append(number)  # noqa: E731
    before = signal.signal(signal.SIGINT, mine)
    try:
        with stopped_by_keyboard(Interrupts()):
            assert signal.getsignal(signal.SIGINT) is mine
            ctrl_c()
            spin(lambda: bool(calls))
    finally:
        signal.signal(signal.SIGINT, before)


def test_another_thread_than_the_main_one_leaves_the_handler_alone() -> None:
    found: list[object] = []

    def work() -> None:
        with stopped_by_keyboard(Interrupts()):
            found.append(signal.getsignal(signal.SIGINT))

    in_thread(work).join(10)
    assert found == [signal.default_int_handler]


SCRIPT = """
import sys, time
from dagsterlite import DagsterInstance, execute_pipeline, pipeline, solid

@solid
def stubborn(context):
    try:
        print("began", flush=True)
        while True:
            try:
                time.sleep(0.01)
            except Exception:
                pass
    finally:
        print("cleaned up", flush=True)

@pipeline
def graph():
    stubborn()

instance = DagsterInstance.ephemeral()
try:
    execute_pipeline(graph, instance=instance)
except KeyboardInterrupt:
    print(instance.get_runs()[0].status.value, flush=True)
"""


def test_ctrl_c_at_the_terminal_cancels_a_run_and_lets_it_clean_up() -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", SCRIPT], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "began\n"
    process.send_signal(signal.SIGINT)
    rest, _ = process.communicate(timeout=30)
    assert rest == "cleaned up\nCANCELED\n"
    assert process.returncode == 0
