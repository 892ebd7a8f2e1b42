"""A step's manifest as text: what it says, the format it is in, and a checksum over both."""

from __future__ import annotations

import json
from hashlib import sha256

from dagsterlite.errors import DagsterCorruptObjectError, DagsterSerdesError
from dagsterlite.serdes import from_json, to_json
from dagsterlite.stores import StepManifest

_FORMAT = 1
_HEAD = f'{{"format":{_FORMAT},"sha256":"'
_MIDDLE = '","manifest":'
_TAIL = "}"
_HEX_DIGITS = 64


def encode_manifest(manifest: StepManifest) -> bytes:
    """Return the manifest as a JSON object of its format, the checksum of its text and the text.

    Raises:
        DagsterSerdesError: an entry holds something that is not JSON-able.
    """
    body = to_json(manifest)
    return f"{_HEAD}{_checksum(body)}{_MIDDLE}{body}{_TAIL}".encode()


def decode_manifest(data: bytes, address: str, *, run_id: str, step_key: str) -> StepManifest:
    """Return the manifest of that step of that run, which was read at ``address``.

    Raises:
        DagsterCorruptObjectError: it is cut short, damaged, another's, or of an unknown format.
    """
    try:
        manifest: StepManifest = from_json(_checked_body(data.decode()))
    except (DagsterSerdesError, ValueError, LookupError) as exc:
        raise DagsterCorruptObjectError(address, str(exc)) from exc
    owner = (manifest.run_id, manifest.receipt.step_key)
    if owner != (run_id, step_key):
        reason = f"it is the manifest of step '{owner[1]}' of run '{owner[0]}'"
        raise DagsterCorruptObjectError(address, reason)
    return manifest


def _checked_body(text: str) -> str:
    start = len(_HEAD) + _HEX_DIGITS + len(_MIDDLE)
    if not text.startswith(_HEAD):
        raise ValueError(_describe_other_format(text))
    body = text[start : -len(_TAIL)]
    if text != f"{_HEAD}{_checksum(body)}{_MIDDLE}{body}{_TAIL}":
        raise ValueError("its checksum does not fit its text: it was cut short or changed")
    return body


def _describe_other_format(text: str) -> str:
    try:
        found = json.loads(text)["format"]
    except (ValueError, LookupError, TypeError):
        return "it is not a manifest"
    return (
        f"it is of format {found!r}, and this version of dagsterlite reads format {_FORMAT}; "
        "a newer version may have written it"
    )


def _checksum(text: str) -> str:
    return sha256(text.encode()).hexdigest()
