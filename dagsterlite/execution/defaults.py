"""What a mode offers when it names none of its own; plain lists, which users may extend."""

from __future__ import annotations

default_executors = []
default_intermediate_storage_defs = []
default_system_storage_defs = []
