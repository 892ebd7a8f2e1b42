"""Servers of object stores that the tests of this folder share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.object_stores import ObjectStore, gcs_server, s3_server, using


@pytest.fixture(scope="session")
def s3_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ObjectStore]:
    with s3_server(tmp_path_factory.mktemp("s3")) as store:
        yield store


@pytest.fixture(scope="session")
def gcs_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ObjectStore]:
    with gcs_server(tmp_path_factory.mktemp("gcs")) as store:
        yield store


@pytest.fixture
def s3(s3_process: ObjectStore) -> Iterator[ObjectStore]:
    """An S3 server with one empty bucket, which this process uses."""
    with using(s3_process) as store:
        yield store


@pytest.fixture
def gcs(gcs_process: ObjectStore) -> Iterator[ObjectStore]:
    """A server of Google's storage with one empty bucket, which this process uses."""
    with using(gcs_process) as store:
        yield store
