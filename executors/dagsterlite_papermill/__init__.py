"""Notebooks as steps of pipelines, run by papermill; and what a notebook's own cells call."""

from __future__ import annotations

from dagsterlite_papermill.definition import define_notebook_solid
from dagsterlite_papermill.failures import NotebookCellError, NotebookKernelError
from dagsterlite_papermill.inside import get_context, yield_event, yield_result

__all__ = [
    "NotebookCellError",
    "NotebookKernelError",
    "define_notebook_solid",
    "get_context",
    "yield_event",
    "yield_result",
]
