"""An instance as text, its credentials hidden."""

from __future__ import annotations

from pathlib import Path

import pytest

from dagsterlite import DagsterInstance
from dagsterlite.render.instances import hidden, instance_report
from tests.test_render.runs_of import text_of


def test_the_report_tells_home_runs_and_parts(tmp_path: Path) -> None:
    with DagsterInstance.local_temp(str(tmp_path)) as instance:
        text = text_of(instance_report(str(tmp_path), instance.get_ref(), {"SUCCESS": 3}))

    assert f"home  {tmp_path}\nruns  3 SUCCESS\n" in text
    assert "run_storage  dagsterlite_sql.sqlite_runs.SqliteRunStorage" in text
    assert f"base_dir: {tmp_path}/history" in text


@pytest.mark.parametrize(
    ("key", "value", "shown"),
    [
        ("password", "hunter2", "********"),
        ("AWS_secret_access_key", "abc", "********"),
        ("apiKey", "abc", "********"),
        ("password", {"env": "PG_PASSWORD"}, {"env": "PG_PASSWORD"}),
        ("url", "postgresql://me:pw@host:5432/db", "postgresql://me:********@host:5432/db"),
        (
            "url",
            "postgresql:///db?user=me&password=pw",
            "postgresql:///db?user=me&password=********",
        ),
        ("url", "https://host/path", "https://host/path"),
        ("db", {"user": "me", "token": "x"}, {"user": "me", "token": "********"}),
        ("hosts", ["http://a:b@c", "d"], ["http://a:********@c", "d"]),
        ("port", 5432, 5432),
    ],
)
def test_credentials_are_hidden_and_nothing_else(key: str, value: object, shown: object) -> None:
    assert hidden(key, value) == shown
