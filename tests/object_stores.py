"""Real servers of object stores for tests, each a process of its own on a free port."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import fsspec
import pytest
from botocore.session import get_session

S3RVER = shutil.which(
    "s3rver",
    path=os.pathsep.join([os.environ["PATH"], os.path.abspath(".venv/npm/node_modules/.bin")]),
)
"""An S3 server that looks at credentials, where it is installed (`make services`)."""

START_SECONDS = 60
BUCKET = "flights"
SECRET = "wJalrXUtnFEMIK7MDENG"
"""The secret key of the tests' account: it must be found nowhere."""

STRICT_KEY = "S3RVER"
"""The key of the one account that s3rver knows, and its secret."""


@dataclass
class ObjectStore:
    """A server that runs, and what a process needs to know to use it."""

    process: subprocess.Popen[bytes]
    scheme: str
    environ: Mapping[str, str]
    #: The options of the file system, beside those that the environment gives.
    options: dict[str, Any] = field(default_factory=dict)

    @property
    def url(self) -> str:
        """The bucket."""
        return f"{self.scheme}://{BUCKET}"

    def used_by(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Have this process use the server, with none of the clients that it used before."""
        for name, value in self.environ.items():
            monkeypatch.setenv(name, value)
        self.file_system_class.clear_instance_cache()

    @property
    def file_system_class(self) -> Any:
        """The class of its file system."""
        return fsspec.get_filesystem_class(self.scheme)

    @property
    def file_system(self) -> Any:
        """A client of the server."""
        return fsspec.filesystem(self.scheme, use_listings_cache=False, **self.options)

    def objects(self) -> dict[str, bytes]:
        """Return all that lies in the bucket."""
        return {path: self.file_system.cat_file(path) for path in self.file_system.find(BUCKET)}

    def kill(self) -> None:
        """End the server in the midst of what it does."""
        self.process.kill()
        self.process.wait()


@contextmanager
def s3_server(folder: Path) -> Iterator[ObjectStore]:
    """Run an S3 server, which takes conditional writes and looks at no credentials."""
    port = _free_port()
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    environ = {
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
        "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE",
        "AWS_SECRET_ACCESS_KEY": SECRET,
        "AWS_DEFAULT_REGION": "us-east-1",
        # A dead server is to be told without many tries.
        "AWS_MAX_ATTEMPTS": "1",
    }
    with _serving(command, port, folder) as process:
        yield ObjectStore(process, "s3", environ)


@contextmanager
def guarded_s3_server(folder: Path) -> Iterator[ObjectStore]:
    """Run an S3 server that takes conditional writes and knows one account.

    Its credentials are the store's options; those of the environment are none of its.
    """
    with s3_server(folder) as store:
        endpoint = store.environ["AWS_ENDPOINT_URL"]
        account = {"aws_access_key_id": "before", "aws_secret_access_key": "there are any"}

        def client(service: str) -> Any:
            return get_session().create_client(
                service, "us-east-1", endpoint_url=endpoint, **account
            )

        client("s3").create_bucket(Bucket=BUCKET)
        iam = client("iam")
        iam.create_user(UserName="owner")
        allowed = {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}
        policy = {"Version": "2012-10-17", "Statement": [allowed]}
        iam.put_user_policy(UserName="owner", PolicyName="s3", PolicyDocument=json.dumps(policy))
        made = iam.create_access_key(UserName="owner")["AccessKey"]
        store.options = {"key": made["AccessKeyId"], "secret": made["SecretAccessKey"]}
        # From now on each request must be that account's.
        begin = Request(f"{endpoint}/moto-api/reset-auth", b"0", {"Content-Type": "text/plain"})
        with urlopen(begin):
            yield store


@contextmanager
def strict_s3_server(folder: Path) -> Iterator[ObjectStore]:
    """Run an S3 server that looks at credentials, and ignores the conditions of writes."""
    port = _free_port()
    data = folder / "data"
    data.mkdir()
    command = [str(S3RVER), "--directory", str(data), "--address", "127.0.0.1"]
    command += ["--port", str(port), "--no-vhost-buckets"]
    environ = {
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
        "AWS_ACCESS_KEY_ID": STRICT_KEY,
        "AWS_SECRET_ACCESS_KEY": STRICT_KEY,
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_MAX_ATTEMPTS": "1",
    }
    with _serving(command, port, folder) as process:
        yield ObjectStore(process, "s3", environ)


@contextmanager
def gcs_server(folder: Path) -> Iterator[ObjectStore]:
    """Run a server of Google's storage, which ignores the conditions of writes."""
    port = _free_port()
    command = [sys.executable, "-m", "gcp_storage_emulator", "start", "--host", "127.0.0.1"]
    command += ["--port", str(port), "--in-memory"]
    environ = {
        "STORAGE_EMULATOR_HOST": f"http://127.0.0.1:{port}",
        "GOOGLE_CLOUD_PROJECT": "tests",
    }
    with _serving(command, port, folder) as process:
        yield ObjectStore(process, "gs", environ)


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


@contextmanager
def _serving(command: list[str], port: int, folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    with (folder / "server.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, cwd=folder)
    try:
        _wait_for(process, port)
        yield process
    finally:
        process.kill()
        process.wait()


def _wait_for(process: subprocess.Popen[bytes], port: int) -> None:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until:
        assert process.poll() is None, "the server ended"
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.02)
    raise AssertionError("the server is not up in time")


@contextmanager
def using(store: ObjectStore) -> Iterator[ObjectStore]:
    """Have this process use a server whose bucket holds nothing."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        store.used_by(monkeypatch)
        files = store.file_system
        if not files.exists(BUCKET):
            files.mkdir(BUCKET)
        # One by one: s3rver removes folders that become empty, and stumbles over many at once.
        for path in files.find(BUCKET):
            files.rm_file(path)
        yield store
    store.file_system_class.clear_instance_cache()


def environment(store: ObjectStore) -> dict[str, str]:
    """Return the environment of another process that uses the server."""
    return {**os.environ, **store.environ}
