"""Packages that bring kinds of clusters, each an extra of this distribution."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

from dagsterlite.errors import DagsterClusterError, MissingExtraError
from dagsterlite.plugins import load_path


def load_class(path: str, extra: str) -> Any:
    """Return a cluster class at ``module:Class``.

    Args:
        path: Where it is.
        extra: The extra that installs its package.

    Raises:
        MissingExtraError: the package is not installed.
        DagsterClusterError: it is, and does not work with this Dask.
    """
    try:
        return load_path(path, extra)
    except MissingExtraError:
        raise
    except (ImportError, AttributeError) as exc:
        raise DagsterClusterError(
            f"'{path}' cannot be imported with distributed {version('distributed')}: {exc}. Use a "
            f"version that goes with it: pip install --upgrade 'dagsterlite[{extra}]'."
        ) from exc
