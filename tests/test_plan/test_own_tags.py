from __future__ import annotations

from typing import Any

import pytest

from dagsterlite import execute_pipeline, pipeline, solid
from dagsterlite.errors import DagsterInvariantViolationError


def pipeline_of(tags: dict[str, Any]) -> Any:
    @solid(tags=tags)
    def pay(_context: Any) -> int:
        return 1

    @pipeline
    def pays() -> None:
        pay()

    return pays


def test_a_misspelt_tag_of_ours_is_refused_before_anything_runs() -> None:
    with pytest.raises(DagsterInvariantViolationError) as caught:
        execute_pipeline(pipeline_of({"dagsterlite/timeot": "3"}))

    assert str(caught.value) == (
        "Tag 'dagsterlite/timeot' of solid 'pay' means nothing. Did you mean "
        "'dagsterlite/timeout'? Of those that begin with 'dagsterlite/' there are: "
        "'dagsterlite/dask', 'dagsterlite/rerun_on_worker_loss', 'dagsterlite/timeout'."
    )


@pytest.mark.parametrize(
    "tags",
    [
        {"dagsterlite/dask": {"priority": 1}, "dagsterlite/timeout": 60},
        {"dagsterlite": "mine", "dagster/priority": "1", "team": "growth"},
    ],
)
def test_tags_of_ours_and_of_others_are_let_through(tags: dict[str, Any]) -> None:
    assert execute_pipeline(pipeline_of(tags)).success
