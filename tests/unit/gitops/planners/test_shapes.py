"""The kind of text that stands at a place stays: images keep their names, digests take digests."""

from __future__ import annotations

import pytest

from meshroll.errors import BadInputError
from meshroll.gitops.planners.shapes import check_pattern, expression, in_shape

DIGEST, OTHER = "sha256:" + "1" * 64, "sha256:" + "2" * 64


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("{{ .Values.image.repository }}:{{ .Values.image.tag }}", "{{ .Values.image.repository }}"),
        ("team/shop:${TAG}", "${TAG}"),
        ("team/shop:$(TAG)", "$(TAG)"),
        ("${TAG", "${TAG"),
        ("team/shop:1.0", ""),
        ("costs $5 {a}", ""),
    ],
)
def test_expressions_are_known(text: str, found: str) -> None:
    assert expression(text) == found


@pytest.mark.parametrize(
    ("old", "new", "after"),
    [
        ("registry/app:1.0", "prod-b", "registry/app:prod-b"),
        ("registry:5000/team/app", "2", "registry:5000/team/app:2"),
        ("app:1.0", "1.1", "app:1.1"),
        ("registry/app:1.0", "registry/other:2.0", "registry/other:2.0"),
        (f"registry/app@{DIGEST}", OTHER, f"registry/app@{OTHER}"),
        (DIGEST, OTHER, OTHER),
        (f"18.19.0@{DIGEST}", f"18.20.0@{OTHER}", f"18.20.0@{OTHER}"),
        ("1.0", "1.1", "1.1"),
        ("v1", "release/2", "release/2"),
    ],
)
def test_the_shape_of_the_old_value_is_kept(old: str, new: str, after: str) -> None:
    assert in_shape(old, new, "v.yaml:1 /0/x") == after


@pytest.mark.parametrize(
    ("old", "sentence"),
    [
        (DIGEST, "v.yaml:1 /0/x: the value is pinned by its digest, and 2.0 has none; expected a digest, sha256:…"),
        (
            f"18.19.0@{DIGEST}",
            (
                "v.yaml:1 /0/x: the value is pinned by its digest, and 2.0 has none; "
                "expected a tag with its digest, TAG@sha256:…"
            ),
        ),
        (
            f"registry/app@{DIGEST}",
            (
                "v.yaml:1 /0/x: the image is pinned by its digest, beside which the tag 2.0 means nothing; "
                "expected a digest, sha256:…"
            ),
        ),
    ],
)
def test_a_digest_is_not_lost(old: str, sentence: str) -> None:
    with pytest.raises(BadInputError) as caught:
        in_shape(old, "2.0", "v.yaml:1 /0/x")
    assert str(caught.value) == sentence


def test_a_prefix_that_the_pattern_repeats_is_seen() -> None:
    check_pattern("v", "2", "f")
    check_pattern("", "v2", "f")
    check_pattern("1", "12", "f")
    with pytest.raises(BadInputError) as caught:
        check_pattern("v", "v2", "stack.yaml:3")
    assert str(caught.value) == (
        "stack.yaml:3: the pattern puts 'v' before the version, and 'v2' has it already; expected 2"
    )
