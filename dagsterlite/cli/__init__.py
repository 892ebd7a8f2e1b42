"""The command line: it parses, calls the Python interface and renders."""

from __future__ import annotations

from dagsterlite.cli.commands import main

__all__ = ["main"]
