"""Events as lines for people."""

from __future__ import annotations

import re

from dagsterlite import (
    DagsterInstance,
    EventMetadataEntry,
    IOManager,
    IOManagerDefinition,
    MetadataEntry,
    MetadataValue,
    ModeDefinition,
    TableColumn,
    TableRecord,
    TableSchema,
    execute_pipeline,
    pipeline,
    solid,
)
from dagsterlite.render.event_lines import (
    is_worth_telling,
    line_of_entry,
    line_of_event,
    metadata_text,
)
from tests.test_render.runs_of import mixed, played


def lines(kind: str) -> list[str]:
    _, events = played(mixed)
    return [line_of_event(event).text for event in events if event.event_type_value == kind]


def test_whoever_watches_is_spared_the_inputs_and_outputs() -> None:
    _, events = played(mixed)

    told = {event.event_type_value for event in events if is_worth_telling(event)}

    assert told == {
        "PIPELINE_START",
        "PIPELINE_FAILURE",
        "STEP_START",
        "STEP_SUCCESS",
        "STEP_FAILURE",
        "STEP_SKIPPED",
        "STEP_UP_FOR_RETRY",
        "STEP_RESTARTED",
        "STEP_MATERIALIZATION",
        "STEP_EXPECTATION_RESULT",
        "ENGINE_EVENT",
    }


def test_a_failure_says_what_the_user_s_code_raised() -> None:
    (text,) = lines("STEP_FAILURE")

    assert text.endswith("ValueError: no rows")


def test_expectations_and_materializations_tell_their_metadata() -> None:
    passed, failed = lines("STEP_EXPECTATION_RESULT")
    (written,) = lines("STEP_MATERIALIZATION")

    assert passed.endswith("(rows: 3)")
    assert "is_long failed. It should have 10 rows." in failed
    assert "table" in written
    assert written.endswith("(path: /data/t.csv)")


def test_what_io_managers_tell_stands_with_the_outputs_and_inputs() -> None:
    class Tells(IOManager):
        def handle_output(self, context, obj):
            return {"rows": obj}

        def load_input(self, context):
            context.add_input_metadata({"from": "cache"})
            return 3

    @solid
    def load(_context):
        return 3

    @solid
    def count(_context, rows):
        return rows

    manager = IOManagerDefinition.hardcoded_io_manager(Tells())

    @pipeline(mode_defs=[ModeDefinition(resource_defs={"io_manager": manager})])
    def counting():
        count(load())

    _, events = played(counting)
    texts = {line.kind: line.text for line in map(line_of_event, events)}

    assert texts["HANDLED_OUTPUT"].endswith('using IO manager "io_manager" (rows: 3)')
    assert texts["LOADED_INPUT"].endswith('of step "load.compute" (from: cache)')


def test_a_step_that_was_given_up_names_what_failed() -> None:
    (text,) = lines("ENGINE_EVENT")

    assert "break_down.compute" in text


def test_a_plain_line_has_time_kind_and_step() -> None:
    _, events = played(mixed)

    line = line_of_event(events[1]).plain(1_700_000_000)

    assert re.match(r"\d\d:\d\d:\d\d  STEP_START  +load\.compute  Started", line)


def test_logged_messages_are_lines_too_and_harmless() -> None:
    @solid
    def talk(context):
        context.log.warning("\x1b[2J[bold]first[/bold]\nsecond")

    @pipeline
    def talking():
        talk()

    instance = DagsterInstance.ephemeral()
    run_id = execute_pipeline(talking, instance=instance).run_id

    (line,) = [
        line_of_entry(entry) for entry in instance.all_logs(run_id) if not entry.is_dagster_event
    ]
    assert (line.kind, line.step_key) == ("LOG", "talk.compute")
    assert line.text == "\\x1b[2J[bold]first[/bold]\\nsecond"


def test_metadata_of_each_kind_is_label_and_value() -> None:
    entries = [
        EventMetadataEntry.int(3, "rows"),
        EventMetadataEntry.json({"a": 1}, "facts"),
        EventMetadataEntry.md("# title", "notes"),
        EventMetadataEntry.python_artifact(DagsterInstance, "class"),
        MetadataEntry("at", value=MetadataValue.timestamp(0)),
        MetadataEntry("done", value=True),
        EventMetadataEntry.table([TableRecord(name="a", rows=3)], "head"),
        MetadataEntry("columns", value=TableSchema([TableColumn("name", "text")])),
    ]

    assert [metadata_text(entry) for entry in entries] == [
        "rows: 3",
        "facts: {'a': 1}",
        "notes: # title",
        "class: dagsterlite.instance.dagster_instance.DagsterInstance",
        "at: 1970-01-01 00:00:00+00:00",
        "done: True",
        "head: 1 records (name: string, rows: int)",
        "columns: name: text",
    ]
