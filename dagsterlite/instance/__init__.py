"""The instance: one door to runs, their events and the folder for what they leave behind."""

from __future__ import annotations

from dagsterlite.instance.artifacts import LocalArtifactStorage
from dagsterlite.instance.dagster_instance import DagsterInstance
from dagsterlite.instance.home import HOME_VARIABLE, home_folder
from dagsterlite.instance.parts import InstanceType

__all__ = [
    "HOME_VARIABLE",
    "DagsterInstance",
    "InstanceType",
    "LocalArtifactStorage",
    "home_folder",
]
