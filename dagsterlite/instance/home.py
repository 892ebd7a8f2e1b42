"""The folder that ``$DAGSTER_HOME`` names."""

from __future__ import annotations

import os

from dagsterlite.errors import DagsterHomeNotSetError

HOME_VARIABLE = "DAGSTER_HOME"


def home_folder() -> str:
    """Return the folder that ``$DAGSTER_HOME`` names.

    Raises:
        DagsterHomeNotSetError: the variable is not set, or not an absolute path.
    """
    home = os.environ.get(HOME_VARIABLE)
    if not home:
        message = (
            f"${HOME_VARIABLE} is not set, so there is no instance to get. Set it to an "
            "absolute path of a folder that keeps runs and events, or use "
            "DagsterInstance.ephemeral()."
        )
        raise DagsterHomeNotSetError(message)
    home = os.path.expanduser(home)
    if not os.path.isabs(home):
        raise DagsterHomeNotSetError(f"${HOME_VARIABLE} must be an absolute path, not '{home}'.")
    return home
