import time

import pytest

from meshroll.errors import BadInputError
from meshroll.yamltext import MAX_BYTES, Date, Scalar, join_pointer, parse, split_pointer

ROLLOUT = b"""\
# the web shop
apiVersion: argoproj.io/v1alpha1
kind: Rollout
---
spec:
  template: {metadata: {labels: {"app.kubernetes.io/version": v1}}}
  containers:
    - name: caf\xc3\xa9   # accents count once
      image: &image shop/web:v1
    -
      image: *image
"""


def test_a_scalar_has_its_place():
    text = parse(ROLLOUT, "web.yaml")
    assert text.scalar("/1/spec/template/metadata/labels/app.kubernetes.io~1version") == Scalar(
        "/1/spec/template/metadata/labels/app.kubernetes.io~1version", "v1", "v1", 6, 63, (134, 136), ""
    )
    assert ROLLOUT[134:136] == b"v1"
    image = text.scalar("/1/spec/containers/0/image")
    assert (image.line, image.column, ROLLOUT[slice(*image.span)]) == (9, 21, b"shop/web:v1")


def test_lines_are_those_of_keys_and_of_what_would_hold_what_is_missing():
    text = parse(ROLLOUT, "web.yaml")
    pointers = ["/0/kind", "/1", "/1/spec", "/1/spec/containers/1", "/1/spec/containers/1/image", "/1/spec/x/y", "/7"]
    assert [text.line(pointer) for pointer in pointers] == [3, 5, 5, 11, 11, 5, 1]
    assert text.place("/0/kind") == "web.yaml:3"


def test_values_are_found_through_aliases_and_merge_keys():
    text = parse(b"a: &a {x: 1, y: 2}\nb: {<<: *a, y: 3}\nc: {<<: [{x: 7}, *a]}\n", "f")
    assert text.documents == [{"a": {"x": 1, "y": 2}, "b": {"x": 1, "y": 3}, "c": {"x": 7, "y": 2}}]
    assert [text.value(pointer) for pointer in ["/0/b/x", "/0/c/x", "/0/c/y", "/0/b/z"]] == [1, 7, 2, None]
    assert ("/0/b/x" in text, "/0/b/z" in text, "/1" in text, "" in text) == (True, False, False, False)


def test_scalars_come_in_the_order_of_the_file():
    text = parse(b"b: [1, {c: x}]\na: ''\n---\nz\n", "f")
    assert [(s.pointer, s.text) for s in text.scalars()] == [
        ("/0/b/0", "1"),
        ("/0/b/1/c", "x"),
        ("/0/a", ""),
        ("/1", "z"),
    ]
    assert [s.pointer for s in text.scalars("/0/b")] == ["/0/b/0", "/0/b/1/c"]
    assert list(text.scalars("/0/nothing")) == []


def test_text_and_value_tell_what_is_written_from_what_it_means():
    text = parse(b"- 1.10\n- '1.10'\n- 2026-11-23\n- \n- !!str 12\n- yes\n- !x 1\n", "f")
    assert [(s.text, s.value) for s in text.scalars()] == [
        ("1.10", 1.1),
        ("1.10", "1.10"),
        ("2026-11-23", Date("2026-11-23")),
        ("", None),
        ("12", "12"),
        ("yes", "yes"),
        ("1", "1"),
    ]


def test_a_file_may_have_no_document_and_a_document_no_value():
    assert parse(b"# nothing\n", "f").documents == []
    assert parse(b"---\n---\na: 1\n", "f").documents == [None, {"a": 1}]


def test_a_thousand_documents_are_read():
    text = parse(b"---\nkind: Rollout\n" * 1000, "f")
    assert (len(text.documents), text.line("/999/kind")) == (1000, 2000)


def test_keys_are_text_in_pointers():
    assert parse(b"80: a\ntrue: b\n", "f").value("/0/80") == "a"


@pytest.mark.parametrize("tokens", [(), ("",), (0, "a/b", "~"), ("~1",)])
def test_pointers_come_back(tokens):
    assert split_pointer(join_pointer(tokens)) == tuple(map(str, tokens))


@pytest.mark.parametrize("pointer", ["/0/a/01", "/0/a/-1", "/0/a/2", "/0/a/x", "/0/a/²", "/0/a/99999999999", "/00/a"])
def test_an_index_is_a_number_within_the_list(pointer):
    assert pointer not in parse(b"a: [1, 2]\n", "f")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"a: [1\nb: 2\n", "f.yaml:2:2: is not YAML: did not find expected ',' or ']' while parsing a flow sequence"),
        (b"a:\n  b: c: d\n", "f.yaml:2:7: is not YAML: mapping values are not allowed in this context"),
        (
            "\ufeffé: 'x".encode(),
            "f.yaml:1:6: is not YAML: found unexpected end of stream while scanning a quoted scalar",
        ),
        (b"a: 1\nb:\n  c: 1\n  'c': 2\n", "f.yaml:4:3: c occurs twice, first on line 3"),
        (b"- {1: a, '1': b}", "f.yaml:1:10: 1 occurs twice, first on line 1"),
        (b"a: &a {}\nb:\n  <<: *a\n  <<: *a\n", "f.yaml:4:3: the merge key << occurs twice; expected one with a list"),
        (b"<<: 1\n", "f.yaml:1:5: the merge key << has no mapping; expected an alias of a mapping"),
        (b"a: *x\n", "f.yaml:1:4: the alias *x has no anchor &x before it"),
        (b"a: &x 1\n---\nb: *x\n", "f.yaml:3:4: the alias *x has no anchor &x before it"),
        (b"a: &a [*a]\n", "f.yaml:1:8: a value contains itself"),
        (b"? [a]\n: 1\n", "f.yaml:1:3: a mapping or sequence is used as a key; expected a text"),
        (b"a: &a [b]\n*a : 1\n", "f.yaml:2:1: a mapping or sequence is used as a key; expected a text"),
        (b"[" * 100_000, "f.yaml:1:101: is nested too deeply; expected at most 100 levels"),
        (b"a: \x01\n", "f.yaml:1:4: is not YAML: the character U+0001 is not allowed"),
        (b"a: b\n\xff", "f.yaml: is not UTF-8 (byte 5)"),
        ("a: 1\n".encode("utf-16"), "f.yaml: is not UTF-8 (byte 0)"),
        (b"a" * (MAX_BYTES + 1), "f.yaml: the file has 4194305 bytes; expected at most 4194304"),
    ],
)
def test_what_is_no_yaml_file_is_one_sentence_with_its_place(content, message):
    with pytest.raises(BadInputError) as error:
        parse(content, "f.yaml")
    assert str(error.value) == message


def test_nesting_through_aliases_counts():
    chain = "a0: &a0 " + "[" * 60 + "]" * 60 + "\na1: " + "[" * 60 + "*a0" + "]" * 60
    with pytest.raises(BadInputError, match="f:2:65: is nested too deeply"):
        parse(chain.encode(), "f")


def test_aliases_that_blow_up_are_refused_at_once():
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 50)]
    with pytest.raises(BadInputError, match="holds more than 150000 values, aliases and long texts counted in full"):
        parse("\n".join(lines).encode(), "f")


def test_many_aliases_cost_no_more_than_many_values():
    started = time.process_time()
    text = parse(b"a: &a x\nb: [" + b"*a, " * 50_000 + b"]\n", "f")
    assert time.process_time() - started < 10
    assert text.value("/0/b/49999") == "x"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b'{"a": 1,}', "at '}'; expected a quoted key"),
        (b'{"a": 1 "b": 2}', "at '\"'; expected , or the end of what is open"),
        (b"[1, 2", "at its end; expected , or the end of what is open"),
        (b"", "at its end; expected a value"),
        (b"[01]", "at '0'; expected a value or ]"),
        (b"[NaN]", "at 'N'; expected a value or ]"),
        (b"{'a': 1}", 'at "\'"; expected a quoted key or }'),
        (b"[1} ", "at '}'; expected , or the end of what is open"),
        (b"[1] x", "at 'x'; expected the end of the file"),
        (b'["\\ud800"]', "at '\"'; expected both halves of each surrogate pair"),
        (b'["\t"]', "at '\"'; expected a value or ]"),
        (b"a: 1", "at 'a'; expected a value"),
        (b"[1, # x\n2]", "at '#'; expected a value"),
    ],
)
def test_what_is_no_json_is_one_sentence_with_its_place(content, message):
    with pytest.raises(BadInputError) as error:
        parse(content, "f.json")
    assert str(error.value).startswith("f.json:1:")
    assert str(error.value).endswith(f": is not JSON {message}")


def test_json_is_read_by_its_own_rules():
    text = parse(b'\xef\xbb\xbf{\r\n\t"a\\/b":\t["\\ud83d\\udc0d", 1.5, null]}\n', "f.json")
    assert text.documents == [{"a/b": ["🐍", 1.5, None]}]
    assert (text.line("/0/a~1b"), text.scalar("/0/a~1b/0").column) == (2, 11)
    with pytest.raises(BadInputError, match="a occurs twice, first on line 1"):
        parse(b'{"a":1, "a":2}', "f.json")
