"""Text exactly as it is written, for readers whose rules this process cannot try."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from meshroll.manifests import yamltext
from meshroll.manifests.yamltext import by_pyyaml, dump


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("y", '"y"'),
        ("N", '"N"'),
        ("Off", '"Off"'),
        ("NaN", '"NaN"'),
        ("Infinity", '"Infinity"'),
        ("1e3", '"1e3"'),
        ("0o17", '"0o17"'),
        ("10m", '"10m"'),
        ("2026-01-01", '"2026-01-01"'),
        ("a #b", '"a #b"'),
        ("a:", '"a:"'),
        ("v1", "v1"),
        ("tri://dubbo3-provider:20880", "tri://dubbo3-provider:20880"),
        ("/hello", "/hello"),
        ("a,b", "a,b"),
        ("1.2.3", '"1.2.3"'),
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


_KEYS = st.text(max_size=140) | st.sampled_from(["y", "a b", "a:", "image", "null", "k" * 122, "k" * 123])
_SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | _KEYS
_VALUES = st.recursive(_SCALARS, lambda inner: st.lists(inner) | st.dictionaries(_KEYS, inner), max_leaves=20)


@settings(deadline=None, max_examples=300, database=None)
@given(value=_VALUES | st.dictionaries(_KEYS, _VALUES))
def test_what_is_written_without_pyyaml_has_the_bytes_that_pyyaml_writes(value):
    assert dump(value) == by_pyyaml(value)


def test_a_manifest_is_written_without_pyyaml(monkeypatch):
    def fail(value):
        raise AssertionError(value)

    monkeypatch.setattr(yamltext, "by_pyyaml", fail)
    body = {"kind": "Rollout", "spec": {"steps": [{"pause": {}}, [1, True, None]], "paths": ["a b", 'c"\\'], "no": []}}
    assert dump(body) == (
        "kind: Rollout\nspec:\n  steps:\n    - pause: {}\n    - - 1\n      - true\n      - null\n"
        '  paths:\n    - "a b"\n    - "c\\"\\\\"\n  "no": []\n'
    )
