"""Paths inside a repository."""

from __future__ import annotations

import pytest

from meshroll.errors import BadInputError
from meshroll.gitops.git.trees import path_names
from meshroll.gitops.planners.rendered import version_in


def test_a_path_is_its_names() -> None:
    assert path_names("sandbox/worker-1/provider") == ["sandbox", "worker-1", "provider"]
    assert path_names("") == []


@pytest.mark.parametrize(
    "path", ["/a", "a/", "a//b", ".", "..", "a/../b", ".git", ".Git/x", "a/.GIT", "git~1", "a\\b", "a\0b", "a\u202eb"]
)
def test_what_leaves_the_tree_or_lies_is_refused(path: str) -> None:
    with pytest.raises(BadInputError, match="is not a path inside the repository"):
        path_names(path)


def test_the_version_is_the_pod_label_of_the_services_own_rollout() -> None:
    text = (
        b"kind: Service\nmetadata: {name: a}\n---\n"
        b"kind: Rollout\nmetadata: {name: b}\nspec: {template: {metadata: {labels: {version: v1}}}}\n---\n"
        b"kind: Rollout\nmetadata: {name: a}\nspec: {template: {metadata: {labels: {version: v2}}}}\n"
    )
    assert version_in(text, "a") == "v2"
    assert version_in(text, "c") is None
    assert (
        version_in(b"kind: Rollout\nmetadata: {name: a}\nspec: {template: {metadata: {labels: {version: 1}}}}\n", "a")
        is None
    )
    assert version_in(b"- kind: Rollout\n", "a") is None
