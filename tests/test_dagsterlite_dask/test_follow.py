"""What a driver makes of messages, in whatever order they come."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from dagsterlite.events.engine import EngineEventData, StepAbandoned, StepRecovered
from dagsterlite.events.event import DagsterEvent
from dagsterlite.events.event_type import DagsterEventType
from dagsterlite.events.log_entry import RUN_LEVEL, EventLogEntry
from dagsterlite.events.payloads import EventSpecificData
from dagsterlite.events.receipt import Receipt, StepOutcome
from dagsterlite_dask.follow import Accepted, Following, Postponed, Recorded, Superseded, Told
from dagsterlite_dask.messages import StepEnd, StepMessage

START = DagsterEventType.STEP_START
RETRY = DagsterEventType.STEP_UP_FOR_RETRY
SUCCESS = DagsterEventType.STEP_SUCCESS
SKIPPED = DagsterEventType.STEP_SKIPPED
ENGINE = DagsterEventType.ENGINE_EVENT
HOOK = DagsterEventType.HOOK_COMPLETED


def entry(
    step: str,
    attempt: str,
    seq: int,
    kind: DagsterEventType | None = None,
    data: EventSpecificData | None = None,
) -> EventLogEntry:
    event = None
    if kind is not None:
        event = DagsterEvent(
            event_type=kind, pipeline_name="p", step_key=step, event_specific_data=data
        )
    return EventLogEntry(
        run_id="run",
        step_key=step,
        attempt_id=attempt,
        seq=seq,
        timestamp=0.0,
        job_name="p",
        dagster_event=event,
    )


def attempt(step: str, attempt_id: str, *kinds: DagsterEventType | None) -> list[EventLogEntry]:
    return [entry(step, attempt_id, seq, kind) for seq, kind in enumerate(kinds)]


def receipt(
    step: str, attempt_id: str, count: int, outcome: StepOutcome = StepOutcome.SUCCESS
) -> Receipt:
    return Receipt(
        run_id="run", step_key=step, attempt_id=attempt_id, outcome=outcome, entry_count=count
    )


def end(step: str, attempt_id: str, count: int, **more: int) -> StepEnd:
    return StepEnd(receipt=receipt(step, attempt_id, count), counts={attempt_id: count, **more})


def message(entries: list[EventLogEntry], its_end: StepEnd | None = None) -> StepMessage:
    return StepMessage(tuple(entries), its_end)


def shown(told: list[Told]) -> list[str]:
    texts = []
    for one in told:
        match one:
            case Recorded(e, counts):
                texts.append(f"{e.attempt_id}:{e.seq}{'' if counts else '!'}")
            case Accepted(r):
                texts.append(f"accepted {r.attempt_id}")
            case Postponed(r):
                texts.append(f"postponed {r.attempt_id}")
            case Superseded(detail):
                texts.append(f"superseded {detail.attempt_id} by {detail.accepted_attempt_id}")
    return texts


def following(**upstream: set[str]) -> Following:
    return Following({key: frozenset(keys) for key, keys in upstream.items()})


def hear(known: Following, *messages: StepMessage) -> list[str]:
    return [text for one in messages for text in shown(list(known.hear(one)))]


def test_a_step_is_accepted_with_its_last_entry() -> None:
    entries = attempt("a", "x", START, None, SUCCESS)
    told = hear(following(a=set()), message(entries[:1]), message(entries[1:], end("a", "x", 3)))

    assert told == ["x:0", "x:1", "x:2", "accepted x"]


def test_an_end_waits_for_entries_that_are_late() -> None:
    entries = attempt("a", "x", START, None, SUCCESS)
    known = following(a=set())

    assert hear(known, message(entries[2:], end("a", "x", 3))) == []
    assert hear(known, message(entries[:2])) == ["x:0", "x:1", "x:2", "accepted x"]


def test_the_end_of_a_step_waits_for_its_hooks_too() -> None:
    entries = attempt("a", "x", START, SUCCESS, None, HOOK)
    its_end = StepEnd(receipt=receipt("a", "x", 2), counts={"x": 4})
    known = following(a=set(), b={"a"})
    b_starts = message(attempt("b", "y", START))

    assert hear(known, message(entries[:2]), b_starts) == ["x:0", "x:1"]
    assert hear(known, message(entries[3:], its_end)) == []
    assert hear(known, message(entries[2:3])) == ["x:2", "x:3", "accepted x", "y:0"]


def test_hooks_of_an_attempt_that_another_task_recovered_are_told_when_they_come() -> None:
    entries = attempt("a", "x", START, SUCCESS, HOOK)
    news = [entry("a", "n", 0, ENGINE, EngineEventData(detail=StepRecovered("a", "x")))]
    known = following(a=set())

    told = hear(known, message([*entries[:2], *news], end("a", "x", 2, n=1)))
    assert told == ["x:0", "x:1", "n:0", "accepted x"]
    assert hear(known, message(entries[2:])) == ["x:2"]


def test_what_comes_twice_is_told_once() -> None:
    entries = attempt("a", "x", START, SUCCESS)
    known = following(a=set())
    first = hear(known, message(entries, end("a", "x", 2)))

    assert hear(known, message(entries, end("a", "x", 2))) == []
    assert first == ["x:0", "x:1", "accepted x"]


def test_steps_that_come_to_be_known_are_told_of_after_all_that_they_need() -> None:
    known = following(a=set())
    hear(known, message(attempt("a", "x", START, SUCCESS), end("a", "x", 2)))
    known.add({"b": frozenset({"a"}), "c": frozenset({"b", "earlier"})})
    c = message(attempt("c", "z", START, SUCCESS), end("c", "z", 2))
    b = message(attempt("b", "y", START, SUCCESS), end("b", "y", 2))

    assert hear(known, c) == []
    assert hear(known, b) == ["y:0", "y:1", "accepted y", "z:0", "z:1", "accepted z"]


def test_a_step_is_told_of_after_all_that_it_needs() -> None:
    known = following(a=set(), b={"a"}, c={"b"})
    c = message(attempt("c", "z", START, SUCCESS), end("c", "z", 2))
    b = message(attempt("b", "y", START, SUCCESS), end("b", "y", 2))
    a = message(attempt("a", "x", START, SUCCESS), end("a", "x", 2))

    assert hear(known, c, b) == []
    assert [text for text in hear(known, a) if "accepted" in text] == [
        "accepted x",
        "accepted y",
        "accepted z",
    ]


def test_steps_that_are_not_executed_have_had_their_end() -> None:
    told = hear(
        following(b={"not executed"}),
        message(attempt("b", "y", START, SUCCESS), end("b", "y", 2)),
    )

    assert told[-1] == "accepted y"


def test_an_attempt_that_was_cut_off_is_superseded() -> None:
    known = following(a=set())
    told = hear(
        known,
        message(attempt("a", "lost", START)),
        message(attempt("a", "x", START, SUCCESS), end("a", "x", 2)),
    )

    assert told == ["lost:0", "x:0", "x:1", "superseded lost by x", "accepted x"]


def test_an_attempt_that_comes_too_late_does_not_count() -> None:
    known = following(a=set())
    hear(known, message(attempt("a", "x", START, SUCCESS), end("a", "x", 2)))

    late = message(attempt("a", "late", START, SUCCESS), end("a", "late", 2))
    assert hear(known, late) == ["superseded late by x", "late:0!", "late:1!"]


def test_an_attempt_that_asked_for_the_next_is_not_superseded() -> None:
    entries = [*attempt("a", "x", START, RETRY), *attempt("a", "y", START, SUCCESS)]
    told = hear(following(a=set()), message(entries, end("a", "y", 2, x=2)))

    assert told == ["x:0", "x:1", "y:0", "y:1", "accepted y"]


def test_an_end_waits_for_the_entries_of_all_its_attempts() -> None:
    known = following(a=set())

    assert (
        hear(known, message(attempt("a", "y", START, SUCCESS), end("a", "y", 2, x=2)))[-1] == "y:1"
    )
    assert hear(known, message(attempt("a", "x", START, RETRY)))[-1] == "accepted y"


def test_an_end_that_asks_for_another_attempt_is_none() -> None:
    known = following(a=set())
    ended = receipt("a", "x", 2, StepOutcome.UP_FOR_RETRY)
    asked = StepEnd(receipt=ended, counts={"x": 2})

    assert hear(known, message(attempt("a", "x", START, RETRY), asked))[-1] == "postponed x"
    assert known.receipts == {}
    known.submit("a")
    told = hear(known, message(attempt("a", "y", START, SUCCESS), end("a", "y", 2)))
    assert told == ["y:0", "y:1", "accepted y"]


def recovered(step: str, attempt_id: str, of: str) -> EventLogEntry:
    return entry(step, attempt_id, 0, ENGINE, EngineEventData(detail=StepRecovered(step, of)))


def test_what_tells_of_a_recovered_step_counts() -> None:
    known = following(a=set())
    entries = attempt("a", "x", START, SUCCESS)
    hear(known, message(entries, end("a", "x", 2)))

    again = message([*entries, recovered("a", "news", "x")], end("a", "x", 2, news=1))
    assert hear(known, again) == ["news:0"]


def test_a_recovered_step_brings_what_its_first_task_could_not_tell() -> None:
    entries = [*attempt("a", "x", START, SUCCESS), recovered("a", "news", "x")]
    told = hear(following(a=set()), message(entries, end("a", "x", 2, news=1)))

    assert told == ["x:0", "x:1", "news:0", "accepted x"]


def test_a_decision_that_is_repeated_is_not_told_again() -> None:
    known = following(a=set(), b=set())
    hear(known, message(attempt("a", "x", SKIPPED), end("a", "x", 1)))
    abandoned = EngineEventData(detail=StepAbandoned("b", ("c",)))
    hear(known, message([entry("b", "x", 0, ENGINE, abandoned)], end("b", "x", 1)))

    assert hear(known, message(attempt("a", "y", SKIPPED), end("a", "y", 1))) == []
    again = message([entry("b", "y", 0, ENGINE, abandoned)], end("b", "y", 1))
    assert hear(known, again) == []


def test_an_end_that_the_driver_gave_stands() -> None:
    known = following(a=set(), b={"a"})
    b = message(attempt("b", "y", START, SUCCESS), end("b", "y", 2))
    hear(known, message(attempt("a", "lost", START)), b)

    given_up = receipt("a", "driver", 1, StepOutcome.FAILURE)
    assert shown(list(known.settle(given_up))) == [
        "superseded lost by driver",
        "accepted driver",
        "y:0",
        "y:1",
        "accepted y",
    ]
    assert hear(known, message(attempt("a", "driver", START))) == []


def test_what_belongs_to_no_step_is_told_at_once() -> None:
    told = hear(following(a=set()), message(attempt(RUN_LEVEL, "worker", None, None)))

    assert told == ["worker:0", "worker:1"]


def test_a_step_that_is_given_to_the_cluster_again_has_not_started() -> None:
    known = following(a=set())
    hear(known, message(attempt("a", "x", START)))
    assert known.has_started("a")
    known.submit("a")
    assert not known.has_started("a")
    hear(known, message(attempt("a", "y", START)))
    assert known.has_started("a")


def test_a_step_has_begun_when_its_task_tells_so_or_an_attempt_does() -> None:
    known = following(a=set())
    known.submit("a")
    assert not known.has_begun("a")
    known.begin("a")
    assert known.has_begun("a")
    assert not known.has_started("a")
    known.submit("a")
    assert not known.has_begun("a")
    hear(known, message(attempt("a", "x", START)))
    assert known.has_begun("a")


def test_what_waits_for_an_end_that_never_comes_can_be_drained() -> None:
    known = following(a=set(), b={"a"})
    assert hear(known, message(attempt("b", "y", START))) == []

    assert shown(list(known.drain())) == ["y:0"]


@dataclass(frozen=True)
class Plan:
    """Steps, what each needs, and how many attempts each makes until the last one counts."""

    upstream: dict[str, frozenset[str]]
    attempts: dict[str, int]


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    upstream: dict[str, frozenset[str]] = {}
    for number in range(draw(st.integers(1, 6))):
        needs = st.frozensets(st.sampled_from(sorted(upstream)), max_size=2)
        upstream[f"s{number}"] = draw(needs) if upstream else frozenset()
    return Plan(upstream, {key: draw(st.integers(1, 3)) for key in upstream})


def whole(plan: Plan, step: str) -> StepMessage:
    """Return all that a step's task tells, as one message."""
    last = plan.attempts[step]
    entries: list[EventLogEntry] = []
    for number in range(1, last + 1):
        kinds = (START, None, SUCCESS if number == last else RETRY)
        entries += attempt(step, f"{step}.{number}", *kinds)
    counts = {f"{step}.{number}": 3 for number in range(1, last + 1)}
    return message(entries, StepEnd(receipt=receipt(step, f"{step}.{last}", 3), counts=counts))


@settings(max_examples=300)
@given(plan=plans(), data=st.data())
def test_whatever_is_lost_or_late_all_is_told_in_order(plan: Plan, data: st.DataObject) -> None:
    pieces: list[StepMessage] = []
    for step in plan.upstream:
        told = whole(plan, step)
        cuts = sorted(data.draw(st.sets(st.integers(0, len(told.entries)), max_size=3)))
        edges = [0, *cuts, len(told.entries)]
        parts = [told.entries[a:b] for a, b in pairwise(edges)]
        pieces += [message(list(part)) for part in parts[:-1]]
        pieces.append(message(list(parts[-1]), told.end))
    kept = [piece for piece in pieces if data.draw(st.booleans(), label="arrives")]
    twice = [piece for piece in kept if data.draw(st.booleans(), label="twice")]
    arriving = data.draw(st.permutations([*kept, *twice]))

    known = Following(plan.upstream)
    found = [told for piece in arriving for told in known.hear(piece)]
    # What the driver fetches of steps whose end it did not hear.
    for step in plan.upstream:
        if step not in known.receipts:
            found += known.hear(whole(plan, step))

    assert_told_in_order(plan, found)


def assert_told_in_order(plan: Plan, found: list[Told]) -> None:
    seen: Counter[str] = Counter()
    accepted: set[str] = set()
    for told in found:
        match told:
            case Recorded(one, counts):
                assert counts
                assert one.seq == seen[one.attempt_id]
                seen[one.attempt_id] += 1
                assert plan.upstream[one.step_key] <= accepted
            case Accepted(its_receipt):
                assert its_receipt.step_key not in accepted
                assert seen[its_receipt.attempt_id] == its_receipt.entry_count
                accepted.add(its_receipt.step_key)
            case _:
                raise AssertionError(told)
    assert accepted == set(plan.upstream)
    assert all(count == 3 for count in seen.values())
    assert len(seen) == sum(plan.attempts.values())
