"""Config that does not fit is refused, and no secret told with it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from dagsterlite.config import ConfigType, Evaluation, EvaluationError, resolve_config
from dagsterlite.config.secrets import Redact, redactor
from dagsterlite.errors import DagsterInvalidConfigError


def resolve_or_refuse(
    schema: ConfigType,
    config: Any,
    environ: Mapping[str, str],
    preamble: str,
    secrets: Iterable[str] = (),
) -> Evaluation:
    """Return a config resolved.

    Args:
        schema: What it must look like.
        config: As given.
        environ: Where ``{env: NAME}`` is read from.
        preamble: What an error begins with.
        secrets: Texts that no error shows.

    Raises:
        DagsterInvalidConfigError: it does not fit; all misfits, with their paths.
    """
    evaluation = resolve_config(schema, config, environ)
    if not evaluation.success:
        errors = _redacted(evaluation.errors, redactor(secrets))
        raise DagsterInvalidConfigError(preamble, errors, config)
    return evaluation


def _redacted(
    errors: Sequence[EvaluationError], redact: Redact | None
) -> Sequence[EvaluationError]:
    if redact is None:
        return errors
    return [replace(error, message=redact(error.message)) for error in errors]
