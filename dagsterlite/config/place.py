"""Where files lie on any file system, as config says it."""

from __future__ import annotations

from dagsterlite.config.composite import Permissive
from dagsterlite.config.field import Field
from dagsterlite.config.source import StringSource

_SECRETS = ("key", "secret", "token", "username", "password")

STORAGE_OPTIONS = Field(
    Permissive({name: Field(StringSource, is_required=False) for name in _SECRETS}),
    is_required=False,
    description="What fsspec gives the file system; secrets may be {env: NAME}.",
)

PLACE = {
    "path": Field(StringSource, description="A path, or s3://…, memory://…, …"),
    "storage_options": STORAGE_OPTIONS,
}
