"""Parts of a Job as users write them: checked by the models of the API, and merged."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any, Final

from kubernetes.client import models
from pydantic import BaseModel, ValidationError

from dagsterlite.errors import DagsterLaunchFailedError, listed, near, shown

CONFIG_TAG: Final = "dagster-k8s/config"
"""The tag that says, as JSON, what is particular to the Job of one run."""


@dataclass(frozen=True)
class _Part:
    """A part of a Job: its model, and what that model requires and users need not say."""

    model: type[BaseModel]
    given: Mapping[str, Any]


_PARTS: Final = {
    "container_config": _Part(models.V1Container, {"name": ""}),
    "pod_template_spec_metadata": _Part(models.V1ObjectMeta, {}),
    "pod_spec_config": _Part(models.V1PodSpec, {"containers": []}),
    "job_metadata": _Part(models.V1ObjectMeta, {}),
    "job_spec_config": _Part(models.V1JobSpec, {"template": {}}),
}


@dataclass(frozen=True, kw_only=True)
class JobConfig:
    """What is said of the parts of a Job, each in the API's own form (camel case)."""

    container_config: Mapping[str, Any]
    pod_template_spec_metadata: Mapping[str, Any]
    pod_spec_config: Mapping[str, Any]
    job_metadata: Mapping[str, Any]
    job_spec_config: Mapping[str, Any]

    @cached_property
    def parts(self) -> Mapping[str, Mapping[str, Any]]:
        """The parts by name."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    def with_changes(self, other: JobConfig) -> JobConfig:
        """Return this config with what another says over it."""
        return JobConfig(**{k: merged(v, other.parts[k]) for k, v in self.parts.items()})


def merged(base: Any, over: Any) -> Any:
    """Return ``base`` with ``over`` on it: dicts key by key, lists of objects one after another.

    All else is replaced.
    """
    if isinstance(base, Mapping) and isinstance(over, Mapping):
        both = {key: merged(base[key], over[key]) for key in base.keys() & over.keys()}
        return {**base, **over, **both}
    if _is_list_of_objects(base) and _is_list_of_objects(over):
        return [*base, *over]
    return over


def _is_list_of_objects(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(one, Mapping) for one in value)


def read_job_config(value: Any, wrong: list[str], place: str) -> JobConfig:
    """Return what a user says of the parts of a Job; their fields in snake or in camel case.

    What is wrong is added to ``wrong``, each with its path below ``place``.
    """
    value = {} if value is None else value
    if not isinstance(value, Mapping):
        wrong.append(f"{place}: expected a dict of {listed(_PARTS)}, not {shown(value)}.")
        value = {}
    for name in value.keys() - _PARTS.keys():
        known = f"It takes {listed(_PARTS)}."
        wrong.append(f"{place}.{name}: there is no such part.{near(name, _PARTS)} {known}")
    return JobConfig(
        **{
            name: _read_part(part, value.get(name), wrong, f"{place}.{name}")
            for name, part in _PARTS.items()
        }
    )


def _read_part(part: _Part, value: Any, wrong: list[str], place: str) -> dict[str, Any]:
    value = {} if value is None else value
    if not isinstance(value, Mapping):
        wrong.append(f"{place}: expected a dict, not {shown(value)}.")
        return {}
    return read_object(part.model, value, wrong, place, given=part.given)


def read_object(
    model: type[BaseModel],
    value: Any,
    wrong: list[str],
    place: str,
    *,
    given: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Return an object of the API in its own form, as far as it is well formed.

    Args:
        model: What the API calls such an object.
        value: The object as a user wrote it, its fields in snake or in camel case.
        wrong: What is wrong is added, each with its path.
        place: Where the object stands.
        given: Fields that the model requires and that need not be said.
    """
    given = given or {}
    try:
        read = model.model_validate({**given, **value} if isinstance(value, Mapping) else value)
    except ValidationError as exc:
        wrong += _misfits(exc, place)
        return {}
    form: dict[str, Any] = read.model_dump(mode="json", by_alias=True, exclude_none=True)
    return {key: one for key, one in form.items() if key in value or key not in given}


def _misfits(error: ValidationError, place: str) -> Iterator[str]:
    for one in error.errors(include_url=False):
        path = "".join(f"[{p}]" if isinstance(p, int) else f".{p}" for p in one["loc"])
        if one["type"] == "extra_forbidden":
            yield f"{place}{path}: Kubernetes knows no such field here."
        else:
            yield f"{place}{path}: {one['msg']}."


def config_of_tags(tags: Mapping[str, str]) -> JobConfig:
    """Return what a run's tags say of its Job.

    Raises:
        DagsterLaunchFailedError: the tag is no JSON, or says what Kubernetes does not know.
    """
    text = tags.get(CONFIG_TAG)
    place = f"tag '{CONFIG_TAG}'"
    try:
        value = None if text is None else json.loads(text)
    except ValueError as exc:
        raise DagsterLaunchFailedError(f"The {place} is not JSON: {exc}.") from exc
    wrong: list[str] = []
    config = read_job_config(value, wrong, place)
    if wrong:
        lines = "".join(f"\n    {line}" for line in wrong)
        raise DagsterLaunchFailedError(f"The {place} is wrong:{lines}")
    return config
