from __future__ import annotations

import subprocess
import sys

import pytest

import dagsterlite_sql


@pytest.mark.parametrize("name", dagsterlite_sql.__all__)
def test_the_package_hands_on_each_class_from_its_module(name: str) -> None:
    found = getattr(dagsterlite_sql, name)

    assert found.__name__ == name
    assert found.__module__.startswith("dagsterlite_sql.")


def test_another_name_is_not_there() -> None:
    assert not hasattr(dagsterlite_sql, "SqlQueueStorage")


def test_an_import_of_the_package_loads_no_driver() -> None:
    code = """
import sys
import dagsterlite_sql
assert not {"sqlalchemy", "psycopg", "pymysql"} & sys.modules.keys()
"""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
