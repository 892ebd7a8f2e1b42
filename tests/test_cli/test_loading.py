"""Loading pipelines out of users' files and modules."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from dagsterlite.cli.loading import FoundPipeline, folders_of, importable, load_pipelines, pick
from dagsterlite.cli.sources import PythonFile, PythonModule, Source
from dagsterlite.errors import DagsterPipelineLoadError, DagsterPipelineNotFoundError

HEAD = "from dagsterlite import lambda_solid, pipeline\n\n@lambda_solid\ndef one(): return 1\n"
TWO = HEAD + "\n@pipeline\ndef first(): one()\n\n@pipeline\ndef second(): one()\n"


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)

    def write(text: str, name: str = "mine.py") -> str:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return name

    return write


def load(source: Source) -> list[FoundPipeline]:
    with importable(folders_of([source])):
        return load_pipelines(source)


def names(source: Source) -> list[str]:
    return [found.definition.name for found in load(source)]


def test_all_pipelines_at_the_top_level_are_found_once(write) -> None:
    source = PythonFile(write(TWO + "\nsame = first\n"))

    assert names(source) == ["first", "second"]
    assert [found.place for found in load(source)] == ["mine.py:first", "mine.py:second"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("chosen = second", ["second"]),
        ("chosen = [second, first]", ["second", "first"]),
        ("def chosen(): return first", ["first"]),
        ("def chosen(): return (first, second)", ["first", "second"]),
    ],
)
def test_an_attribute_is_a_pipeline_a_list_or_a_function(write, text, expected) -> None:
    assert names(PythonFile(write(f"{TWO}\n{text}\n"), "chosen")) == expected


REPOSITORY = """
from dagsterlite import repository

def make_third():
    made.append(1)
    return pipeline(name="third")(one)

made = []

@repository
def mine():
    return {"pipelines": {"second": second, "third": make_third}}
"""


def test_a_file_with_a_repository_offers_what_the_repository_does(write) -> None:
    source = PythonFile(write(TWO + REPOSITORY))

    found = load(source)

    assert [(item.name, item.place) for item in found] == [
        ("second", "mine.py:mine"),
        ("third", "mine.py:mine"),
    ]
    assert pick(found, "third", "mine.py").definition.name == "third"


def test_a_pipeline_of_a_repository_is_made_only_when_it_is_asked_for(write) -> None:
    found = load(PythonFile(write(TWO + REPOSITORY, "lazy_of_mine.py")))
    made = sys.modules["lazy_of_mine"].made

    assert pick(found, "second", "mine.py").definition.name == "second"
    assert made == []
    assert pick(found, "third", "mine.py").definition is found[1].definition
    assert made == [1]


@pytest.mark.parametrize("text", ["chosen = mine", "chosen = [mine]", "def chosen(): return mine"])
def test_an_attribute_may_be_a_repository_or_a_function_that_returns_one(write, text) -> None:
    source = PythonFile(write(f"{TWO}{REPOSITORY}\n{text}\n"), "chosen")

    assert [item.name for item in load(source)] == ["second", "third"]


def test_an_attribute_reaches_what_no_repository_offers(write) -> None:
    assert names(PythonFile(write(TWO + REPOSITORY), "first")) == ["first"]


def test_an_error_of_a_function_in_a_repository_is_told_with_its_place(write) -> None:
    text = TWO + REPOSITORY.replace("made.append(1)", "made.clear(1)")
    found = load(PythonFile(write(text)))

    with pytest.raises(DagsterPipelineLoadError) as caught:
        _ = found[1].definition

    assert str(caught.value).startswith("mine.py:mine['third'] raised an error:")
    assert "TypeError" in str(caught.value)
    assert "repository.py" not in str(caught.value)


def test_a_source_may_name_the_folder_that_it_imports_from(write) -> None:
    write(TWO, "lib/helper_of_mine.py")
    write("from helper_of_mine import first\n", "sub/top.py")

    assert names(PythonFile("sub/top.py", working_directory="lib")) == ["first"]
    assert names(PythonModule("helper_of_mine", working_directory="lib")) == ["first", "second"]


def test_a_module_is_found_in_the_working_directory(write) -> None:
    write("", "package_of_mine/__init__.py")
    write(TWO, "package_of_mine/inner.py")

    assert names(PythonModule("package_of_mine.inner")) == ["first", "second"]


def test_a_file_imports_what_stands_beside_it_also_from_elsewhere(write) -> None:
    write(TWO, "sub/beside_it.py")

    assert names(PythonFile(write("from beside_it import first\n", "sub/top.py"))) == ["first"]


def test_the_import_path_is_as_before_afterwards(write) -> None:
    before = list(sys.path)

    load(PythonFile(write(TWO, "sub/mine.py")))

    assert sys.path == before


def test_a_file_named_like_a_module_of_python_s_does_not_take_its_place(write) -> None:
    import json

    assert names(PythonFile(write(TWO, "json.py"))) == ["first", "second"]
    assert sys.modules["json"] is json


def test_values_of_the_file_s_classes_can_be_pickled(write) -> None:
    import pickle

    write(f"{TWO}\nclass Row:\n    pass\n", "classes_of_mine.py")
    load(PythonFile("classes_of_mine.py"))
    row = sys.modules["classes_of_mine"].Row()

    assert type(pickle.loads(pickle.dumps(row))) is type(row)


# --- what is wrong ------------------------------------------------------------------------------


def error_of(source: Source) -> str:
    with pytest.raises(DagsterPipelineLoadError) as caught:
        load(source)
    return str(caught.value)


def test_an_error_in_the_file_shows_the_user_s_frames_only(write) -> None:
    write("def f():\n    raise KeyError('x')\n", "helper.py")

    message = error_of(PythonFile(write("import helper\nhelper.f()\n")))

    assert message.startswith("mine.py raised an error:\n\nTraceback (most recent call last):")
    assert message.count("  File ") == 2
    assert message.endswith("KeyError: 'x'")


def test_a_wrong_definition_names_the_line_that_made_it(write) -> None:
    message = error_of(PythonFile(write(f"{HEAD}\n@pipeline(mode_defs=[1])\ndef p(): one()\n")))

    assert message.count("  File ") == 1
    assert 'mine.py", line 6' in message
    assert "mode_defs" in message.splitlines()[-1]


def test_a_syntax_error_shows_its_line(write) -> None:
    message = error_of(PythonFile(write("x = 1\ndef f(:\n")))

    assert 'mine.py", line 2' in message
    assert "SyntaxError" in message


def test_a_file_that_exits_is_an_error(write) -> None:
    assert "SystemExit: 3" in error_of(PythonFile(write("import sys\nsys.exit(3)\n")))


def test_a_file_that_failed_is_not_left_half_loaded(write) -> None:
    error_of(PythonFile(write("1 / 0\n", "half_of_mine.py")))

    assert "half_of_mine" not in sys.modules


def test_a_missing_import_inside_the_file_is_told_with_its_line(write) -> None:
    message = error_of(PythonFile(write("import no_such_module\n")))

    assert 'mine.py", line 1' in message
    assert "No module named 'no_such_module'" in message


@pytest.mark.parametrize(
    ("source", "parts"),
    [
        (PythonFile("mien.py"), ["no file mien.py", "Did you mean 'mine.py'?"]),
        (PythonFile("."), [". is a folder, not a file"]),
        (PythonFile("nowhere/mine.py"), ["no file nowhere/mine.py", "working directory"]),
        (PythonFile("notes.txt"), [".py"]),
        (PythonFile("mine.py", "frist"), ["no attribute 'frist'", "Did you mean 'first'?"]),
        (PythonFile("mine.py", "one"), ["must be a pipeline", "SolidDefinition"]),
        (PythonFile("mine.py", "number"), ["must be a pipeline", "found 3 of type int"]),
        (PythonFile("mine.py", "breaks"), ["mine.py:breaks raised", "ZeroDivisionError"]),
        (PythonModule("no_such.module"), ["No module named 'no_such'"]),
    ],
)
def test_what_is_not_there_or_no_pipeline_is_told_with_its_mend(write, source, parts) -> None:
    write(f"{TWO}\nnumber = 3\ndef breaks(): 1 / 0\n")
    write("", "notes.txt")

    message = error_of(source)

    assert all(part in message for part in parts), message


def test_the_only_pipeline_needs_no_name(write) -> None:
    found = load(PythonFile(write(HEAD + "\n@pipeline\ndef only(): one()\n")))

    assert pick(found, None, "mine.py").definition.name == "only"


@pytest.mark.parametrize(
    ("text", "name", "parts"),
    [
        (
            TWO,
            None,
            ["several pipelines in mine.py: 'first', 'second'. Name one of them as PIPELINE"],
        ),
        (TWO, "fist", ["no pipeline 'fist' in mine.py", "Did you mean 'first'?"]),
        (HEAD, None, ["no pipeline in mine.py", "@pipeline"]),
        (HEAD, "first", ["no pipeline in mine.py", "@pipeline"]),
        (
            f"{TWO}\n@pipeline(name='first')\ndef other(): one()\n",
            "first",
            ["Several pipelines are named 'first'", "mine.py:other", "-a"],
        ),
    ],
)
def test_a_choice_that_is_not_clear_says_what_there_is(write, text, name, parts) -> None:
    found = load(PythonFile(write(text)))

    with pytest.raises(DagsterPipelineNotFoundError) as caught:
        pick(found, name, "mine.py")

    assert all(part in str(caught.value) for part in parts), caught.value
