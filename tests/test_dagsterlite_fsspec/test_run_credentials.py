"""Outputs on stores that let in only whom the run's own config names: shown, copied, removed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from dagsterlite import (
    DagsterInstance,
    ModeDefinition,
    execute_pipeline,
    fs_intermediate_storage,
    fs_system_storage,
    gcs_intermediate_storage,
    pipeline,
    reexecute_pipeline,
    s3_intermediate_storage,
    s3_system_storage,
    solid,
)
from dagsterlite.errors import (
    DagsterOutputsUnreachableError,
    DagsterRunNotDeletedError,
    DagsterSettingsError,
    DagsterStorageError,
)
from dagsterlite.execution.kept_outputs import kept_outputs
from tests.object_stores import BUCKET, ObjectStore
from tests.test_cli.command import invoke


@solid
def one(_) -> int:
    return 1


@solid
def double(_, number: int) -> int:
    return 2 * number


@pipeline(
    mode_defs=[
        ModeDefinition(
            intermediate_storage_defs=[
                fs_intermediate_storage,
                s3_intermediate_storage,
                gcs_intermediate_storage,
            ],
            system_storage_defs=[fs_system_storage, s3_system_storage],
        )
    ]
)
def doubled():
    double(one())


@solid
def talk(_) -> None:
    print("hello")  # noqa: T201 - printing is what is kept


@pipeline
def talking():
    talk()


@dataclass(frozen=True)
class Place:
    """A store, and run config that keeps outputs there with what the environment gives."""

    store: ObjectStore
    run_config: dict[str, Any]
    environ: dict[str, str]
    #: Where the storage's config stands in the run config, and its name.
    config_at: str
    storage: str

    def run(self, instance: DagsterInstance) -> str:
        """Execute the pipeline and return the run's id."""
        return execute_pipeline(doubled, self.run_config, instance=instance).run_id


def s3_place(store: ObjectStore, kind: str = "s3") -> Place:
    options = {"key": {"env": "STORE_KEY"}, "secret": {"env": "STORE_SECRET"}}
    environ = {"STORE_KEY": store.options["key"], "STORE_SECRET": store.options["secret"]}
    files = {"base_dir": f"{store.url}/runs", "storage_options": options}
    bucket = {"s3_bucket": BUCKET, "s3_prefix": "runs", "storage_options": options}
    if kind == "system":
        return Place(store, {"storage": {"s3": bucket}}, environ, "storage.s3", "s3")
    config = {"config": files if kind == "filesystem" else bucket}
    at = f"intermediate_storage.{kind}.config"
    return Place(store, {"intermediate_storage": {kind: config}}, environ, at, kind)


def gcs_place(store: ObjectStore, monkeypatch: pytest.MonkeyPatch) -> Place:
    # The server lets in anybody, but only who knows its address finds it.
    monkeypatch.delenv("STORAGE_EMULATOR_HOST")
    where = {"endpoint_url": store.environ["STORAGE_EMULATOR_HOST"], "project": "tests"}
    options = {"token": {"env": "STORE_KEY"}, **where}
    config = {"gcs_bucket": BUCKET, "gcs_prefix": "runs", "storage_options": options}
    return Place(
        replace(store, options={"token": "anon", **where}),
        {"intermediate_storage": {"gcs": {"config": config}}},
        {"STORE_KEY": "anon"},
        "intermediate_storage.gcs.config",
        "gcs",
    )


def with_variables(place: Place, monkeypatch: pytest.MonkeyPatch) -> Place:
    for name, value in place.environ.items():
        monkeypatch.setenv(name, value)
    return place


@pytest.fixture(params=["filesystem", "s3", "system", "gcs"])
def place(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Place:
    if request.param == "gcs":
        found = gcs_place(request.getfixturevalue("gcs"), monkeypatch)
    else:
        found = s3_place(request.getfixturevalue("guarded_s3"), request.param)
    return with_variables(found, monkeypatch)


@pytest.fixture
def instance(home: Path) -> Iterator[DagsterInstance]:
    with DagsterInstance.local_temp(str(home)) as instance:
        yield instance


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


def test_outputs_are_shown_and_copied_with_the_runs_own_options(
    place: Place, instance: DagsterInstance, home: Path, tmp_path: Path
) -> None:
    run_id = place.run(instance)
    values = {one.step_key: one.load() for one in kept_outputs(instance, run_id)}
    assert values == {"one.compute": 1, "double.compute": 2}

    shown = invoke("run", "outputs", run_id, "--step", "double", "--show", home=home)
    assert shown.stdout == "2\n"
    copy = tmp_path / "copy"
    invoke("run", "outputs", run_id, "--step", "double", "--to", copy, home=home)
    assert copy.exists()


def test_a_run_goes_with_its_outputs(place: Place, instance: DagsterInstance) -> None:
    kept = place.run(instance)
    gone = place.run(instance)
    instance.delete_run(gone)
    assert instance.get_run_by_id(gone) is None
    assert {path.split("/")[2] for path in place.store.objects()} == {kept}


def test_a_missing_variable_is_told_and_loses_nothing(
    place: Place, instance: DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = place.run(instance)
    logs, objects = instance.all_logs(run_id), place.store.objects()
    monkeypatch.delenv("STORE_KEY")

    (output, _) = kept_outputs(instance, run_id)
    with pytest.raises(DagsterOutputsUnreachableError) as unreachable:
        output.load()
    assert (unreachable.value.run_id, unreachable.value.storage) == (run_id, place.storage)
    with pytest.raises(DagsterRunNotDeletedError) as caught:
        instance.delete_run(run_id)
    assert isinstance(caught.value.__cause__, DagsterOutputsUnreachableError)
    for told in (
        run_id,
        f"storage '{place.storage}'",
        f"{place.config_at}.storage_options.",
        '"STORE_KEY"',
    ):
        assert told in str(caught.value)
    assert "Set it in the process" in str(caught.value)
    assert "--leave-outputs" in str(caught.value)

    assert instance.all_logs(run_id) == logs
    assert instance.get_run_by_id(run_id) is not None
    assert place.store.objects() == objects
    monkeypatch.setenv("STORE_KEY", place.environ["STORE_KEY"])
    instance.delete_run(run_id)
    assert place.store.objects() == {}


def test_no_secret_is_kept_of_what_stands_in_the_environment(
    guarded_s3: ObjectStore, instance: DagsterInstance, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = with_variables(s3_place(guarded_s3), monkeypatch)
    run_id = place.run(instance)
    (output, _) = kept_outputs(instance, run_id)
    output.load()
    instance.dispose()
    kept = [path.read_bytes() for path in home.rglob("*") if path.is_file()]
    kept += [*place.store.objects().values(), repr(output).encode()]
    for secret in place.environ.values():
        assert not any(secret.encode() in data for data in kept)


def test_a_key_that_is_refused_is_told_without_it_and_loses_nothing(
    guarded_s3: ObjectStore, instance: DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = with_variables(s3_place(guarded_s3), monkeypatch)
    run_id = place.run(instance)
    objects = place.store.objects()
    monkeypatch.setenv("STORE_SECRET", "a-wrong-secret")
    (output, _) = kept_outputs(instance, run_id)
    for use in (output.load, lambda: instance.delete_run(run_id)):
        with pytest.raises(DagsterStorageError, match="credentials of this process") as caught:
            use()
        assert "a-wrong-secret" not in str(caught.value)
    assert place.store.objects() == objects
    assert instance.get_run_by_id(run_id) is not None


def test_a_run_may_go_without_its_outputs(
    guarded_s3: ObjectStore, instance: DagsterInstance, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = with_variables(s3_place(guarded_s3), monkeypatch)
    run_id, objects = place.run(instance), place.store.objects()
    monkeypatch.delenv("STORE_KEY")
    refused = invoke("run", "delete", run_id, "--yes", home=home)
    assert refused.exit_code == 1
    assert '"STORE_KEY" is not set' in refused.stderr
    left = invoke("run", "delete", run_id, "--yes", "--leave-outputs", home=home)
    assert (left.exit_code, left.stdout) == (0, f"Deleted run {run_id}.\n")
    assert instance.get_run_by_id(run_id) is None
    assert place.store.objects() == objects


def test_pruning_goes_on_past_a_run_that_cannot_be_removed(
    guarded_s3: ObjectStore, instance: DagsterInstance, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = with_variables(s3_place(guarded_s3), monkeypatch)
    before = execute_pipeline(doubled, instance=instance).run_id
    kept = place.run(instance)
    after = execute_pipeline(doubled, instance=instance).run_id
    monkeypatch.delenv("STORE_SECRET")

    result = invoke("run", "prune", "--keep-last", "0", "--yes", home=home)
    assert (result.exit_code, result.stdout) == (1, "Deleted 2 runs.\n")
    assert kept in result.stderr
    assert '"STORE_SECRET" is not set' in result.stderr
    assert before not in result.stderr
    assert after not in result.stderr
    assert [run.run_id for run in instance.get_runs()] == [kept]

    result = invoke("run", "prune", "--keep-last", "0", "--yes", "--leave-outputs", home=home)
    assert (result.exit_code, instance.get_runs_count()) == (0, 0)


def test_what_a_deleted_run_left_to_another_goes_with_that_ones_options(
    place: Place, instance: DagsterInstance
) -> None:
    parent = place.run(instance)
    child = reexecute_pipeline(doubled, parent, place.run_config, ["double"], instance=instance)
    instance.delete_run(parent)
    assert [path.split("/")[2] for path in place.store.objects()].count(parent) == 1
    instance.delete_run(child.run_id)
    assert place.store.objects() == {}


def test_a_run_that_stored_nothing_there_needs_no_variable(
    guarded_s3: ObjectStore, instance: DagsterInstance
) -> None:
    place = s3_place(guarded_s3)
    run = instance.create_run("doubled", run_config=place.run_config)
    instance.delete_run(run.run_id)
    assert instance.get_runs_count() == 0


def logs_section(store: ObjectStore, secret: object) -> str:
    options = {"key": {"env": "STORE_KEY"}, "secret": secret}
    section = {
        "module": "dagsterlite_fsspec.compute_logs",
        "class": "FsspecComputeLogManager",
        "config": {"base_url": f"{store.url}/logs", "storage_options": options},
    }
    return json.dumps({"compute_logs": section})


def test_what_steps_printed_goes_with_the_options_of_dagster_yaml(
    guarded_s3: ObjectStore, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home.mkdir()
    section = logs_section(guarded_s3, {"env": "STORE_SECRET"})
    (home / "dagster.yaml").write_text(section)
    monkeypatch.setenv("STORE_KEY", guarded_s3.options["key"])
    with pytest.raises(DagsterSettingsError, match=r'compute_logs.*"STORE_SECRET" is not set'):
        DagsterInstance.local_temp(str(home))

    monkeypatch.setenv("STORE_SECRET", guarded_s3.options["secret"])
    with DagsterInstance.local_temp(str(home)) as instance:
        run_id = execute_pipeline(talking, instance=instance).run_id
        assert any("/logs/" in path for path in guarded_s3.objects())
        instance.delete_run(run_id)
    assert guarded_s3.objects() == {}
