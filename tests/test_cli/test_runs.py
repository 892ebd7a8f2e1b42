"""``dagsterlite run`` and ``instance``: the record, and what can be done with it."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from dagsterlite import DagsterInstance
from dagsterlite.runs import DagsterRunStatus
from tests.test_cli.command import invoke


def execute(name: str, home: Path) -> str:
    """Execute a pipeline of the folder; return the run's id."""
    invoke("pipeline", "execute", "-f", "pipelines.py", name, home=home)
    with DagsterInstance.local_temp(str(home)) as instance:
        return instance.get_runs(limit=1)[0].run_id


def record(home: Path, *, run_id: str | None = None, lease: float = 60) -> str:
    """Record a run under way whose driver's lease ends in so many seconds."""
    with DagsterInstance.local_temp(str(home)) as instance:
        run = instance.create_run("p", run_id=run_id, status=DagsterRunStatus.STARTED)
        instance.run_storage.acquire_lease(run.run_id, "d", seconds=lease, now=time.time())
        return run.run_id


def statuses(home: Path) -> dict[str, str]:
    with DagsterInstance.local_temp(str(home)) as instance:
        return {run.run_id: run.status.value for run in instance.get_runs()}


def listed(home: Path, *options: str) -> list[str]:
    """Return the ids that ``run list`` shows."""
    result = invoke("run", "list", *options, home=home)
    assert result.exit_code == 0
    return [line.split()[0] for line in result.stdout.splitlines()[1:] if "…" not in line]


def test_the_list_is_newest_first_and_can_be_filtered(folder: Path, home: Path) -> None:
    first, second = execute("counting", home), execute("breaking", home)
    lost = record(home, lease=-1)
    alive = record(home)

    assert listed(home) == [alive, lost, second, first]
    assert listed(home, "--status", "failure") == [second]
    assert listed(home, "--status", "LOST") == [lost]
    assert listed(home, "--status", "STARTED", "--status", "SUCCESS") == [alive, first]
    assert listed(home, "--limit", "1") == [alive]
    assert "and 3 older runs" in invoke("run", "list", "--limit", "1", home=home).stdout


def test_an_empty_home_has_no_runs(home: Path) -> None:
    assert invoke("run", "list", home=home).stdout == "No runs yet.\n"


def test_a_run_is_shown_by_as_much_of_its_id_as_no_other_has(folder: Path, home: Path) -> None:
    run_id = execute("breaking", home)
    record(home, run_id="x1")

    for name in (run_id, run_id[:6]):
        result = invoke("run", "show", name, home=home)
        assert result.exit_code == 0
        assert run_id in result.stdout
        assert "break_down.compute  FAILURE" in result.stdout
        assert result.stdout.rstrip().endswith("ValueError: no rows")


def test_the_event_log_has_what_was_logged(folder: Path, home: Path) -> None:
    result = invoke("run", "show", execute("counting", home), "--events", home=home)

    kinds = [line.split()[1] for line in result.stdout.splitlines()]
    assert kinds[0] == "PIPELINE_START"
    assert kinds[-1] == "PIPELINE_SUCCESS"
    assert "LOG" in kinds
    assert "STEP_OUTPUT" in kinds


@pytest.mark.parametrize("command", ["show", "cancel", "delete"])
def test_an_unknown_or_unclear_id_is_refused(home: Path, command: str) -> None:
    record(home, run_id="abc1")
    record(home, run_id="abc2")

    unknown = invoke("run", command, "zzz", home=home)
    unclear = invoke("run", command, "abc", home=home)

    assert (unknown.exit_code, unclear.exit_code) == (2, 2)
    assert "no run 'zzz'" in unknown.stderr
    assert "2 runs have ids that begin with 'abc': abc2, abc1" in unclear.stderr
    assert set(statuses(home).values()) == {"STARTED"}


@pytest.mark.parametrize(("name", "code"), [("counting", 0), ("breaking", 1)])
def test_who_attaches_to_a_run_reads_what_it_told(
    name: str, code: int, folder: Path, home: Path
) -> None:
    run_id = execute(name, home)

    result = invoke("run", "attach", run_id, "--plain", home=home)

    assert result.exit_code == code
    assert "count.compute" in result.stdout
    assert ("no rows" in result.stdout) is (code == 1)


def test_who_attaches_to_a_lost_run_is_told(home: Path) -> None:
    run_id = record(home, lease=-1)

    result = invoke("run", "attach", run_id, home=home)

    assert result.exit_code == 1
    assert f"Run {run_id} is LOST" in result.stderr


def test_only_a_run_on_a_cluster_is_left_to_it(folder: Path, home: Path) -> None:
    result = invoke("pipeline", "execute", "-f", "pipelines.py", "--detach", "counting", home=home)

    assert result.exit_code == 2
    assert "Select the dask executor" in result.stderr
    assert statuses(home) == {}


@pytest.mark.parametrize(
    "command", [["list"], ["show", "x"], ["attach", "x"], ["cancel", "x"], ["delete", "x"]]
)
def test_without_a_home_the_message_names_the_variable(command: list[str]) -> None:
    result = invoke("run", *command)

    assert result.exit_code == 2
    assert "$DAGSTER_HOME is not set" in result.stderr


def test_a_driver_that_lives_is_asked_to_stop(home: Path) -> None:
    run_id = record(home)

    result = invoke("run", "cancel", run_id, home=home)

    assert (result.exit_code, statuses(home)) == (0, {run_id: "CANCELING"})
    assert "Asked the driver" in result.stdout


def test_a_lost_run_is_canceled_at_once(home: Path) -> None:
    run_id = record(home, lease=-1)

    result = invoke("run", "cancel", run_id, home=home)

    assert (result.exit_code, statuses(home)) == (0, {run_id: "CANCELED"})
    assert "had no driver" in result.stdout


def test_a_run_that_has_ended_cannot_be_canceled(folder: Path, home: Path) -> None:
    run_id = execute("counting", home)

    result = invoke("run", "cancel", run_id, home=home)

    assert (result.exit_code, statuses(home)) == (2, {run_id: "SUCCESS"})
    assert "has ended already: it is SUCCESS" in result.stderr


def test_deleting_asks_first(folder: Path, home: Path) -> None:
    run_id = execute("counting", home)

    refused = invoke("run", "delete", run_id, home=home, answer="n\n")
    assert (refused.exit_code, statuses(home)) == (1, {run_id: "SUCCESS"})

    agreed = invoke("run", "delete", run_id, home=home, answer="y\n")
    assert (agreed.exit_code, statuses(home)) == (0, {})


def test_yes_deletes_without_asking_also_lost_runs(home: Path) -> None:
    run_id = record(home, lease=-1)

    assert invoke("run", "delete", "--yes", run_id, home=home).exit_code == 0
    assert statuses(home) == {}


def test_a_run_under_way_is_not_deleted(home: Path) -> None:
    run_id = record(home)

    result = invoke("run", "delete", "--yes", run_id, home=home)

    assert (result.exit_code, statuses(home)) == (2, {run_id: "STARTED"})
    assert f"dagsterlite run cancel {run_id}" in result.stderr


def test_instance_info_tells_home_and_runs(folder: Path, home: Path) -> None:
    execute("counting", home)
    record(home, lease=-1)

    text = invoke("instance", "info", home=home).stdout

    assert f"home  {home}" in text
    assert "1 LOST, 1 SUCCESS" in text
    assert "SqliteRunStorage" in text


def test_migrating_what_is_up_to_date_changes_nothing(folder: Path, home: Path) -> None:
    execute("counting", home)

    result = invoke("instance", "migrate", home=home)

    assert result.exit_code == 0
    assert "Nothing to migrate" in result.stdout


def test_instance_check_tells_of_each_part(folder: Path, home: Path) -> None:
    good = invoke("instance", "check", home=home)
    (home / "history").mkdir(parents=True)
    (home / "history" / "index.db").write_text("a stranger", encoding="utf-8")
    bad = invoke("instance", "check", home=home)

    assert good.exit_code == 0
    assert "run_storage: dagsterlite_sql.sqlite_runs.SqliteRunStorage is in order." in good.stdout
    assert bad.exit_code == 1
    assert "index.db is not a SQLite database; it was left as it is" in bad.stderr
    assert "1 part(s)" in bad.stderr


def old_run(home: Path, run_id: str, status: DagsterRunStatus, days: float) -> None:
    with DagsterInstance.local_temp(str(home)) as instance:
        store: Any = instance.run_storage
        store._clock = lambda: time.time() - days * 86_400
        instance.create_run("p", run_id=run_id, status=status)


def test_pruning_deletes_old_finished_runs_and_no_others(folder: Path, home: Path) -> None:
    for run_id, status, days in [
        ("old", DagsterRunStatus.SUCCESS, 40),
        ("old-under-way", DagsterRunStatus.STARTED, 40),
        ("old-too", DagsterRunStatus.FAILURE, 35),
        ("young", DagsterRunStatus.CANCELED, 1),
    ]:
        old_run(home, run_id, status, days)

    told = invoke("run", "prune", "--older-than", "30d", "--dry-run", home=home)
    kept = invoke("run", "prune", "--older-than", "30d", "--keep-last", "2", "--yes", home=home)
    remaining = set(statuses(home))
    refused = invoke("run", "prune", "--older-than", "4w", home=home, answer="n\n")
    done = invoke("run", "prune", "--keep-last", "1", "--yes", home=home)

    assert told.stdout.splitlines() == [
        "old-too  p  FAILURE",
        "old  p  SUCCESS",
        "2 of 4 runs to delete.",
    ]
    assert "Deleted 1 runs." in kept.stdout
    assert remaining == {"old-too", "old-under-way", "young"}
    assert refused.exit_code == 1
    assert "Deleted 1 runs." in done.stdout
    assert set(statuses(home)) == {"old-under-way", "young"}


def test_pruning_must_be_told_what_to_keep(folder: Path, home: Path) -> None:
    nothing = invoke("run", "prune", home=home)
    unit = invoke("run", "prune", "--older-than", "30", home=home)

    assert nothing.exit_code == unit.exit_code == 2
    assert "--older-than 30d" in nothing.stderr
    assert "'30' is no length of time" in unit.stderr
