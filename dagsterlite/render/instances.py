"""An instance as text: its parts, and where they lie; credentials stay hidden."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from rich.text import Text

from dagsterlite.render.safe_text import one_line
from dagsterlite.settings import InstanceRef

_HIDDEN = "********"
_SECRET_KEY = re.compile(
    r"password|passwd|secret|token|credential|api_?key|access_?key", re.IGNORECASE
)
_URL_PASSWORD = re.compile(r"(?<=://)([^/@\s:]*):([^/@\s]+)@")
_URL_PARAMETER = re.compile(r"(?<=[?&]password=)[^&\s]+")


def instance_report(home: str, ref: InstanceRef, runs: Mapping[str, int]) -> Iterator[Text]:
    """Yield what an instance is made of.

    Args:
        home: Its folder.
        ref: Its parts, with their config as given.
        runs: How many runs there are in each status, as shown.
    """
    yield Text("home  ", "quiet").append(one_line(home), "place")
    counts = ", ".join(f"{number} {status}" for status, number in runs.items() if number)
    yield Text("runs  ", "quiet").append(counts or "none")
    for section, data in ref.parts.items():
        yield from _section(section, str(data), data.config_dict)
    for section, config in ref.settings.items():
        yield from _section(section, "", config)


def _section(name: str, class_path: str, config: Any) -> Iterator[Text]:
    yield Text("")
    yield Text(one_line(name), "name").append(f"  {one_line(class_path)}", "quiet")
    for key, value in (config if isinstance(config, Mapping) else {"": config}).items():
        yield Text(f"  {one_line(str(key))}: {one_line(str(hidden(key, value)))}")


def hidden(key: object, value: Any) -> Any:
    """Return a config value as it may be shown: its credentials are replaced.

    Names of environment variables stay: they are no secrets.
    """
    if isinstance(value, Mapping):
        if set(value) == {"env"}:
            return dict(value)
        return {name: hidden(name, item) for name, item in value.items()}
    if isinstance(value, list):
        return [hidden(key, item) for item in value]
    if _SECRET_KEY.search(str(key)):
        return _HIDDEN
    if not isinstance(value, str):
        return value
    return _URL_PARAMETER.sub(_HIDDEN, _URL_PASSWORD.sub(rf"\1:{_HIDDEN}@", value))
