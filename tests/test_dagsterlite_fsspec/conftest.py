"""Servers of object stores that the tests of this folder share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.object_stores import (
    S3RVER,
    ObjectStore,
    gcs_server,
    guarded_s3_server,
    s3_server,
    strict_s3_server,
    using,
)

# What needs s3rver is left out where it is not; see what the session says at its end.
collect_ignore = [] if S3RVER else ["test_s3rver.py"]


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


@pytest.fixture(scope="session")
def guarded_s3_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ObjectStore]:
    with guarded_s3_server(tmp_path_factory.mktemp("guarded")) as store:
        yield store


@pytest.fixture
def guarded_s3(guarded_s3_process: ObjectStore) -> Iterator[ObjectStore]:
    """An S3 server with one empty bucket, whose one account this process' environment lacks."""
    with using(guarded_s3_process) as store:
        yield store


@pytest.fixture(scope="session")
def strict_s3_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ObjectStore]:
    with strict_s3_server(tmp_path_factory.mktemp("s3rver")) as store:
        yield store


@pytest.fixture
def strict_s3(strict_s3_process: ObjectStore) -> Iterator[ObjectStore]:
    """An S3 server that looks at credentials, with one empty bucket, which this process uses."""
    with using(strict_s3_process) as store:
        yield store
