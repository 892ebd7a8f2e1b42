from __future__ import annotations

import re
from pathlib import Path

import pytest

from dagsterlite import plugins
from tests.test_house.checkout import ROOT, package_folders

LOADED = re.compile(r"plugins\.load\(\s*\"([a-z_]+)\"")


def named_in_sources() -> set[str]:
    """Return the names that our own code loads."""
    files = (file for folder in package_folders() for file in Path(ROOT / folder).rglob("*.py"))
    texts = (file.read_text(encoding="utf-8") for file in files)
    return {name for text in texts for name in LOADED.findall(text)}


@pytest.mark.parametrize("name", sorted(plugins.PLUGINS))
def test_each_name_leads_to_something(name: str) -> None:
    assert plugins.load(name) is not None


def test_our_code_loads_no_other_names() -> None:
    assert named_in_sources() <= plugins.PLUGINS.keys()


def test_where_a_lower_floor_calls_a_higher_one_stands_in_the_table_alone() -> None:
    floors = {name for name, plugin in plugins.PLUGINS.items() if "dagsterlite." in plugin.path}
    assert floors == {
        "create_run_for_pipeline",
        "default_executors",
        "default_intermediate_storage_defs",
        "default_run_coordinator",
        "default_run_launcher",
        "default_system_storage_defs",
        "display_config",
        "display_graph",
        "display_instance",
        "display_pipeline",
        "display_plan",
        "display_result",
        "ephemeral_event_log_storage",
        "ephemeral_run_storage",
        "in_memory_intermediates",
        "instance_from_home",
        "instance_from_ref",
        "invoke_hook",
        "invoke_logger",
        "invoke_resource",
        "invoke_solid",
        "launch_run",
        "local_artifact_storage",
        "no_op_compute_log_manager",
        "notebook_display",
        "schedule_storage_from_ref",
        "submit_run",
    }
