from __future__ import annotations

import importlib

import pytest

import dagsterlite
from dagsterlite import missing_names


@pytest.mark.parametrize(
    ("name", "mend"),
    [
        ("daily_schedule", "dagsterlite pipeline launch"),
        ("asset", "AssetMaterialization"),
        ("execute_pipeline_with_preset", "execute_pipeline takes the preset"),
        ("SolidInstance", "use SolidInvocation"),
        ("QueuedRunCoordinator", "Use DefaultRunCoordinator"),
    ],
)
def test_an_import_of_a_name_that_users_know_tells_the_mend(name, mend) -> None:
    with pytest.raises(ImportError, match=f"dagsterlite has no '{name}': .*{mend}"):
        exec(f"from dagsterlite import {name}", {})


def test_any_other_name_is_an_attribute_that_is_not_there() -> None:
    assert not hasattr(dagsterlite, "exeucte_pipeline")
    with pytest.raises(AttributeError, match="no attribute 'exeucte_pipeline'") as told:
        getattr(dagsterlite, "exeucte_pipeline")  # noqa: B009 - it is not there
    assert told.value.name == "exeucte_pipeline"
    assert told.value.obj is dagsterlite


def test_no_name_is_both_there_and_missing() -> None:
    hints = vars(missing_names)["_HINTS"]
    assert not set(hints) & set(dagsterlite.__all__)
    assert not [name for name in hints if importlib.util.find_spec(f"dagsterlite.{name}")]
