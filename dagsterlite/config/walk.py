"""The state of one walk through a config value: what was read, and what did not fit."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from dagsterlite.config.evaluation import DagsterEvaluationErrorReason, EvaluationError, Unset
from dagsterlite.config.path import Trail, path_of, place
from dagsterlite.config.secrets import redactor
from dagsterlite.errors import near

# A near name is searched among all known ones (some 10 µs each): a document with thousands of
# wrong keys beside thousands of known ones must still be answered at once.
_NEAR_NAME_BUDGET = 50_000


class Walk:
    """Collects misfits and, when it has an environment, the variables read from it."""

    __slots__ = (
        "_near_budget",
        "env_values",
        "environ",
        "errors",
        "leaves_unset",
        "resolves",
        "root",
        "unset",
    )

    def __init__(self, root: str, environ: Mapping[str, str] | None = None) -> None:
        self.root = root
        self.environ: Mapping[str, str] = {} if environ is None else environ
        self.resolves = environ is not None
        """Whether values are turned into what they stand for, beyond being checked."""
        self.leaves_unset = False
        """Whether values stay open that variables hold which are not set."""
        self.unset: list[EvaluationError] = []
        """What was left open."""
        self.errors: list[EvaluationError] = []
        self.env_values: dict[str, str] = {}
        self._near_budget = _NEAR_NAME_BUDGET

    def report(self, reason: DagsterEvaluationErrorReason, at: Trail, message: str) -> None:
        """Record a misfit."""
        self.errors.append(EvaluationError(reason, path_of(at), message))

    def place(self, at: Trail) -> str:
        """Return where ``at`` is, in words."""
        return place(path_of(at), self.root)

    def read_env(self, name: str) -> str | None:
        """Return an environment variable's text and remember it; None if it is not set."""
        text = self.environ.get(name)
        if text is not None:
            self.env_values[name] = text
        return text

    def leave_open(self, error: EvaluationError) -> Unset:
        """Return what stands for a value that a variable holds which is not set."""
        self.unset.append(error)
        return Unset((error,))

    def apart(self, root: str) -> Walk:
        """Return a walk through another value, with misfits of its own.

        What it reads from the environment, this walk remembers too.
        """
        other = Walk(root, self.environ)
        other.resolves = self.resolves
        other.env_values = self.env_values
        other.leaves_unset, other.unset = self.leaves_unset, self.unset
        return other

    def redacted(self, text: str) -> str:
        """Return a text without what was read from the environment."""
        redact = redactor(self.env_values.values())
        return text if redact is None else redact(text)

    def near(self, name: str, known: Collection[str]) -> str:
        """Return a hint at the known name that ``name`` resembles, or nothing."""
        if len(known) > self._near_budget:
            return ""
        self._near_budget -= len(known)
        return near(name, known)
