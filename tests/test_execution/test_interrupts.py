# ruff: noqa: PT012 - what is interrupted is a block, not a statement

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import pytest

from dagsterlite.errors import (
    DagsterExecutionInterruptedError,
    DagsterRunCanceledError,
    DagsterTerminatedError,
)
from dagsterlite.execution import interrupts as interrupts_module
from dagsterlite.execution.interrupts import Interrupts, of_this_thread, stopped_by_signals

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


class Caller:
    """A thread that calls user code, and what came of it."""

    def __init__(self, interrupts: Interrupts, user_code: Callable[[], object]) -> None:
        self.outcome: object = None
        self._call = lambda: interrupts.call(user_code)
        self._thread = in_thread(self._work)

    def _work(self) -> None:
        try:
            self.outcome = self._call()
        except BaseException as exc:  # noqa: BLE001
            self.outcome = type(exc)

    def end(self) -> object:
        self._thread.join(20)
        assert not self._thread.is_alive()
        return self.outcome


@pytest.fixture
def interrupts() -> Interrupts:
    return Interrupts()


def test_user_code_gives_its_answer(interrupts: Interrupts) -> None:
    assert interrupts.call(lambda: 3) == 3
    assert of_this_thread() is None


def test_user_code_in_another_thread_is_interrupted_in_its_midst(interrupts: Interrupts) -> None:
    began = threading.Event()
    told: list[str] = []

    def user_code() -> None:
        try:
            began.set()
            spin()
        finally:
            told.append("cleaned up")

    caller = Caller(interrupts, user_code)
    assert began.wait(10)
    interrupts.request(REASON)
    assert caller.end() is DagsterExecutionInterruptedError
    assert told == ["cleaned up"]
    assert interrupts.reason is REASON


def test_catching_every_exception_does_not_swallow_an_interrupt(interrupts: Interrupts) -> None:
    began = threading.Event()
    told: list[str] = []

    def user_code() -> None:
        try:
            began.set()
            spin()
        except Exception:  # noqa: BLE001
            told.append("caught as Exception")

    caller = Caller(interrupts, user_code)
    assert began.wait(10)
    interrupts.request(REASON)
    assert caller.end() is DagsterExecutionInterruptedError
    assert told == []


def test_an_interrupt_that_is_caught_after_all_is_raised_when_user_code_returns(
    interrupts: Interrupts,
) -> None:
    began = threading.Event()
    told: list[str] = []

    def user_code() -> int:
        try:
            began.set()
            spin()
        except BaseException:  # noqa: BLE001
            told.append("caught")
        return 3

    caller = Caller(interrupts, user_code)
    assert began.wait(10)
    interrupts.request(REASON)
    assert caller.end() is DagsterExecutionInterruptedError
    assert told == ["caught"]


def test_an_error_of_the_users_own_counts_more_than_a_late_interrupt(
    interrupts: Interrupts,
) -> None:
    def user_code() -> None:
        try:
            interrupts.request(REASON)
        except DagsterExecutionInterruptedError:
            _ = 1 / 0

    with pytest.raises(ZeroDivisionError):
        interrupts.call(user_code)


def test_no_user_code_begins_once_the_work_is_to_stop_and_the_first_reason_counts(
    interrupts: Interrupts,
) -> None:
    interrupts.check()
    interrupts.request(REASON)
    interrupts.request(ValueError("later"))
    assert interrupts.reason is REASON
    with pytest.raises(DagsterExecutionInterruptedError, match="Run r was canceled"):
        interrupts.check()
    told: list[str] = []
    with pytest.raises(DagsterExecutionInterruptedError):
        interrupts.call(lambda: told.append("began"))
    assert told == []


def test_several_threads_in_user_code_are_all_interrupted(interrupts: Interrupts) -> None:
    began = threading.Barrier(5)

    def user_code() -> None:
        began.wait()
        spin()

    callers = [Caller(interrupts, user_code) for _ in range(4)]
    began.wait()
    interrupts.request(REASON)
    assert [caller.end() for caller in callers] == [DagsterExecutionInterruptedError] * 4


def test_calls_may_be_nested(interrupts: Interrupts) -> None:
    told: list[Interrupts | None] = []

    def user_code() -> None:
        interrupts.call(lambda: told.append(of_this_thread()))
        told.append(of_this_thread())
        interrupts.request(REASON)

    with pytest.raises(DagsterExecutionInterruptedError):
        interrupts.call(user_code)
    assert told == [interrupts, interrupts]
    assert of_this_thread() is None


def test_a_shielded_block_runs_to_its_end(interrupts: Interrupts) -> None:
    inside, go_on = threading.Event(), threading.Event()
    told: list[str] = []

    def user_code() -> None:
        with interrupts.shielded():
            inside.set()
            spin(go_on.is_set)
            told.append("ran to its end")
        told.append("went on")

    caller = Caller(interrupts, user_code)
    assert inside.wait(10)
    interrupts.request(REASON)
    go_on.set()
    assert caller.end() is DagsterExecutionInterruptedError
    assert told == ["ran to its end"]


def test_a_shield_outside_of_user_code_changes_nothing(interrupts: Interrupts) -> None:
    interrupts.request(REASON)
    with interrupts.shielded():
        pass


# --- interrupts that get lost ---


@pytest.fixture
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(interrupts_module, "INSIST_SECONDS", 0.05)


@pytest.mark.usefixtures("_impatient")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_an_interrupt_that_python_swallowed_in_a_finalizer_is_repeated(
    interrupts: Interrupts,
) -> None:
    in_finalizer = threading.Event()

    class Finalized:
        def __del__(self) -> None:
            in_finalizer.set()
            spin(lambda: interrupts.reason)
            spin_on()

    def spin_on() -> None:
        for _ in range(100_000):
            pass

    def user_code() -> None:
        Finalized()
        spin()

    caller = Caller(interrupts, user_code)
    assert in_finalizer.wait(10)
    interrupts.request(REASON)
    assert caller.end() is DagsterExecutionInterruptedError


@pytest.mark.usefixtures("_impatient")
def test_user_code_that_catches_an_interrupt_and_goes_on_is_interrupted_again(
    interrupts: Interrupts,
) -> None:
    began = threading.Event()
    caught: list[int] = []

    def user_code() -> None:
        while len(caught) < 3:
            try:
                began.set()
                spin()
            except BaseException:  # noqa: BLE001
                caught.append(1)

    caller = Caller(interrupts, user_code)
    assert began.wait(10)
    interrupts.request(REASON)
    assert caller.end() is DagsterExecutionInterruptedError
    assert len(caught) == 3


@pytest.mark.usefixtures("_impatient")
def test_cleaning_up_after_an_interrupt_is_not_interrupted_itself(interrupts: Interrupts) -> None:
    began = threading.Event()
    told: list[str] = []

    class Closing:
        def __enter__(self) -> None:
            return

        def __exit__(self, *_: object) -> None:
            clean_up("exit")

    def clean_up(name: str) -> None:
        end = time.monotonic() + 0.2
        spin(lambda: time.monotonic() > end)
        try:
            raise ValueError("handled")
        except ValueError:
            end = time.monotonic() + 0.1
            spin(lambda: time.monotonic() > end)
        told.append(name)

    def generator() -> Iterator[int]:
        try:
            yield 1
            began.set()
            spin()
        finally:
            clean_up("generator")

    def user_code() -> None:
        try:
            with Closing():
                list(generator())
        finally:
            clean_up("finally")

    caller = Caller(interrupts, user_code)
    assert began.wait(10)
    interrupts.request(REASON)
    assert caller.end() is DagsterExecutionInterruptedError
    assert told == ["generator", "exit", "finally"]


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

    def inner_code() -> None:
        began.set()
        spin()

    def outer_code() -> None:
        with outer.lent_to(inner):
            with suppress(DagsterExecutionInterruptedError):
                inner.call(inner_code)
            told.append("the inner run's own end")
        told.append("went on")

    caller = Caller(outer, outer_code)
    assert began.wait(10)
    outer.request(REASON)
    assert caller.end() is DagsterExecutionInterruptedError
    assert told == ["the inner run's own end"]
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


def user_code(interrupts: Interrupts, ledger: Ledger) -> None:
    for _ in range(15):
        pass
    with interrupts.shielded():
        ledger.framework_work()


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
                    interrupts.call(lambda: user_code(interrupts, ledger))
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
                interrupts.call(spin)
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

    def user_code() -> None:
        ctrl_c()
        spin()

    with stopped_by_signals(interrupts), pytest.raises(DagsterExecutionInterruptedError):
        interrupts.call(user_code)
    assert isinstance(interrupts.reason, KeyboardInterrupt)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_ctrl_c_outside_of_user_code_only_asks_to_stop_and_a_second_one_is_pythons_own() -> None:
    interrupts = Interrupts()
    with stopped_by_signals(interrupts):
        ctrl_c()
        spin(lambda: interrupts.reason is not None)
        with pytest.raises(KeyboardInterrupt):
            ctrl_c()
            spin()


def test_ctrl_c_while_the_caller_works_is_pythons_own() -> None:
    interrupts = Interrupts()
    with stopped_by_signals(interrupts):
        interrupts.is_suspended = True
        with pytest.raises(KeyboardInterrupt):
            ctrl_c()
            spin()
    assert interrupts.reason is None


def test_ctrl_c_ends_a_wait_at_once() -> None:
    interrupts = Interrupts()
    timer = threading.Timer(0.1, ctrl_c)
    with stopped_by_signals(interrupts):
        timer.start()
        interrupts.wait(60)
    timer.join()
    assert isinstance(interrupts.reason, KeyboardInterrupt)


def test_a_call_that_waits_in_the_main_thread_is_woken() -> None:
    interrupts = Interrupts()
    timer = threading.Timer(0.1, interrupts.request, [REASON])

    with stopped_by_signals(interrupts), pytest.raises(DagsterExecutionInterruptedError):
        timer.start()
        interrupts.call(lambda: time.sleep(600))
    timer.join()
    assert signal.getsignal(signal.SIGURG) is signal.SIG_DFL


def test_a_call_that_waits_while_the_main_thread_cleans_up_goes_on_to_wait() -> None:
    interrupts = Interrupts()
    seen: list[str] = []

    def user_code() -> None:
        try:
            timer.start()
            time.sleep(600)
        finally:
            os.kill(os.getpid(), signal.SIGURG)
            time.sleep(0.01)
            seen.append("cleaned up")

    timer = threading.Timer(0.1, interrupts.request, [REASON])
    with stopped_by_signals(interrupts), pytest.raises(DagsterExecutionInterruptedError):
        interrupts.call(user_code)
    timer.join()
    assert seen == ["cleaned up"]


def test_sigterm_that_is_handled_as_ctrl_c_is_told_as_what_it_was() -> None:
    interrupts = Interrupts()
    with stopped_by_signals(interrupts):
        before = signal.signal(signal.SIGTERM, signal.getsignal(signal.SIGINT))
        try:
            signal.raise_signal(signal.SIGTERM)
            spin(lambda: interrupts.reason is not None)
        finally:
            signal.signal(signal.SIGTERM, before)
    assert isinstance(interrupts.reason, DagsterTerminatedError)
    assert "SIGTERM" in str(interrupts.reason)


def test_a_handler_of_the_users_own_stays_in_place() -> None:
    calls: list[int] = []
    mine: Any = lambda number, _frame: calls.append(number)  # noqa: E731
    before = signal.signal(signal.SIGINT, mine)
    try:
        with stopped_by_signals(Interrupts()):
            assert signal.getsignal(signal.SIGINT) is mine
            ctrl_c()
            spin(lambda: bool(calls))
    finally:
        signal.signal(signal.SIGINT, before)


def test_another_thread_than_the_main_one_leaves_the_handler_alone() -> None:
    found: list[object] = []

    def work() -> None:
        with stopped_by_signals(Interrupts()):
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
