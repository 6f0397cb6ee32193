import json

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from meshroll.errors import BadInputError
from meshroll.settings.document import parse, pointer_text, read

KEYS = st.text("abcdefgh-éß雪🐍", min_size=1, max_size=6)
SCALARS = st.one_of(
    st.integers(-(10**6), 10**6), st.booleans(), st.none(), st.text("ab c:#'\"\\{}[],é🐍\t~-", max_size=8)
)
TREES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3), max_leaves=12
)


def leaves(value, pointer=()):
    if isinstance(value, dict) and value:
        for key, item in value.items():
            yield from leaves(item, (*pointer, key))
    elif isinstance(value, list) and value:
        for index, item in enumerate(value):
            yield from leaves(item, (*pointer, index))
    else:
        yield pointer, value


@st.composite
def files(draw):
    """A file's text and the value that it holds."""
    tree = {"root": draw(TREES)}
    body = yaml.dump(
        tree,
        default_flow_style=draw(st.sampled_from([True, False, None])),
        default_style=draw(st.sampled_from([None, '"', "'"])),
        allow_unicode=True,
        width=1000,
    )
    text = draw(st.sampled_from(["", "# a comment: {x}\n", "\n\n"])) + body
    text = draw(st.sampled_from(["", "\ufeff"])) + text.replace("\n", draw(st.sampled_from(["\n", "\r\n"])))
    return (text if draw(st.booleans()) else text.rstrip("\r\n")), tree


@given(files())
def test_every_leaf_is_found_at_its_place(file):
    text, tree = file
    document = parse(text, "f.yaml")

    assert document.value == tree
    for pointer, value in leaves(document.value):
        source = document.source(pointer)
        assert parse(source or "~", "part").value == value
        line = document.spans[pointer].line
        start = document.spans[pointer].start
        assert line <= text[:start].count("\n") + 1
        assert document.where(pointer) == f"f.yaml:{line} {pointer_text(pointer)}"


def test_a_key_line_is_told_for_a_value_that_begins_below_it():
    document = parse("a:\n  b:\n    - x\n    -\n      y\n", "f")
    assert [document.spans[pointer].line for pointer in [("a",), ("a", "b"), ("a", "b", 0), ("a", "b", 1)]] == [
        1,
        2,
        3,
        5,
    ]


def test_what_is_missing_has_the_line_of_what_would_hold_it():
    assert parse("x: 1\na:\n  b: {}\n", "f").where(("a", "b", "c", 0)) == "f:3 /a/b/c/0"


def test_a_pointer_escapes_slashes_and_tildes():
    assert pointer_text(("a/b", "c~d", 0)) == "/a~1b/c~0d/0"


def test_an_explicit_text_tag_makes_text_and_an_alias_the_value_of_its_anchor():
    document = parse("a: !!str 12\nb: &x v1\nc: *x\n", "f")
    assert document.value == {"a": "12", "b": "v1", "c": "v1"}
    assert [document.spans[(key,)].shared for key in "abc"] == [False, True, True]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: 1\nb: {c: 1, d: 2,\n c: 3}\n", "f:3 /b/c: c occurs twice, first on line 2"),
        ("a:\n- x: 1\n  'x': 2\n", "f:3 /a/0/x: x occurs twice, first on line 2"),
        ("1: x\n", 'f:1: the key 1 is not text: quote it, "1"'),
        ("a: &x {b: 1}\nc:\n  <<: *x\n", "f:3 /c: the merge key << is not understood; expected the values themselves"),
        ("a: &x [*x]\n", "f:1 /a/0: a value contains itself"),
        ("a: !secret x\n", "f:1 /a: the tag !secret is not understood"),
        ("a: !!binary eA==\n", "f:1 /a: the tag !!binary is not understood"),
        ("a: [1\nb: 2\n", "f:2: is not YAML: did not find expected ',' or ']' while parsing a flow sequence"),
        ("a: 1\n---\nb: 1\n", "f:3: holds more than one document"),
        ("a: \x01\n", "f:1: is not YAML: the character U+0001 is not allowed"),
    ],
)
def test_what_is_refused_is_named_with_its_line(text, message):
    with pytest.raises(BadInputError) as error:
        parse(text, "f")
    assert str(error.value).startswith(message)


def test_a_file_that_is_not_utf8_is_refused(tmp_path):
    (tmp_path / "x.yaml").write_bytes(b"a: \xff\n")
    with pytest.raises(BadInputError, match=r"x.yaml: is not UTF-8 \(byte 3\)"):
        read(tmp_path / "x.yaml")


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(BadInputError, match=r"x.yaml: no such file"):
        read(tmp_path / "x.yaml")


def test_an_empty_file_is_empty():
    assert parse("# nothing\n", "f").value is None


def test_json_is_read_too():
    assert parse(json.dumps({"a": [1, {"b": None}]}), "f").value == {"a": [1, {"b": None}]}
