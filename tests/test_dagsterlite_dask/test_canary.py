"""Secrets stay home: two canaries, looked for in every byte that a run sends, stores or shows."""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import yaml

from dagsterlite import (
    DagsterInstance,
    ModeDefinition,
    Output,
    RetryRequested,
    StringSource,
    execute_pipeline,
    pipeline,
    resource,
    solid,
)
from dagsterlite.config.secrets import HIDDEN
from dagsterlite.definitions.console import default_loggers
from dagsterlite.errors import DagsterStepExecutionFailed, DagsterStorageError
from tests.test_cli.command import invoke
from tests.test_dagsterlite_dask.cluster import Cluster, running_cluster
from tests.test_dagsterlite_dask.proxy import Proxy
from tests.test_dagsterlite_sql.postgres_server import running

TOKEN = "canary-of-the-environment-5f0e"
PASSWORD = "canary-in-a-url-77ab"


class Leak(Exception):
    pass


@resource(config_schema=StringSource)
def database(init_context):
    init_context.log.info("connecting with %s", init_context.resource_config)
    yield init_context.resource_config
    raise Leak(f"closing {init_context.resource_config}")


@solid(config_schema={"token": StringSource}, required_resource_keys={"db"})
def tells(context):
    token = context.solid_config["token"]
    assert token == context.resources.db
    context.log.warning("using %s", token)
    if not context.retry_number:
        raise RetryRequested from Leak(f"postgresql://me:{token}@db/runs refused")
    yield Output(len(token))


@solid(config_schema={"token": StringSource})
def breaks(context):
    raise Leak(f"postgresql://me:{context.solid_config['token']}@db/runs refused")


@pipeline(mode_defs=[ModeDefinition(resource_defs={"db": database}, logger_defs=default_loggers())])
def leaky():
    tells()
    breaks()


def home_on_postgres(home: Path, host: str) -> None:
    """Write a home whose stores are named by a URL with a literal password."""
    home.mkdir()
    url = {"postgres_url": f"postgresql://postgres:{PASSWORD}@/postgres?host={host}"}
    stores = {
        "run_storage": ("dagsterlite.run_storage", "PostgresRunStorage"),
        "event_log_storage": ("dagsterlite.event_log", "PostgresEventLogStorage"),
    }
    sections = {
        name: {"module": module.replace("dagsterlite", "dagster_postgres"), "class": cls}
        | {"config": url}
        for name, (module, cls) in stores.items()
    }
    (home / "dagster.yaml").write_text(yaml.safe_dump(sections))


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("TOKEN", TOKEN)
    return tmp_path / "home"


@pytest.fixture
def wired(tmp_path: Path, home: Path) -> Iterator[tuple[Cluster, list[Proxy]]]:
    """A cluster, and the wires to its scheduler: the workers' and the driver's."""
    (tmp_path / "logs").mkdir()
    with running_cluster(tmp_path / "logs") as cluster, ExitStack() as stack:
        wires = [Proxy(cluster.address) for _ in range(2)]
        for wire in wires:
            stack.callback(wire.close)
        cluster.add_worker(scheduler=wires[0].address)
        yield cluster, wires


def config(wire: Proxy) -> dict[str, Any]:
    token = {"config": {"token": {"env": "TOKEN"}}}
    cluster = {"existing": {"address": wire.address}}
    return {
        "execution": {"dask": {"config": {"cluster": cluster}}},
        "solids": {"tells": token, "breaks": token},
        "resources": {"db": {"config": {"env": "TOKEN"}}},
        "loggers": {"console": {"config": {"log_level": "DEBUG"}}},
    }


def assert_is_clean(place: str, content: bytes | bytearray | str) -> None:
    data = content.encode() if isinstance(content, str) else bytes(content)
    for canary in (TOKEN, PASSWORD):
        assert canary.encode() not in data, (place, canary)


def test_no_byte_that_a_run_on_dask_sends_stores_or_shows_holds_a_secret(
    wired: tuple[Cluster, list[Proxy]],
    home: Path,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
) -> None:
    cluster, wires = wired
    with running(tmp_path / "pg") as server:
        home_on_postgres(home, server.folder)
        with DagsterInstance.get() as instance:
            given = config(wires[1])
            result = execute_pipeline(leaky, given, instance=instance, raise_on_error=False)
            with pytest.raises(DagsterStepExecutionFailed) as raised:
                execute_pipeline(leaky, given, instance=instance)
            entries = instance.all_logs(result.run_id)
            shown = [repr(one) for one in (instance, result, instance.get_runs(), entries)]
            shown += [e.error_info.to_string() for e in entries if e.error_info is not None]
            shown += [str(instance.run_storage), repr(instance.get_ref())]
        assert result.output_for_solid("tells") == len(TOKEN)
        shown.append("".join(traceback.format_exception(raised.value.with_traceback(None))))
        shown += [
            invoke(*words).output
            for words in (("run", "show", result.run_id), ("run", "list"), ("instance", "info"))
        ]
    shown += capfd.readouterr()
    cluster.client.close()
    assert any(HIDDEN in text for text in shown)
    assert b"TOKEN" in wires[1].seen
    assert b"STEP_FAILURE" in wires[0].seen
    for wire, name in zip(wires, ("workers", "driver"), strict=True):
        assert_is_clean(name, wire.seen)
    for number, text in enumerate(shown):
        assert_is_clean(f"text {number}", text)
    for path in tmp_path.rglob("*"):
        if path.is_file() and path != home / "dagster.yaml":
            assert_is_clean(str(path), path.read_bytes())


def test_no_text_of_a_failing_connection_holds_the_password_of_its_url(home: Path) -> None:
    home_on_postgres(home, str(home / "nowhere"))

    with pytest.raises(DagsterStorageError) as caught:
        DagsterInstance.get()
    assert_is_clean("traceback", "".join(traceback.format_exception(caught.value)))
    for words in (("run", "list"), ("instance", "info"), ("instance", "migrate")):
        said = invoke(*words)
        assert_is_clean(" ".join(words), said.output + said.stderr)
