"""``dagster.yaml`` and what becomes of it."""

from __future__ import annotations

import re
import sqlite3
import subprocess
import sys
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from dagsterlite.config import Field
from dagsterlite.configurable import ConfigurableClass, ConfigurableClassData
from dagsterlite.errors import DagsterHomeError, DagsterSettingsError
from dagsterlite.events.assets import AssetKey
from dagsterlite.instance import DagsterInstance
from dagsterlite.memory import InMemoryEventLogStorage, InMemoryRunStorage
from dagsterlite.run_launching import Scheduler
from dagsterlite.serdes import from_json, to_json
from dagsterlite.settings import check_home, instance_from_home, instance_from_ref, migrate_home
from dagsterlite.stores import DagsterStorage
from dagsterlite_fsspec.compute_logs import LocalComputeLogManager
from dagsterlite_sql.sqlite_schedules import SqliteScheduleStorage
from tests.contracts.entries import materialization
from tests.contracts.schedule_storage import state


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = tmp_path / "home"
    folder.mkdir()
    return folder


def write(home: Path, text: str) -> None:
    (home / "dagster.yaml").write_text(text, encoding="utf-8")


def files(folder: Path) -> set[str]:
    found = (path for path in folder.rglob("*") if path.is_file() and path.suffix == ".db")
    return {str(path.relative_to(folder)) for path in found}


def use(instance: DagsterInstance) -> None:
    """Record a run and an event, and close."""
    with instance:
        instance.create_run("flights", run_id="r")
        instance.record_entries([materialization("r", 0, "sales")])


def wrong(home: Path, text: str) -> str:
    write(home, text)
    with pytest.raises(DagsterSettingsError) as caught:
        instance_from_home(str(home))
    assert files(home) == set()
    assert str(home / "dagster.yaml") in str(caught.value)
    return str(caught.value)


# --- homes ---


def test_a_home_without_settings_keeps_all_in_sqlite_and_on_local_disk(tmp_path: Path) -> None:
    home = tmp_path / "new" / "home"

    instance = instance_from_home(str(home))
    use(instance)

    assert files(home) == {"history/runs.db", "history/index.db", "history/runs/r.db"}
    assert instance.is_persistent
    assert instance.root_directory == str(home)
    assert instance.storage_directory() == str(home / "storage")
    with instance_from_home(str(home)) as again:
        assert again.has_run("r")
        assert again.has_asset_key(AssetKey("sales"))
        assert again.run_storage.instance_id == instance.run_storage.instance_id


def test_getting_an_instance_makes_its_folder_and_nothing_in_it(tmp_path: Path) -> None:
    instance_from_home(str(tmp_path / "home"))

    assert list((tmp_path / "home").iterdir()) == []


def test_the_instance_of_the_environment_is_that_of_its_home(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DAGSTER_HOME", str(home))

    with DagsterInstance.get() as instance:
        instance.create_run("flights", run_id="r")

    assert files(home) == {"history/runs.db"}


def test_a_home_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "home").touch()

    with pytest.raises(DagsterHomeError, match=r"home/below cannot be used.*DAGSTER_HOME"):
        instance_from_home(str(tmp_path / "home" / "below"))


@pytest.mark.parametrize("name", ["runs.db", "index.db"])
def test_a_home_with_another_programs_database_is_left_as_it_was(home: Path, name: str) -> None:
    (home / "history").mkdir()
    with closing(sqlite3.connect(home / "history" / name)) as connection, connection:
        connection.execute("CREATE TABLE alembic_version (version_num VARCHAR(32))")
    before = {path: path.is_file() and path.read_bytes() for path in home.rglob("*")}

    with pytest.raises(DagsterHomeError, match=f"{name} is a SQLite database of another program"):
        instance_from_home(str(home))

    assert {path: path.is_file() and path.read_bytes() for path in home.rglob("*")} == before


def test_a_temporary_instance_is_a_persistent_one() -> None:
    instance = DagsterInstance.local_temp()
    use(instance)

    assert instance.is_persistent
    assert Path(instance.root_directory, "history", "runs.db").is_file()


# --- sections ---


@pytest.mark.parametrize(
    "text", ["", "# nothing said\n", "storage:\n  sqlite:\n", "storage: {sqlite: {}}\n"]
)
def test_settings_that_say_nothing_give_a_homes_defaults(home: Path, text: str) -> None:
    write(home, text)

    use(instance_from_home(str(home)))

    assert files(home) == {"history/runs.db", "history/index.db", "history/runs/r.db"}


def test_storage_may_be_kept_elsewhere(home: Path, tmp_path: Path) -> None:
    write(home, f"storage:\n  sqlite:\n    base_dir: {tmp_path / 'there'}\n")

    use(instance_from_home(str(home)))

    assert files(home) == set()
    assert files(tmp_path / "there") == {"history/runs.db", "history/index.db", "history/runs/r.db"}


def test_a_relative_folder_lies_in_the_home_wherever_a_process_starts(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    write(home, "storage: {sqlite: {base_dir: data}}")

    use(instance_from_home("home"))

    assert "data/history/runs.db" in files(home)


DOCUMENTED = """
run_storage:
  module: {prefix}core.storage.runs
  class: SqliteRunStorage
  config:
    base_dir: {folder}/runs

event_log_storage:
  module: {prefix}core.storage.event_log
  class: {events}
  config:
    base_dir: {folder}/events

local_artifact_storage:
  module: {prefix}core.storage.root
  class: LocalArtifactStorage
  config:
    base_dir: {folder}/artifacts
"""


@pytest.mark.parametrize(
    ("events", "logs"),
    [
        ("SqliteEventLogStorage", {"events/index.db", "events/runs/r.db"}),
        ("ConsolidatedSqliteEventLogStorage", {"events/event_log.db"}),
    ],
)
@pytest.mark.parametrize("prefix", ["dagster.", "dagster._", "dagsterlite.", "dagsterlite._"])
def test_the_classes_that_the_documents_name_are_understood(
    home: Path, tmp_path: Path, prefix: str, events: str, logs: set[str]
) -> None:
    folder = tmp_path / "data"
    write(home, DOCUMENTED.format(prefix=prefix, folder=folder, events=events))

    instance = instance_from_home(str(home))
    use(instance)

    assert files(folder) == {"runs/runs.db"} | logs
    assert instance.root_directory == str(folder / "artifacts")


def test_classes_are_understood_by_where_they_lie(home: Path) -> None:
    write(
        home,
        "run_storage:\n  module: dagsterlite_sql.sqlite_runs\n  class: SqliteRunStorage\n"
        "  config: {base_dir: mine}\n",
    )

    use(instance_from_home(str(home)))

    assert "mine/runs.db" in files(home)


def test_a_value_may_come_from_the_environment(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "secret"
    monkeypatch.setenv("RUNS_FOLDER", str(folder))
    write(
        home,
        "run_storage:\n  module: dagster.core.storage.runs\n  class: SqliteRunStorage\n"
        "  config:\n    base_dir: {env: RUNS_FOLDER}\n",
    )

    instance = instance_from_home(str(home))
    use(instance)

    assert files(folder) == {"runs.db"}
    assert str(folder) not in to_json(instance.get_ref())


class Rocket(Scheduler, ConfigurableClass):
    """Makes nothing tick."""

    def __init__(self, inst_data: ConfigurableClassData | None, fuel: list[int]) -> None:
        self._inst_data = inst_data
        self.fuel = fuel

    @property
    def inst_data(self) -> ConfigurableClassData | None:
        return self._inst_data

    @classmethod
    def config_type(cls) -> Any:
        return {"fuel": Field([int], is_required=False, default_value=[7])}

    @classmethod
    def from_config_value(
        cls, inst_data: ConfigurableClassData | None, config_value: Mapping[str, Any]
    ) -> Rocket:
        return cls(inst_data, **config_value)

    def debug_info(self) -> str:
        return f"fuel: {self.fuel}"

    def get_logs_path(self, origin_id: str) -> str:
        return f"/logs/{origin_id}"


def test_a_scheduler_of_anyone_is_made_and_knows_its_instance(home: Path) -> None:
    write(home, "scheduler: {module: tests.test_settings, class: Rocket, config: {fuel: [1]}}")

    with instance_from_home(str(home)) as instance:
        part: Any = instance.scheduler
        assert part.instance is instance
        with instance_from_ref(from_json(to_json(instance.get_ref()))) as opened:
            again: Any = opened.scheduler

    assert (type(part).__name__, part.fuel) == ("Rocket", [1])
    assert part.inst_data.config_dict == {"fuel": [1]}
    assert (type(again).__name__, again.fuel) == ("Rocket", [1])


def test_a_home_has_no_scheduler_unless_a_section_names_one(home: Path) -> None:
    with instance_from_home(str(home)) as instance:
        assert instance.scheduler is None


def test_a_home_keeps_schedules_once_something_is_recorded(home: Path) -> None:
    with instance_from_home(str(home)) as instance:
        storage = instance.schedule_storage
        assert storage is not None
        assert storage is instance.schedule_storage
        assert storage.all_instigator_state() == []
        storage.add_instigator_state(state("hourly"))

    with instance_from_home(str(home)) as opened:
        assert opened.schedule_storage is not None
        assert opened.schedule_storage.get_instigator_state("hourly") == state("hourly")
    assert "history/schedules.db" in files(home)


def test_schedules_are_kept_where_a_section_says(home: Path, tmp_path: Path) -> None:
    write(
        home,
        "schedule_storage:\n"
        "  module: dagster._core.storage.schedules\n"
        "  class: SqliteScheduleStorage\n"
        f"  config: {{base_dir: {tmp_path / 'elsewhere'}}}\n",
    )

    with instance_from_home(str(home)) as instance:
        assert instance.schedule_storage is not None
        instance.schedule_storage.add_instigator_state(state("hourly"))

    assert "schedules.db" in files(tmp_path / "elsewhere")


def test_an_ephemeral_instance_keeps_no_schedules() -> None:
    with DagsterInstance.ephemeral() as instance:
        assert instance.schedule_storage is None
        assert instance.scheduler is None


def test_sections_may_be_given_over_those_of_the_file(home: Path, tmp_path: Path) -> None:
    write(home, "storage: {sqlite: {base_dir: unused}}\n")
    overrides = {"storage": {"sqlite": {"base_dir": str(tmp_path / "used")}}}

    use(DagsterInstance.local_temp(str(home), overrides))

    assert files(home) == set()
    assert "history/runs.db" in files(tmp_path / "used")


# --- stores of third parties ---


class ShelvedRunStorage(InMemoryRunStorage):
    """Not made from config."""


class AwesomeRunStorage(InMemoryRunStorage, ConfigurableClass):
    """As seed 002 has it."""

    def __init__(self, inst_data: ConfigurableClassData | None, secret_word: str) -> None:
        super().__init__()
        self._inst_data = inst_data
        self.secret_word = secret_word

    @property
    def inst_data(self) -> ConfigurableClassData | None:
        return self._inst_data

    @classmethod
    def config_type(cls) -> Any:
        return {"secret_word": str}

    @classmethod
    def from_config_value(
        cls, inst_data: ConfigurableClassData | None, config_value: Mapping[str, Any]
    ) -> AwesomeRunStorage:
        return cls(inst_data, **config_value)


AWESOME = """
run_storage:
  module: tests.test_settings
  class: AwesomeRunStorage
  config:
    secret_word: "quux"
"""


def test_a_class_of_anyone_may_be_named(home: Path) -> None:
    write(home, AWESOME)

    with instance_from_home(str(home)) as instance:
        store: Any = instance.run_storage

    assert type(store).__name__ == "AwesomeRunStorage"
    assert store.secret_word == "quux"
    assert store.inst_data.config_dict == {"secret_word": "quux"}


class Both(DagsterStorage, ConfigurableClass):
    """A storage of runs, events and schedules in one."""

    def __init__(self, inst_data: ConfigurableClassData | None) -> None:
        self._inst_data = inst_data
        self._runs, self._events = InMemoryRunStorage(), InMemoryEventLogStorage()

    @property
    def inst_data(self) -> ConfigurableClassData | None:
        return self._inst_data

    @property
    def run_storage(self) -> InMemoryRunStorage:
        return self._runs

    @property
    def event_log_storage(self) -> InMemoryEventLogStorage:
        return self._events

    @property
    def schedule_storage(self) -> SqliteScheduleStorage:
        return SqliteScheduleStorage("/nowhere")

    @classmethod
    def config_type(cls) -> Any:
        return {"place": str}

    @classmethod
    def from_config_value(
        cls, inst_data: ConfigurableClassData | None, config_value: Mapping[str, Any]
    ) -> Both:
        return cls(inst_data)


BOTH = "storage: {custom: {module: tests.test_settings, class: Both, config: {place: there}}}"


def test_one_storage_of_anyone_may_keep_runs_and_events(home: Path) -> None:
    write(home, BOTH)

    with instance_from_home(str(home)) as instance:
        assert isinstance(instance.run_storage, InMemoryRunStorage)
        assert isinstance(instance.event_log_storage, InMemoryEventLogStorage)
        assert isinstance(instance.schedule_storage, SqliteScheduleStorage)
        with instance_from_ref(from_json(to_json(instance.get_ref()))) as opened:
            assert type(opened.run_storage) is InMemoryRunStorage


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (BOTH.replace("place: there", "plac: there"), "storage.custom.config: Undefined"),
        (BOTH.replace("class: Both", "class: Rocket"), "storage.custom.class: .* DagsterStorage"),
        (BOTH.replace("class: Both", "class: Bot"), "storage.custom.class: .* mean 'Both'"),
        (f"{BOTH}\n{AWESOME}", "run_storage: 'storage' says already"),
    ],
)
def test_what_is_wrong_with_a_storage_of_ones_own_is_told(
    home: Path, text: str, expected: str
) -> None:
    assert re.search(f"dagster.yaml: {expected}", wrong(home, text))


# --- refs ---


def test_another_process_opens_the_instance_by_its_ref(home: Path, tmp_path: Path) -> None:
    write(home, "storage: {sqlite: {base_dir: data}}\n")
    with instance_from_home(str(home)) as instance:
        instance.create_run("flights", run_id="r")
        text = to_json(instance.get_ref())

    with instance_from_ref(from_json(text)) as opened:
        assert opened.has_run("r")
        assert opened.get_ref() == instance.get_ref()
        assert opened.root_directory == instance.root_directory


# --- what is wrong ---


def test_all_that_is_wrong_is_told_at_once_with_paths_and_near_names(home: Path) -> None:
    message = wrong(
        home,
        """
run_storag: {}
run_storage:
  module: dagster.core.storage.runs
  class: SqliteRunStorage
  config:
    base_dirr: /data
event_log_storage:
  modul: dagster.core.storage.event_log
  class: SqliteEventLogStorage
local_artifact_storage:
  module: dagster.core.storage.root
  class: LocalArtifactStorage
  config:
    base_dir: 5
scheduler:
  module: [1]
  class: C
""",
    )

    assert "Did you mean 'run_storage'?" in message
    assert 'dagster.yaml: run_storage.config: Undefined field "base_dirr"' in message
    assert "Did you mean 'base_dir'?" in message
    assert 'dagster.yaml: event_log_storage: Undefined field "modul"' in message
    assert "Did you mean 'module'?" in message
    assert "dagster.yaml: local_artifact_storage.config.base_dir: Invalid" in message
    assert "dagster.yaml: scheduler.module: Invalid scalar" in message


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("run_storage: [1\nscheduler: 2\n", "dagster.yaml, line 2"),
        ("scheduler:\n\tmodule: x\n", "dagster.yaml, line 2, column 1"),
        ("scheduler: {}\n\nscheduler: {}\n", "line 3, column 1: .*'scheduler' .* second time"),
        ("- a\n- b\n", "must hold sections .* not a list"),
        ("just text", "must hold sections .* not a str"),
        ("a: \x00", "cannot be read as YAML"),
    ],
)
def test_a_file_that_is_not_yaml_is_told_with_its_line(home: Path, text: str, place: str) -> None:
    assert re.search(place, wrong(home, text))


def test_a_file_that_cannot_be_read_is_told(home: Path) -> None:
    (home / "dagster.yaml").mkdir()

    with pytest.raises(DagsterSettingsError, match=r"dagster\.yaml cannot be read"):
        instance_from_home(str(home))


def test_bytes_that_are_no_text_are_told(home: Path) -> None:
    (home / "dagster.yaml").write_bytes(b"storage: \xff\xfe\xff")

    with pytest.raises(DagsterSettingsError, match=r"dagster\.yaml"):
        instance_from_home(str(home))


@pytest.mark.parametrize(
    "class_name", ["SqliteEventLogStorage", "ConsolidatedSqliteEventLogStorage"]
)
def test_an_event_log_class_among_the_runs_is_told_its_section(home: Path, class_name: str) -> None:
    message = wrong(
        home,
        f"run_storage:\n  module: dagster._core.storage.event_log\n  class: {class_name}\n"
        "  config:\n    base_dir: /path/to/dir\n",
    )

    assert "dagster.yaml: run_storage.class: " in message
    assert "It belongs under 'event_log_storage'." in message


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "storage: {postgres: {postgres_db: {username: u, port: no}}}",
            ["storage.postgres.postgres_db: Missing", "storage.postgres.postgres_db.port: Invalid"],
        ),
        (
            "storage: {postgres: {postgres_ur: x}}",
            ["storage.postgres: Undefined", "'postgres_url'"],
        ),
        ("storage: {postgres: {}}", ["storage.postgres: "]),
        (
            (
                "run_storage: {module: dagster_postgres.run_storage, class: PostgresRunStorage,"
                " config: {postgres_url: [1]}}"
            ),
            ["run_storage.config.postgres_url: Value"],
        ),
        (
            "storage: {mysql: {mysql_db: {username: u, port: no}}}",
            ["storage.mysql.mysql_db: Missing", "storage.mysql.mysql_db.port: Invalid"],
        ),
        ("storage: {mysql: {mysql_ur: x}}", ["storage.mysql: Undefined", "'mysql_url'"]),
        ("storage: {mysql: {}}", ["storage.mysql: "]),
        (
            (
                "event_log_storage: {module: dagster_mysql.event_log, class: MySQLEventLogStorage,"
                " config: {mysql_url: [1]}}"
            ),
            ["event_log_storage.config.mysql_url: Value"],
        ),
    ],
)
def test_what_is_wrong_with_a_databases_section_is_told_once_at_its_place(
    home: Path, text: str, expected: list[str]
) -> None:
    message = wrong(home, text)

    for part in expected:
        assert part in message
    assert len(message.splitlines()) == len(set(message.splitlines()))


@pytest.mark.parametrize(
    ("section", "expected"),
    [
        ("{module: no.such.module, class: C}", "module 'no.such.module' cannot be imported"),
        (
            "{module: dagsterlite_sql.sqlite_run, class: C}",
            "Did you mean 'dagsterlite_sql.sqlite_runs'?",
        ),
        (
            "{module: dagsterlite_sql.sqlite_runs, class: SqliteRunStorag}",
            "Did you mean 'SqliteRunStorage'?",
        ),
        ("{module: json, class: JSONDecoder}", "must be a subclass of dagsterlite's Configurable"),
        (
            "{module: tests.test_settings, class: ShelvedRunStorage}",
            "must be a subclass of dagsterlite's ConfigurableClass",
        ),
        ("{module: tests.test_settings, class: AwesomeRunStorage}", '"secret_word"'),
        (
            (
                "{module: dagster.core.storage.root, class: LocalArtifactStorage,"
                " config: {base_dir: x}}"
            ),
            "It belongs under 'local_artifact_storage'.",
        ),
    ],
)
def test_a_class_that_cannot_be_had_is_told_with_the_mend(
    home: Path, section: str, expected: str
) -> None:
    message = wrong(home, f"run_storage: {section}\n")

    assert "dagster.yaml: run_storage." in message
    assert expected in message


@pytest.mark.parametrize(
    "module", ["dagster._core.run_coordinator", "dagster.core.run_coordinator", "dagsterlite"]
)
def test_a_queue_that_needs_a_daemon_is_told_with_what_to_use(home: Path, module: str) -> None:
    section = (
        f"{{module: {module}, class: QueuedRunCoordinator, config: {{max_concurrent_runs: 3}}}}"
    )

    message = wrong(home, f"run_coordinator: {section}")

    assert "run_coordinator.class: there is no" in message
    assert "a daemon, which there is none of here. Use DefaultRunCoordinator" in message
    assert "Install" not in message


def test_a_class_of_anyone_may_bear_a_name_that_dagsterlite_lacks(home: Path) -> None:
    message = wrong(home, "run_coordinator: {module: no_such_module, class: QueuedRunCoordinator}")

    assert "No module named 'no_such_module'" in message


def test_two_places_for_the_same_are_told(home: Path) -> None:
    message = wrong(home, f"storage: {{sqlite: {{base_dir: x}}}}\n{AWESOME}")

    assert "run_storage: 'storage' says already" in message


def test_a_variable_that_is_not_set_is_told(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NOT_THERE", raising=False)

    message = wrong(home, "storage: {sqlite: {base_dir: {env: NOT_THERE}}}\n")

    assert "dagster.yaml: storage.sqlite.base_dir: " in message
    assert '"NOT_THERE" is not set' in message


# --- checks, migration, imports ---


def test_a_check_opens_each_part_by_itself(home: Path) -> None:
    write(home, "scheduler: {module: tests.test_settings, class: Rocket}\n")
    (home / "history").mkdir()
    (home / "history" / "runs.db").write_text("a stranger", encoding="utf-8")

    found = {section: fault for section, _, fault in check_home(str(home))}

    assert isinstance(found.pop("run_storage"), DagsterHomeError)
    assert found == dict.fromkeys(
        [
            "event_log_storage",
            "schedule_storage",
            "local_artifact_storage",
            "compute_logs",
            "scheduler",
        ]
    )


def test_a_check_of_settings_that_are_wrong_tells_so(home: Path) -> None:
    write(home, "run_storag: {}")

    with pytest.raises(DagsterSettingsError, match="Did you mean 'run_storage'"):
        list(check_home(str(home)))


def test_a_home_of_this_version_has_nothing_to_migrate(home: Path) -> None:
    assert migrate_home(str(home)) == []
    use(instance_from_home(str(home)))
    assert migrate_home(str(home)) == []


def test_stores_that_need_no_migration_are_passed_over(home: Path) -> None:
    write(home, AWESOME)

    assert migrate_home(str(home)) == []


def test_an_ephemeral_instance_loads_neither_yaml_nor_sql() -> None:
    code = """
import sys
from dagsterlite.instance import DagsterInstance
DagsterInstance.ephemeral()
assert not {"yaml", "sqlalchemy", "dagsterlite.settings"} & sys.modules.keys()
"""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


# --- compute logs ---


def test_what_steps_print_is_kept_beside_the_homes_other_files(home: Path, tmp_path: Path) -> None:
    with instance_from_home(str(home)) as instance:
        assert isinstance(instance.compute_log_manager, LocalComputeLogManager)
        assert instance.compute_log_manager.base == str(home / "storage")
    other = tmp_path / "other"
    write(
        home,
        "local_artifact_storage: {module: dagster.core.storage.root, class: LocalArtifactStorage, "
        f"config: {{base_dir: {other}}}}}",
    )
    with instance_from_home(str(home)) as instance:
        assert isinstance(instance.compute_log_manager, LocalComputeLogManager)
        assert instance.compute_log_manager.base == str(other / "storage")


@pytest.mark.parametrize(
    ("module", "name", "config"),
    [
        ("dagster._core.storage.local_compute_log_manager", "LocalComputeLogManager", "base_dir"),
        ("dagster.core.storage.noop_compute_log_manager", "NoOpComputeLogManager", None),
        ("dagster_aws.s3.compute_log_manager", "S3ComputeLogManager", "bucket"),
    ],
)
def test_the_documented_compute_log_managers_are_understood(
    home: Path, module: str, name: str, config: str | None
) -> None:
    given = "{}" if config is None else f"{{{config}: logs}}"
    write(home, f"compute_logs: {{module: {module}, class: {name}, config: {given}}}")
    with instance_from_home(str(home)) as instance:
        assert type(instance.compute_log_manager).__name__ == name


def test_a_class_of_another_kind_is_no_compute_log_manager(home: Path) -> None:
    write(home, "compute_logs: {module: tests.test_settings, class: Rocket}")
    with pytest.raises(DagsterSettingsError, match="is not a ComputeLogManager"):
        instance_from_home(str(home))
