"""Text exactly as it is written, for readers whose rules this process cannot try."""

import pytest

from meshroll.manifests.yamltext import dump


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("y", '"y"'),
        ("N", '"N"'),
        ("Off", '"Off"'),
        ("NaN", '"NaN"'),
        ("1e3", '"1e3"'),
        ("0o17", '"0o17"'),
        ("10m", '"10m"'),
        ("2026-01-01", '"2026-01-01"'),
        ("a #b", '"a #b"'),
        ("a:", '"a:"'),
        ("v1", "v1"),
        ("tri://dubbo3-provider:20880", "tri://dubbo3-provider:20880"),
        ("/hello", "/hello"),
        (5, "5"),
        (True, "true"),
        ({}, "{}"),
    ],
)
def test_strings_that_any_reader_could_take_for_something_else_are_quoted(value, text):
    assert dump({"key": value}) == f"key: {text}\n"


def test_equal_values_are_written_out_and_lists_are_indented():
    shared = ["a"]
    assert dump({"one": shared, "two": shared}) == "one:\n  - a\ntwo:\n  - a\n"


def test_lines_are_never_folded():
    assert dump({"key": "word " * 100}).count("\n") == 1
