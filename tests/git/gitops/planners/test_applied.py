"""What is in the folders that Argo CD applies, read from a real repository."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from meshroll.gitops.planners import Applied, read_applied
from tests.support.git.repositories import Repository


def named(kind: str, name: str, **metadata: str) -> dict[str, Any]:
    return {"kind": kind, "metadata": {"name": name, **metadata}}


def yaml(item: Mapping[str, Any]) -> str:
    metadata = ", ".join(f"{key}: {value}" for key, value in item["metadata"].items())
    return f"kind: {item['kind']}\nmetadata: {{{metadata}}}\n"


def applied(repository: Repository, *folders: str) -> dict[str, Applied]:
    return read_applied(repository.remote, folders, cache=repository.cache)


SHOP, ROUTES, EDGE = (
    named("Rollout", "shop"),
    named("VirtualService", "shop"),
    named("Service", "edge", namespace="edge"),
)


def test_each_folder_has_its_own_objects_also_those_of_a_list(repository: Repository) -> None:
    listed = "kind: List\nitems:\n- {kind: Service, metadata: {name: edge, namespace: edge}}\n"
    write = {"east/a.yaml": yaml(SHOP) + "---\n" + yaml(ROUTES), "west/deep/b.yml": listed, "README.md": "kind: x\n"}
    repository.commit(write=write)
    found = applied(repository, "east", "west", "east", "north")
    assert found == {"east": Applied((SHOP, ROUTES)), "west": Applied((EDGE,)), "north": Applied()}


def test_an_empty_repository_holds_nothing(repository: Repository) -> None:
    assert applied(repository, "east") == {"east": Applied()}


@pytest.mark.parametrize("folder", ["", "live"])
def test_a_file_that_cannot_be_read_is_named(repository: Repository, folder: str) -> None:
    write = {"live/shop.yaml": yaml(SHOP), "live/broken.yaml": "kind: Rollout\n  metadata: {\n"}
    repository.commit(write=write)
    found = applied(repository, folder)[folder]
    assert found.objects == (SHOP,)
    (trouble,) = found.troubles
    assert trouble.startswith("live/broken.yaml:2:")


def test_what_kustomizations_name_is_read_too_and_once(repository: Repository) -> None:
    kustomization = "namespace: prod\nresources: [../../base, edge.yaml, 'https://example.com/x?ref=1', ../../..]\n"
    base = "resources: [shop.yaml]\ncomponents: [../part]\nbases: [../overlays/prod]\n"
    repository.commit(
        write={
            "overlays/prod/kustomization.yaml": kustomization,
            "overlays/prod/edge.yaml": yaml(EDGE),
            "base/kustomization.yaml": base,
            "base/shop.yaml": yaml(SHOP),
            "part/routes.yaml": yaml(ROUTES),
            "other/x.yaml": yaml(named("Rollout", "other")),
        }
    )
    assert applied(repository, "overlays/prod") == {
        "overlays/prod": Applied((EDGE, SHOP, ROUTES), ("prod",), built=True)
    }
