"""Fields in the words of the command line and of the stack file, and what they make of a version."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from meshroll.errors import BadInputError
from meshroll.settings.edit import set_version
from meshroll.settings.fields import (
    VERSION,
    Field,
    FieldKind,
    check_fields_version,
    field_of,
    field_values,
    parse_field,
)

EXPECTED = "expected label:NAME, image[:CONTAINER|:KIND/NAME], kustomize:NAME, helm:FILE#PATH or path:FILE#POINTER"


@pytest.mark.parametrize(
    ("word", "field"),
    [
        ("label:version", Field("label", "version")),
        ("label:app.kubernetes.io/version={version}-x", Field("label", "app.kubernetes.io/version", "{version}-x")),
        ("image", Field("image", "")),
        ("image={version}-alpine", Field("image", "", "{version}-alpine")),
        ("image:container-1", Field("image", "container-1")),
        ("kustomize:host:5000/team/app", Field("kustomize", "host:5000/team/app")),
        ("helm:values.yaml#image.tag", Field("helm", "values.yaml#image.tag")),
        ("helm:a%3Db.yaml#image.tag=v{version}", Field("helm", "a=b.yaml#image.tag", "v{version}")),
        ("path:all.yaml#1/spec/a%3Db", Field("path", "all.yaml#1/spec/a=b")),
    ],
)
def test_a_word_is_a_field_and_is_written_the_same_again(word: str, field: Field) -> None:
    assert parse_field(word) == field
    assert str(field) == word
    assert field_of(field_values(field), "fields[0]") == field


@pytest.mark.parametrize(
    ("word", "sentence"),
    [
        ("version", f"--field: 'version' is not a field; {EXPECTED}"),
        ("tag:v1", f"--field: 'tag:v1' is not a field; {EXPECTED}"),
        ("label:", f"--field: 'label:' is not a field; {EXPECTED}"),
        ("helm:values.yaml", f"--field: 'helm:values.yaml' is not a field; {EXPECTED}"),
        ("path:#/a", f"--field: 'path:#/a' is not a field; {EXPECTED}"),
        ("label:a\nb", f"--field: 'label:a\\nb' is not a field; {EXPECTED}"),
        (
            "image:a={version}{version}",
            "--field: '{version}{version}' is not a pattern; expected a text with {version} once",
        ),
    ],
)
def test_a_word_that_is_no_field_is_refused(word: str, sentence: str) -> None:
    with pytest.raises(BadInputError) as caught:
        parse_field(word)
    assert str(caught.value) == sentence


@pytest.mark.parametrize("values", [{}, {"label": "a", "image": "b"}, {"label": 1}, {"label": "a", "colour": "b"}])
def test_a_mapping_that_is_no_field_is_refused(values: dict[str, str]) -> None:
    with pytest.raises(BadInputError) as caught:
        field_of(values, "services[0].fields[1]")
    assert str(caught.value) == (
        "services[0].fields[1]: it is not a field; "
        "expected one of label, image, kustomize, helm, path, and perhaps pattern"
    )


def test_a_pattern_goes_both_ways() -> None:
    field = Field("image", "", "v{version}-alpine")
    assert field.text("1.2") == "v1.2-alpine"
    assert [field.version(text) for text in ("v1.2-alpine", "v-alpine", "1.2-alpine", "v1.2")] == ["1.2", *[None] * 3]


@pytest.mark.parametrize("version", ["v1\nx", "", " ", "x" * 600])
def test_no_field_takes_a_line_break_or_nothing(version: str) -> None:
    for field in (Field("label", "a"), Field("image", ""), Field("helm", "a#b"), Field("path", "a#/b")):
        with pytest.raises(BadInputError):
            check_fields_version(version, (field,), "version")


def test_the_version_of_an_adopted_service_is_set_by_what_its_fields_can_hold(tmp_path: Path) -> None:
    digest = "sha256:" + "0" * 64
    service = 'shop: {version: v1, fields: [{image: ""}]}'
    text = f"config:\n  meshroll:repository: {{kind: adopted}}\n  meshroll:services:\n    {service}\n"
    path = tmp_path / "Pulumi.test.yaml"
    path.write_text(text)
    assert set_version(path, "shop", digest) == ("v1", digest, path)
    assert path.read_text() == text.replace("v1", f'"{digest}"')
    path.write_text(text.replace('image: ""', "label: version"))
    with pytest.raises(BadInputError, match="cannot be the value of a label"):
        set_version(path, "shop", digest)


@given(
    st.sampled_from(["label", "image", "kustomize", "helm", "path"]),
    st.text("ab=%#/.-3D25", min_size=1, max_size=12),
    st.tuples(st.text("a=%-{ }", max_size=5), st.text("b=%-{ }", max_size=5)),
)
def test_a_field_is_read_back_as_it_was_written(kind: FieldKind, value: str, around: tuple[str, str]) -> None:
    field = Field(kind, f"f#{value}", VERSION.join(around))
    assume(field.pattern.count(VERSION) == 1)
    assert parse_field(str(field)) == field
