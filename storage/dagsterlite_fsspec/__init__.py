"""Intermediates, file managers and compute logs on any fsspec file system."""

from __future__ import annotations

from dagsterlite_fsspec.definitions import fs_intermediate_storage, fs_system_storage

__all__ = ["fs_intermediate_storage", "fs_system_storage"]
