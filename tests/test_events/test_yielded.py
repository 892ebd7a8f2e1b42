from __future__ import annotations

import pickle
from pathlib import Path

import pytest

from dagsterlite.errors import CheckError, DagsterError, ParameterCheckError
from dagsterlite.events.assets import AssetKey
from dagsterlite.events.metadata import EventMetadataEntry
from dagsterlite.events.yielded import (
    AssetMaterialization,
    AssetObservation,
    ExpectationResult,
    Failure,
    Materialization,
    Output,
    RetryRequested,
    TypeCheck,
)

ENTRY = EventMetadataEntry.int(3, "rows")


def test_an_output_is_named_result_unless_told_otherwise():
    assert Output(1) == Output(1, "result") == Output(value=1, output_name="result")


@pytest.mark.parametrize("cls", [AssetMaterialization, AssetObservation])
def test_what_is_told_of_an_asset_stands_in_the_documented_order(cls):
    told = cls(["db", "sales"], "Written.", [ENTRY], "2020-01", {"k": "v"})

    assert told.asset_key == AssetKey(["db", "sales"])
    assert (told.description, told.metadata_entries) == ("Written.", [ENTRY])
    assert (told.partition, told.tags, told.label) == ("2020-01", {"k": "v"}, "db sales")
    assert cls("sales").asset_key == AssetKey("sales")
    assert cls(AssetKey("sales")) == cls(asset_key="sales")


def test_a_file_can_be_materialized_by_its_path():
    by_text = AssetMaterialization.file("/data/a.csv", "Rows.")
    by_path = AssetMaterialization.file(Path("/data/a.csv"), asset_key="rows")
    older = Materialization.file("/data/a.csv")

    assert by_text.asset_key == AssetKey("/data/a.csv")
    assert by_text.metadata_entries == [EventMetadataEntry.path("/data/a.csv", "path")]
    assert (by_path.asset_key, by_path.metadata_entries) == (
        AssetKey("rows"),
        by_text.metadata_entries,
    )
    assert (older.label, older.asset_key) == ("a.csv", AssetKey("/data/a.csv"))


def test_the_older_materialization_needs_a_label_or_an_asset():
    assert Materialization("rows").asset_key is None
    assert Materialization(asset_key=["db", "rows"]).label == "db rows"
    with pytest.raises(CheckError, match="Materialization"):
        Materialization()


def test_an_expectation_stands_in_the_documented_order():
    result = ExpectationResult(False, "rows", "Too few.", [ENTRY])

    assert (result.success, result.label) == (False, "rows")
    assert (result.description, result.metadata_entries) == ("Too few.", [ENTRY])
    assert ExpectationResult(True).label == "result"


def given(*args: object, **kwargs: object) -> tuple[tuple[object, ...], dict[str, object]]:
    return args, kwargs


@pytest.mark.parametrize(
    ("make", "arguments", "argument"),
    [
        (AssetMaterialization, given(5), "path"),
        (AssetMaterialization, given([]), "path"),
        (AssetMaterialization, given(["a", 1]), "path"),
        (AssetMaterialization, given("a", description=ValueError("no")), "description"),
        (AssetMaterialization, given("a", metadata_entries=[{"rows": 3}]), "metadata_entries"),
        (AssetMaterialization, given("a", metadata_entries=5), "metadata_entries"),
        (AssetMaterialization, given("a", partition=2020), "partition"),
        (AssetMaterialization, given("a", tags={"rows": 3}), "tags"),
        (AssetMaterialization, given("a", tags=["rows"]), "tags"),
        (AssetObservation, given("a", tags={3: "rows"}), "tags"),
        (Materialization, given(5), "label"),
        (Materialization, given("a", tags={"rows": 3}), "tags"),
        (ExpectationResult, given("yes"), "success"),
        (ExpectationResult, given(None), "success"),
        (ExpectationResult, given(True, label=3), "label"),
        (TypeCheck, given(1), "success"),
        (TypeCheck, given(True, description=3), "description"),
        (Failure, given(ValueError("no")), "description"),
        (Failure, given("no", metadata_entries=["rows"]), "metadata_entries"),
        (RetryRequested, given("3"), "max_retries"),
        (RetryRequested, given(-1), "max_retries"),
        (RetryRequested, given(1.5), "max_retries"),
        (RetryRequested, given(1, "soon"), "seconds_to_wait"),
        (RetryRequested, given(1, -1), "seconds_to_wait"),
        (RetryRequested, given(1, float("inf")), "seconds_to_wait"),
        (RetryRequested, given(1, float("nan")), "seconds_to_wait"),
    ],
)
def test_what_the_event_log_could_not_keep_is_refused_where_it_is_made(make, arguments, argument):
    with pytest.raises(ParameterCheckError, match=f"argument '{argument}' must be"):
        make(*arguments[0], **arguments[1])


def test_a_failure_says_what_and_carries_facts():
    failure = Failure("no rows", [ENTRY])

    assert isinstance(failure, DagsterError)
    assert (str(failure), failure.description) == ("no rows", "no rows")
    assert failure.metadata_entries == [ENTRY]
    assert failure.is_user_code_error
    assert (str(Failure()), Failure().description) == ("", None)
    assert failure.allow_retries


def test_a_failure_that_allows_no_retries_says_so_wherever_it_travels():
    failure = pickle.loads(pickle.dumps(Failure("final", allow_retries=False)))

    assert (failure.description, failure.allow_retries) == ("final", False)
    with pytest.raises(ParameterCheckError, match="'allow_retries' must be a bool"):
        Failure("x", allow_retries="no")  # type: ignore[arg-type]


def test_a_request_to_retry_says_how_often_and_when():
    retry = RetryRequested(max_retries=3, seconds_to_wait=0.5)

    assert (retry.max_retries, retry.seconds_to_wait) == (3, 0.5)
    assert str(retry) == "Asked to be tried again, 0.5 s later, 3 time(s) at most."
    assert (RetryRequested().max_retries, RetryRequested().seconds_to_wait) == (1, None)
    assert RetryRequested(None).max_retries == 1
    assert RetryRequested(0).max_retries == 0


def test_what_is_raised_travels_between_processes():
    failure = pickle.loads(pickle.dumps(Failure("no rows", [ENTRY])))
    retry = pickle.loads(pickle.dumps(RetryRequested(3, 0.5)))

    assert (failure.description, failure.metadata_entries) == ("no rows", [ENTRY])
    assert (retry.max_retries, retry.seconds_to_wait) == (3, 0.5)


def test_tags_are_kept_apart_from_what_was_given():
    given = {"k": "v"}
    told = AssetMaterialization("a", tags=given)
    given["k"] = "w"

    assert told.tags == {"k": "v"}
