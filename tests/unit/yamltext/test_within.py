"""Texts within a file that are files themselves: read with the places of the file around, and changed there."""

import pytest
from hypothesis import HealthCheck, given, settings

from meshroll.errors import BadInputError
from meshroll.yamltext import parse, replace_scalars
from tests.support.yamltext import embedding

APPLICATION = """\
kind: Application
spec:
  source:
    helm:
      values: |  # of the chart

        image:
          tag: "1.0"   # é released

        replicas: 2
      releaseName: shop
"""
TAG = "/0/spec/source/helm/values/0/image/tag"


def changed(before: str, pointer: str, new: str, name: str = "f.yaml") -> str:
    return replace_scalars(before.encode(), {pointer: new}, name).decode()


def refusal(before: str, pointer: str, new: str = "v2", name: str = "f.yaml") -> str:
    with pytest.raises(BadInputError) as caught:
        changed(before, pointer, new, name)
    return str(caught.value)


def test_a_pointer_leads_on_into_a_text_and_finds_places_of_the_file() -> None:
    text = parse(APPLICATION.encode(), "app.yaml")
    found = text.scalar(TAG)
    assert (found.text, found.line, found.column, found.style) == ("1.0", 8, 16, '"')
    assert APPLICATION.encode()[slice(*found.span)] == b'"1.0"'
    assert (text.line("/0/spec/source/helm/values/0/image"), text.line("/0/spec/source/helm/values/0/none")) == (7, 7)
    assert text.value("/0/spec/source/helm/values/0/replicas") == 2
    assert (TAG in text, f"{TAG}/0" in text, "/0/spec/source/helm/values/1" in text) == (True, False, False)
    assert [scalar.text for scalar in text.scalars("/0/spec/source/helm/values/0")] == ["1.0", "2"]
    assert "/0/spec/source/helm/releaseName/0" not in text


@pytest.mark.parametrize(
    ("before", "pointer", "after"),
    [
        (APPLICATION, TAG, APPLICATION.replace('"1.0"', '"2.0"')),
        ("v: |2-\n    a: 1\n   b: 1", "/0/v/0/a", None),
        ("v: |2-\n     a: 1\n     b: 1", "/0/v/0/a", 'v: |2-\n     a: "2.0"\n     b: 1'),
        ("v: |+\r\n a: '1'\r\n\r\n\r\n# x\r\n", "/0/v/0/a", "v: |+\r\n a: '2.0'\r\n\r\n\r\n# x\r\n"),
        ("- |\n a: x\n- b", "/0/0/0/a", '- |\n a: "2.0"\n- b'),
        ("v: &t !!str |-\n  a: x\n", "/0/v/0/a", 'v: &t !!str |-\n  a: "2.0"\n'),
        ("v: >\n  a:\n    b: 1 # x\n", "/0/v/0/a/b", 'v: >\n  a:\n    b: "2.0" # x\n'),
        ("v: >-\n  {a: x,\n  b: y}\n", "/0/v/0/b", 'v: >-\n  {a: x,\n  b: "2.0"}\n'),
        ("v: |\n  a: >-\n    x\n  b: ''\n", "/0/v/0/a", "v: |\n  a: >-\n    2.0\n  b: ''\n"),
        ("v: |\n  a: # x\n  b: ''\n", "/0/v/0/a", "v: |\n  a: '2.0' # x\n  b: ''\n"),
        ("v: '[{\"a\": \"it''s\"}]'\n", "/0/v/0/0/a", 'v: \'[{"a": "2.0"}]\'\n'),
        ("v: '{a: ''x''}'\n", "/0/v/0/a", "v: '{a: ''2.0''}'\n"),
        ('v: "a: \\"x\\"\\nb: \\x41\\u00e9\\n"\n', "/0/v/0/a", 'v: "a: \\"2.0\\"\\nb: \\x41\\u00e9\\n"\n'),
        ("v: |\n  w: |\n    x: |\n      a: x\n", "/0/v/0/w/0/x/0/a", 'v: |\n  w: |\n    x: |\n      a: "2.0"\n'),
        ("v: |\n  a: x\n  ---\n  a: x\n", "/0/v/1/a", 'v: |\n  a: x\n  ---\n  a: "2.0"\n'),
    ],
)
def test_a_scalar_within_a_text_changes_and_no_other_byte(before: str, pointer: str, after: str | None) -> None:
    if after is None:
        assert "there is no value here" in refusal(before, pointer)
    else:
        assert changed(before, pointer, "2.0") == after


def test_a_text_within_json_stays_json() -> None:
    before = '{"v": "a: \\"x\\"\\nb: 1\\n"}'
    assert changed(before, "/0/v/0/a", "2.0", "f.json") == before.replace("x", "2.0")


def test_a_scalar_beside_a_text_and_one_within_it_change_together() -> None:
    changes = {"/0/spec/source/helm/releaseName": "shop-2", TAG: "2.0", "/0/spec/source/helm/values/0/replicas": "3"}
    after = replace_scalars(APPLICATION.encode(), changes, "f").decode()
    assert after == APPLICATION.replace('"1.0"', '"2.0"').replace("shop", "shop-2").replace(": 2", ': "3"')


@pytest.mark.parametrize(
    ("before", "pointer", "sentence"),
    [
        (
            'v: "a: x\n\n  b: y"\n',
            "/0/v/0/a",
            (
                "f.yaml:1 /0/v: the text is in quotes over several lines, in which one value cannot be changed alone; "
                "expected a block of text (|), at most 100000 lines long"
            ),
        ),
        (
            "v: |\n  a: [\nw: 1\n",
            "/0/v/0/a",
            "f.yaml:1 /0/v/0/a: there is no value here; expected a single value",
        ),
        (
            "v: &v |\n  a: x\nw: *v\n",
            "/0/v/0/a",
            (
                "f.yaml:1 /0/v: the value belongs to the anchor &v, used again in line 3, which would change too; "
                "expected the value written out where it is used, or /0/v/0/a and /0/w/0/a changed together"
            ),
        ),
        (
            "v: |\n  x: &x a\n  y: *x\n",
            "/0/v/0/y",
            (
                "f.yaml:3 /0/v/0/y: the alias *x (line 3) brings the value from &x; "
                "expected the value written out, or /0/v/0/x and /0/v/0/y changed together"
            ),
        ),
        ("v: !x |\n  a: x\n", "/0/v/0/a", "f.yaml:1 /0/v/0/a: there is no value here; expected a single value"),
    ],
)
def test_what_cannot_change_alone_within_a_text_is_refused_by_name(before: str, pointer: str, sentence: str) -> None:
    assert refusal(before, pointer) == sentence


def test_texts_that_are_one_change_together_when_both_are_asked_for() -> None:
    changes = {"/0/v/0/a": "v2", "/0/w/0/a": "v2"}
    assert replace_scalars(b"v: &v |\n  a: x\nw: *v\n", changes, "f") == b"v: &v |\n  a: v2\nw: *v\n"


def test_a_text_that_is_not_yaml_is_refused_with_the_line_of_the_file() -> None:
    with pytest.raises(BadInputError) as caught:
        parse(b"v: |\n\n  a: 1\n  b: ]\n", "f.yaml").within("/0/v")
    assert str(caught.value).startswith("f.yaml:4:6: is not YAML: ")


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(embedding.edits())
def test_an_edit_within_a_text_is_the_edit_of_the_text_by_itself(edit: embedding.Edit) -> None:
    embedding.check(edit)
