"""Intermediates on an S3 server that looks at credentials, and ignores the conditions of writes."""

from __future__ import annotations

import pickle
from typing import Any

import pytest

from dagsterlite import (
    DagsterInstance,
    ModeDefinition,
    execute_pipeline,
    fs_intermediate_storage,
    pipeline,
    s3_intermediate_storage,
    solid,
)
from dagsterlite.errors import DagsterStorageError
from dagsterlite.stores import IntermediateStorage
from dagsterlite_fsspec.intermediates import FsspecIntermediateStorage
from tests.contracts.intermediate_storage import RUN_ID, STEP, IntermediateStorageSuite, manifest_of
from tests.object_stores import BUCKET, STRICT_KEY, ObjectStore


class TestS3WithoutConditions(IntermediateStorageSuite):
    @pytest.fixture
    def storage(self, strict_s3: ObjectStore) -> IntermediateStorage:
        return FsspecIntermediateStorage(f"{strict_s3.url}/runs", RUN_ID)


def test_that_commits_may_meet_is_found_out_and_leaves_nothing(strict_s3: ObjectStore) -> None:
    assert not FsspecIntermediateStorage(strict_s3.url, RUN_ID).has_one_winner
    assert strict_s3.objects() == {}


def test_a_wrong_key_is_refused_and_told_without_it(strict_s3: ObjectStore) -> None:
    options = {"key": "a-wrong-key", "secret": "a-wrong-secret"}
    storage = FsspecIntermediateStorage(strict_s3.url, RUN_ID, options)

    for use in (
        lambda: storage.write_output(STEP, "attempt1", "result", 1),
        lambda: storage.commit(manifest_of(STEP, "attempt1")),
    ):
        with pytest.raises(DagsterStorageError, match="credentials of this process") as caught:
            use()
        assert "a-wrong-secret" not in str(caught.value)
    assert b"a-wrong-secret" not in pickle.dumps(storage)


@solid
def one(_) -> int:
    return 1


@solid
def double(_, number: int) -> int:
    return 2 * number


@pipeline(
    mode_defs=[
        ModeDefinition(intermediate_storage_defs=[fs_intermediate_storage, s3_intermediate_storage])
    ]
)
def doubled():
    double(one())


PLACES: list[dict[str, Any]] = [
    {"filesystem": {"config": {"base_dir": f"s3://{BUCKET}/runs"}}},
    {"s3": {"config": {"s3_bucket": BUCKET, "s3_prefix": "runs"}}},
]


@pytest.mark.parametrize("place", PLACES, ids=["filesystem", "s3"])
def test_a_run_takes_the_credentials_that_its_config_names(
    strict_s3: ObjectStore, monkeypatch: pytest.MonkeyPatch, place: dict[str, Any]
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "a-wrong-key")
    monkeypatch.setenv("STORE_KEY", STRICT_KEY)
    ((kind, section),) = place.items()
    options = {"key": {"env": "STORE_KEY"}, "secret": {"env": "STORE_KEY"}}
    storage = {kind: {"config": {**section["config"], "storage_options": options}}}
    with DagsterInstance.ephemeral() as instance:
        result = execute_pipeline(doubled, {"intermediate_storage": storage}, instance=instance)

        assert result.output_for_solid("double") == 2
        (run,) = instance.get_runs()
    assert run.run_config["intermediate_storage"] == storage
