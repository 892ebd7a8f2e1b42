"""Every exception of the framework: one root, then one group for each phase of a run."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from difflib import get_close_matches
from reprlib import Repr
from typing import Any

_NAMES_SHOWN = 20
_WIDTH = 200
_repr = Repr()
_repr.maxstring = _repr.maxother = _repr.maxlong = _WIDTH


def near(name: object, known: Iterable[str]) -> str:
    """Return `` Did you mean 'x'?`` when a known name resembles ``name``, else nothing."""
    matches = get_close_matches(str(name), list(known), n=1)
    return f" Did you mean '{matches[0]}'?" if matches else ""


def listed(names: Iterable[str]) -> str:
    """Return names as a sorted, quoted, comma-separated list for a message, the first 20."""
    in_order = sorted(names)
    text = ", ".join(f"'{name}'" for name in in_order[:_NAMES_SHOWN]) or "none"
    left_out = len(in_order) - _NAMES_SHOWN
    return f"{text} and {left_out} more" if left_out > 0 else text


def with_article(noun: str) -> str:
    """Return a noun after ``a`` or ``an``."""
    return f"an {noun}" if noun[0] in "aeiouAEIOU" else f"a {noun}"


def shown(value: object) -> str:
    """Return a value as a message shows it: short however big it is, also if its repr raises."""
    text = _repr.repr(value)
    return text if len(text) <= _WIDTH else f"{text[:_WIDTH]}…"


def type_name(value: object) -> str:
    """Return the name of a value's class, with its module unless it is one of Python's own."""
    cls = type(value)
    plain = cls.__module__ in {"builtins", "__main__"}
    return cls.__qualname__ if plain else f"{cls.__module__}.{cls.__qualname__}"


class DagsterError(Exception):
    """The root of all exceptions that the framework raises."""

    @property
    def is_user_code_error(self) -> bool:
        """Whether the error wraps an exception raised by the user's own code."""
        return False

    def __reduce__(self) -> tuple[Any, ...]:
        # Many take facts, and no message, so that none is made anew by its class's own way.
        return _remade, (type(self), self.args, self.__dict__)


def _remade(cls: type[DagsterError], args: tuple[Any, ...], facts: dict[str, Any]) -> DagsterError:
    """Return an error as it was in the process that raised it."""
    error = cls.__new__(cls, *args)
    error.args = args
    error.__dict__.update(facts)
    return error


class ExperimentalWarning(UserWarning):
    """The category that users' filters silence; nothing of the framework warns by it today.

    Whoever extends the framework may use it for what may still change.
    """


# --- definition ---------------------------------------------------------------------------------


class DagsterInvalidDefinitionError(DagsterError):
    """A definition (solid, pipeline, type, resource, …) is wrong."""


class DagsterInvalidConfigDefinitionError(DagsterInvalidDefinitionError):
    """A config schema is wrong: the message names the place in the schema."""


class DagsterInvariantViolationError(DagsterError):
    """A rule of the framework was broken by its caller or by user code."""


class CheckError(DagsterInvariantViolationError):
    """An argument of a public function is of the wrong type or contradicts another."""


class ParameterCheckError(CheckError, TypeError):
    """One argument of a public function has the wrong type."""

    def __init__(self, owner: str, parameter: str, expected: str, value: object) -> None:
        super().__init__(
            f"{owner}: argument '{parameter}' must be {expected}, "
            f"not {shown(value)} of type {type_name(value)}."
        )


class DagsterInvalidInvocationError(DagsterInvariantViolationError):
    """A definition was called by itself with arguments that it does not take."""


class DagsterInvalidPropertyError(DagsterInvariantViolationError):
    """Something was asked of a context that is known only in a run."""


class DagsterInvalidSubsetError(DagsterError):
    """A selection of solids or steps names something that is not there, or selects nothing."""


class DagsterUnknownResourceError(DagsterError, AttributeError):
    """User code asked for a resource that its definition does not require."""

    def __init__(self, resource_name: str, available: Iterable[str] = ()) -> None:
        self.resource_name = resource_name
        super().__init__(
            f"Unknown resource '{resource_name}'. Resources given here: {listed(available)}."
            f"{near(resource_name, available)} Name it in required_resource_keys of the "
            "definition that uses it, and define it in the mode."
        )


# --- config -------------------------------------------------------------------------------------


class DagsterInvalidConfigError(DagsterError):
    """A config value does not fit its schema; ``errors`` holds each misfit with its path."""

    def __init__(self, preamble: str, errors: Sequence[Any], config_value: object = None) -> None:
        self.errors = tuple(errors)
        self.config_value = config_value
        lines = [preamble]
        lines += [
            f"    Error {number}: {error.message}" for number, error in enumerate(self.errors, 1)
        ]
        super().__init__("\n".join(lines))


class PostProcessingError(DagsterError):
    """A config value of the right form could not be turned into what it stands for."""


class DagsterSettingsError(DagsterError):
    """A ``dagster.yaml`` or another file of settings is wrong; the message names file and path."""


class DagsterHomeError(DagsterError):
    """A home folder cannot be used: foreign, newer, older, or not readable."""


class DagsterHomeNotSetError(DagsterHomeError, DagsterInvariantViolationError):
    """``$DAGSTER_HOME`` does not name a folder."""


class DagsterInstanceMigrationRequired(DagsterHomeError):
    """A home was written by an older version and must be migrated first."""


class MissingExtraError(DagsterError, ImportError):
    """A part of the framework needs a package that is not installed."""

    def __init__(self, what: str, missing: str, extra: str | None) -> None:
        mend = (
            f"pip install 'dagsterlite[{extra}]'"
            if extra
            else f"install the package that provides '{missing}'"
        )
        super().__init__(
            f"'{what}' needs the module '{missing}', which cannot be imported: {mend}."
        )


# --- user code ----------------------------------------------------------------------------------


class DagsterUserCodeExecutionError(DagsterError):
    """An exception raised by user code, wrapped at the one boundary; see ``user_exception``."""

    def __init__(self, message: str, user_exception: BaseException) -> None:
        super().__init__(message)
        self.user_exception = user_exception

    @property
    def is_user_code_error(self) -> bool:
        return True


class DagsterPipelineLoadError(DagsterError):
    """A file or module of pipelines cannot be loaded, or holds something else."""

    @property
    def is_user_code_error(self) -> bool:
        return True


class DagsterPipelineNotFoundError(DagsterError, LookupError):
    """A file or module holds no pipeline of that name, or several to choose from."""


class DagsterExecutionStepExecutionError(DagsterUserCodeExecutionError):
    """A solid's compute function raised."""


class DagsterResourceFunctionError(DagsterUserCodeExecutionError):
    """A resource function raised while the resource was made."""


class DagsterLoggerFunctionError(DagsterUserCodeExecutionError):
    """A logger function raised while the logger was made."""


class DagsterTypeLoadingError(DagsterUserCodeExecutionError):
    """A type loader raised while an input was loaded from config."""


class DagsterTypeMaterializationError(DagsterUserCodeExecutionError):
    """A type materializer raised while an output was materialized."""


class DagsterExecutionHandleOutputError(DagsterUserCodeExecutionError):
    """An IO manager raised while it was handed an output."""


class DagsterExecutionLoadInputError(DagsterUserCodeExecutionError):
    """A manager raised while it loaded an input."""


class DagsterTypeCheckError(DagsterUserCodeExecutionError):
    """A type check function raised instead of answering."""


class DagsterConfigMappingFunctionError(DagsterUserCodeExecutionError):
    """A config mapping function raised."""


class HookExecutionError(DagsterUserCodeExecutionError):
    """A hook raised."""


@contextmanager
def user_code_error_boundary(
    error_cls: type[DagsterUserCodeExecutionError], msg_fn: Callable[[], str] | str, **kwargs: Any
) -> Iterator[None]:
    """Wrap what user code raises in ``error_cls``, with the user's exception as its cause.

    Errors of the framework pass unchanged: they were worded where they arose (seed 003,
    "Exception handling").

    Args:
        error_cls: A class that inherits from :class:`DagsterUserCodeExecutionError`.
        msg_fn: The message, or a function that produces it where it is needed.
        **kwargs: Handed to ``error_cls``.

    Raises:
        ParameterCheckError: an argument is something else; told on entry.
    """
    _check_boundary(error_cls, msg_fn)
    try:
        yield
    except DagsterError:
        raise
    except Exception as exc:
        message = msg_fn if isinstance(msg_fn, str) else msg_fn()
        raise error_cls(message, user_exception=exc, **kwargs) from exc


def _check_boundary(error_cls: object, msg_fn: object) -> None:
    owner = "user_code_error_boundary"
    base = DagsterUserCodeExecutionError
    if not (isinstance(error_cls, type) and issubclass(error_cls, base)):
        expected = f"a class that inherits from {base.__name__}"
        raise ParameterCheckError(owner, "error_cls", expected, error_cls)
    if not isinstance(msg_fn, str) and not callable(msg_fn):
        expected = "a message, or a function that produces one"
        raise ParameterCheckError(owner, "msg_fn", expected, msg_fn)


# --- a run and its steps ------------------------------------------------------------------------


class DagsterTypeCheckDidNotPass(DagsterError):
    """A value of an input or output is not of its declared type."""

    def __init__(
        self,
        description: str,
        *,
        metadata_entries: Sequence[Any] = (),
        dagster_type: Any = None,
    ) -> None:
        super().__init__(description)
        self.description = description
        self.metadata_entries = tuple(metadata_entries)
        self.dagster_type = dagster_type


class DagsterStepOutputNotFoundError(DagsterError):
    """A required output was not yielded."""

    def __init__(self, message: str, *, step_key: str, output_name: str) -> None:
        super().__init__(message)
        self.step_key = step_key
        self.output_name = output_name


class DagsterExecutionStepNotFoundError(DagsterInvalidSubsetError, LookupError):
    """A step key is not in the plan."""

    def __init__(self, step_keys: Sequence[str], known: Iterable[str]) -> None:
        self.step_keys = tuple(step_keys)
        known = list(known)
        hint = near(self.step_keys[0], known) if self.step_keys else ""
        super().__init__(
            f"The execution plan has no step {listed(self.step_keys)}.{hint} "
            f"Its steps: {listed(known)}."
        )


class DagsterStepNotStoredError(DagsterInvariantViolationError, LookupError):
    """A step that a run needs, and does not execute, has left no outputs to take."""

    def __init__(self, step_key: str, reason: str) -> None:
        self.step_key = step_key
        super().__init__(
            f"Step '{step_key}' is needed but not among the steps to execute, and {reason}. "
            "Execute it too: name it in the selection of steps."
        )


class DagsterUnpicklableOutputError(DagsterError):
    """An output cannot be serialized for the storage that the run keeps its intermediates in."""

    def __init__(
        self, step_key: str, output_name: str, value: object, reason: str, codec: str = "pickle"
    ) -> None:
        self.step_key = step_key
        self.output_name = output_name
        how, mend = f"written by {codec}", "Mend the value or what writes it"
        if codec == "pickle":
            how = "pickled"
            mend = "Return a value that can be, give its type a serialization strategy"
        super().__init__(
            f"Output '{output_name}' of step '{step_key}' is a {type(value).__name__} that cannot "
            f"be {how}: {reason}. {mend}, or run with in_memory storage in one process."
        )


class DagsterStepExecutionFailed(DagsterError):
    """Steps of a run failed; raised once, after all that is independent of them has run."""

    def __init__(self, run_id: str, errors: dict[str, Any]) -> None:
        self.run_id = run_id
        self.errors = errors
        lines = [f"{len(errors)} step(s) of run {run_id} failed:"]
        lines += [f"  {key}: {error.reason}" for key, error in errors.items()]
        super().__init__("\n".join(lines))


class DagsterStepTimeoutError(DagsterError, TimeoutError):
    """An attempt of a step took longer than its tag ``dagsterlite/timeout`` lets it."""

    def __init__(self, step_key: str, seconds: float) -> None:
        self.step_key = step_key
        self.seconds = seconds
        unit = "second" if seconds == 1 else "seconds"
        super().__init__(
            f"Step '{step_key}' was stopped: it has not ended within {seconds:g} {unit}, which "
            "its tag 'dagsterlite/timeout' allows. Give it more, or make it do less at a time."
        )


class DagsterUnmetExecutorRequirementsError(DagsterError):
    """An executor's requirements (a reconstructable pipeline, a kept instance) are not met."""


class DagsterExecutionInterruptedError(BaseException):
    """Raised into a step to stop it: the run was canceled.

    Not an :class:`Exception`, so that ``except Exception`` in user code lets it pass.
    """


class DagsterTerminatedError(KeyboardInterrupt):
    """The process that drives a run was told by SIGTERM to end; the run is canceled.

    What handles Ctrl-C handles it as well.
    """

    def __init__(self) -> None:
        super().__init__("The process of the run's driver was terminated by SIGTERM.")


class DagsterRunCanceledError(DagsterError):
    """A run ended CANCELED while its caller asked for errors to be raised."""

    def __init__(self, run_id: str) -> None:
        self.run_id = run_id
        super().__init__(f"Run {run_id} was canceled.")


# --- clusters -----------------------------------------------------------------------------------


class DagsterClusterError(DagsterError):
    """A cluster is not there, or is not what a run needs."""


class DagsterClusterUnreachableError(DagsterClusterError, ConnectionError):
    """No scheduler answers at the address."""


class DagsterClusterLostError(DagsterClusterError, ConnectionError):
    """The scheduler of a run's cluster died or was cut off while the run was under way."""


class DagsterNoWorkersError(DagsterClusterError):
    """A cluster has no workers, or none that may run a step."""


class DagsterUnmetResourcesError(DagsterNoWorkersError):
    """A step asks for worker resources that no worker offers."""

    def __init__(
        self, step_key: str, wanted: Mapping[str, float], offered: Iterable[Mapping[str, float]]
    ) -> None:
        self.step_key = step_key
        self.wanted = dict(wanted)
        found = sorted({_amounts(resources) for resources in offered})
        super().__init__(
            f"Step '{step_key}' asks for worker resources {_amounts(wanted)}, and no worker offers "
            f"them; the workers offer {'; '.join(found) or 'none'}. Start a worker with "
            f"`dask worker --resources {_option(wanted)}`, or mend the solid's tag."
        )


def _amounts(resources: Mapping[str, float]) -> str:
    return ", ".join(f"{name}={amount:g}" for name, amount in sorted(resources.items())) or "none"


def _option(resources: Mapping[str, float]) -> str:
    return f'"{_amounts(resources).replace(", ", ",")}"'


class DagsterVersionSkewError(DagsterClusterError):
    """Workers run another version of the framework or of Python than the run's driver."""


class DagsterStepLostError(DagsterClusterError):
    """A step has no outcome: the cluster lost it each time that it was given to a worker."""


class DagsterStepBegunBeforeError(DagsterStepLostError):
    """A worker that is gone had begun a step whose tag says that it does not run again."""


# --- runs and stores ----------------------------------------------------------------------------


class DagsterRunNotFoundError(DagsterError, LookupError):
    """No run of that id stands in the instance."""

    def __init__(self, run_id: str, mend: str = "`dagsterlite run list` shows its runs.") -> None:
        self.run_id = run_id
        super().__init__(f"The instance has no run '{run_id}'. {mend}")


class DagsterRunAlreadyExists(DagsterError):
    """A run of that id stands in the instance already."""

    def __init__(self, run_id: str) -> None:
        self.run_id = run_id
        super().__init__(f"The instance already has a run '{run_id}'. Run ids are used once.")


class DagsterRunConflict(DagsterError):
    """A run's status or owner is not what the caller needs it to be."""


class DagsterLaunchFailedError(DagsterError):
    """A run cannot be launched, or the process that was launched for it died."""


class DagsterLeaseLostError(DagsterRunConflict):
    """This driver no longer owns its run: another took it over, or it was deleted."""

    def __init__(self, run_id: str, driver_id: str) -> None:
        self.run_id = run_id
        self.driver_id = driver_id
        super().__init__(
            f"Driver {driver_id} no longer holds run {run_id}: its lease was taken over or the run "
            "was deleted. This driver stops and writes nothing more."
        )


class DagsterStorageError(DagsterError):
    """A store cannot be read or written; the message names the file or address and the mend."""


class DagsterStorageUnreachableError(DagsterStorageError, ConnectionError):
    """A store cannot be reached, or a connection was lost: before a commit, or just after."""


class DagsterFileNotFoundError(DagsterStorageError, FileNotFoundError):
    """A file handle's file is not there."""

    def __init__(self, path: str) -> None:
        self.path = path
        super().__init__(
            f"There is no file {path}: it was removed, or written on another machine (or, for "
            "memory://, in another process) into a place that is not shared with this one. Give "
            "the file manager a base that all processes of the run reach."
        )


class DagsterOutputsNotStoredError(DagsterStorageError):
    """What a step handed on before it was stored could not be stored after it."""

    def __init__(self, step_key: str, reason: str) -> None:
        self.step_key = step_key
        self.reason = reason
        super().__init__(
            f"Step '{step_key}' ran to its end, and what needs its outputs may have run with them, "
            f"but they could not be stored behind it: {reason.rstrip('.')}. Mend the storage and "
            "re-execute the run from its failure. With 'persist: through' no step begins before "
            "what it needs is stored."
        )


class DagsterOutputsUnreachableError(DagsterStorageError):
    """What a run stored cannot be opened in this process: its config has no meaning here."""

    def __init__(self, run_id: str, storage: str | None, reason: str) -> None:
        self.run_id = run_id
        self.storage = storage
        self.reason = reason
        super().__init__(
            f"What run {run_id} keeps in storage '{storage}' cannot be reached from here: {reason}"
        )


class DagsterRunNotDeletedError(DagsterStorageError):
    """A run stays, since what it stored cannot be removed."""

    def __init__(self, run_id: str, reason: str) -> None:
        self.run_id = run_id
        self.reason = reason
        super().__init__(
            f"Run {run_id} was not deleted, since its outputs cannot be removed. {reason} To "
            "delete the run and leave them for good: `dagsterlite run delete --leave-outputs`, or "
            "delete_run(…, leaves_outputs=True)."
        )


class DagsterStorageNotSharedError(DagsterStorageError):
    """What a worker stores, the driver of the run does not find: they do not share the storage."""


class DagsterCorruptObjectError(DagsterStorageError):
    """A stored object or row is damaged. It is reported, never deleted."""

    def __init__(self, address: str, reason: str) -> None:
        self.address = address
        super().__init__(
            f"The stored object at {address} is damaged: {reason}. It was left as it is; "
            "re-execute the step that wrote it, or restore the object from a copy."
        )


class DagsterUnknownCodecError(DagsterStorageError, LookupError):
    """A value is, or is to be, written by a codec that no package in this process registers."""

    def __init__(self, codec: str, address: str, known: Iterable[str]) -> None:
        self.codec = codec
        self.address = address
        known = list(known)
        package = codec.rpartition(".")[0]
        if codec.startswith("strategy:"):
            mend = (
                "It is a SerializationStrategy, which comes with a type: give an output of the "
                "pipeline the type whose strategy has this name"
            )
        elif package:
            mend = f"Install and import the package '{package}', which brings it"
        else:
            mend = (
                "Codecs without a package in their name are dagsterlite's own: upgrade it, if a "
                "newer version wrote the object"
            )
        super().__init__(
            f"The object at {address} needs the codec '{codec}', which is not known here."
            f"{near(codec, known)} Known: {listed(known)}. {mend}."
        )


class DagsterSerdesError(DagsterError, ValueError):
    """A record cannot be turned into JSON, or JSON into a record."""
