"""A config type as a document of YAML to be filled in."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import yaml

from dagsterlite.config.composite import HasFields, Permissive, Selector
from dagsterlite.config.config_type import ABSENT, ConfigType
from dagsterlite.config.describe import field_description, type_lines
from dagsterlite.config.field import Field
from dagsterlite.config.resolve import resolve_to_config_type

_INDENT = "  "


def scaffold_config(
    config_type: object, given: Mapping[str, object] | None = None, *, only_required: bool = False
) -> list[str]:
    """Return a dict's config type as lines of YAML, to be filled in.

    What is given, or has a default, stands with its value, and references to the environment as
    they were written. A required field that lacks its value is left empty, so that the document
    fits once all of them are filled. Any other optional field, and each form that might be chosen
    in a selector, is commented out. Comments tell types and descriptions.

    Args:
        config_type: A Shape, Permissive or Selector, or a dict of fields.
        given: Config that is there already; it need not be complete.
        only_required: Whether to leave out what is neither required nor given.

    Raises:
        DagsterInvalidConfigDefinitionError: ``config_type`` means no config type.
    """
    resolved = resolve_to_config_type(config_type).long_form()
    assert isinstance(resolved, HasFields)
    return _Scaffold(only_required=only_required).inside(resolved, given or {})


@dataclass(frozen=True)
class _Scaffold:
    only_required: bool

    def inside(self, config_type: HasFields, given: Mapping[str, object]) -> list[str]:
        """Return the lines of what stands inside a dict."""
        fields = config_type.fields
        if isinstance(config_type, Selector) and len(fields) > 1:
            lines = self._alternatives(fields, given)
        else:
            lines = [
                line
                for name, field in fields.items()
                for line in self._field(name, field, given.get(name, ABSENT))
            ]
        others = [name for name in given if name not in fields]
        return [*lines, *(_assigned(name, given[name]) for name in others)]

    def _alternatives(self, fields: Mapping[str, Field], given: Mapping[str, object]) -> list[str]:
        chosen = [
            line
            for name in given
            if name in fields
            for line in self._alternative(name, fields[name], given[name])
        ]
        if chosen and self.only_required:
            return chosen
        others = [
            line
            for name, field in fields.items()
            if name not in given
            for line in self._alternative(name, field, ABSENT)
        ]
        title = "# or, in its place, one of these:" if chosen else "# exactly one of these:"
        return [*chosen, title, *_commented_out(others)]

    def _alternative(self, name: str, field: Field, value: object) -> list[str]:
        lines = self._entry(name, field, value, "")
        return lines or [*_comment(field_description(field)), f"{_flow(name)}: {{}}"]

    def _field(self, name: str, field: Field, given: object) -> list[str]:
        if given is not ABSENT:
            return self._entry(name, field, given, "")
        if field.is_required:
            return self._entry(name, field, ABSENT, "required")
        if self.only_required:
            return []
        if field.has_explicit_default:
            return self._entry(name, field, field.default_value, "default")
        lines = self._entry(name, field, ABSENT, "optional")
        is_section = isinstance(field.config_type.long_form(), HasFields)
        return lines if is_section and field.default_provided else _commented_out(lines)

    def _entry(self, name: str, field: Field, value: object, remark: str) -> list[str]:
        """Return a field's lines, with its description and its value as far as it is known."""
        config_type = field.config_type.long_form()
        known = _by_field(config_type, value)
        if known is not None and isinstance(config_type, HasFields):
            lines = self._section(name, config_type, known)
        else:
            lines = _value_lines(name, config_type, value, remark)
        return [*_comment(field_description(field)), *lines] if lines else []

    def _section(self, name: str, config_type: HasFields, given: Mapping[str, object]) -> list[str]:
        inside = self.inside(config_type, given)
        if inside:
            return [f"{_flow(name)}:", *(f"{_INDENT}{line}" for line in inside)]
        return [f"{_flow(name)}: {{}}"] if isinstance(config_type, Permissive) else []


def _by_field(config_type: ConfigType, value: object) -> Mapping[str, object] | None:
    """Return what is given by fields; None where the type has none, or another form is given."""
    if not isinstance(config_type, HasFields):
        return None
    given = {} if value is ABSENT or value is None else value
    if not isinstance(given, Mapping):
        return None
    takes_all = isinstance(config_type, Permissive)
    return given if takes_all or given.keys() <= config_type.fields.keys() else None


def _value_lines(name: str, config_type: ConfigType, value: object, remark: str) -> list[str]:
    forms = [_printable(line) for line in type_lines(config_type)]
    is_long = len(forms) > 1
    note = ", ".join(filter(None, ("" if is_long else forms[0], remark)))
    above = [f"# {line}" for line in forms] if is_long and remark else []
    start = f"{_flow(name)}:" if value is ABSENT else _assigned(name, value)
    return [*above, f"{start}  # {note}" if note else start]


def _assigned(name: str, value: object) -> str:
    """Return a field with its value; commented out where only Python code can give that value."""
    try:
        return f"{_flow(name)}: {_flow(value)}"
    except yaml.YAMLError:
        return f"# {_flow(name)}:"


class _InFull(yaml.SafeDumper):
    """Writes a value that stands in several places in each of them: no one fills in an alias."""

    def ignore_aliases(self, data: object) -> bool:
        return True


def _flow(value: object) -> str:
    """Return a value as YAML on one line.

    Raises:
        YAMLError: YAML cannot hold it.
    """
    text = _dumped(value, style=None)
    # Quoted, line breaks of all kinds are written as escapes.
    return text if text.isprintable() else _dumped(value, style='"')


def _dumped(value: object, style: str | None) -> str:
    text: str = yaml.dump(
        value,
        Dumper=_InFull,
        default_flow_style=True,
        default_style=style,
        width=sys.maxsize,
        allow_unicode=True,
        sort_keys=False,
    )
    return text.removesuffix("\n").removesuffix("\n...")


def _comment(text: str | None) -> list[str]:
    lines = (text or "").strip().splitlines()
    return [f"# {_printable(line).strip()}".rstrip() for line in lines]


def _printable(text: str) -> str:
    """Return a line as a comment may hold it: YAML refuses control characters also there."""
    return "".join(character if character.isprintable() else " " for character in text)


def _commented_out(lines: Sequence[str]) -> list[str]:
    return [f"# {line}".rstrip() for line in lines]
