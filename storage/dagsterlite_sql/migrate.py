"""Brings a database from an older version of its schema to this one's."""

from __future__ import annotations

import pkgutil
from collections.abc import Mapping
from importlib import import_module
from types import ModuleType

from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import Connection, insert, update

from dagsterlite_sql.schema import Schema

NOTHING = "0000"
"""The version of a database without tables."""


def steps(package: str) -> Mapping[str, ModuleType]:
    """Return the steps of a package by the version that each leads to, oldest first."""
    found = sorted(module.name for module in pkgutil.iter_modules(import_module(package).__path__))
    return {name[1:5]: import_module(f"{package}.{name}") for name in found}


def upgrade(connection: Connection, schema: Schema, version: str) -> None:
    """Take the steps that lead on from ``version``, within the connection's transaction.

    Each is noted when it is taken: a database that commits what changes its tables at once begins
    again after the last one.
    """
    if version == NOTHING:
        schema.version_table.create(connection)
        connection.execute(insert(schema.version_table), {"version_num": version})
    with Operations.context(MigrationContext.configure(connection)):
        for number, step in steps(f"dagsterlite_sql.migrations.{schema.name}").items():
            if number > version:
                step.upgrade()
                connection.execute(update(schema.version_table).values(version_num=number))
