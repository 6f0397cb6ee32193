"""What a stack's Applications need, from a real repository and from the templates."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from meshroll.errors import MeshrollError
from meshroll.manifests.argocd import ignore_differences
from meshroll.release.applied import ApplicationNeeds, application_needs
from meshroll.settings.fields import Field
from meshroll.settings.model import Service, Stack
from tests.support.git.repositories import Repository
from tests.support.stacks import stack

ROLLOUT = """\
apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: {name: shop}
spec:
  strategy:
    canary:
      trafficRouting:
        managedRoutes: [{name: lane}]
        istio: {virtualService: {name: shop, routes: [primary]}}
"""
IGNORED = {
    "group": "networking.istio.io",
    "kind": "VirtualService",
    "name": "shop",
    "jqPathExpressions": [
        '.spec.http[]? | select(.name == "primary") | .route[]?.weight',
        '.spec.http[]? | select(.name == "lane")',
    ],
}
ROUTES = """\
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: shop}
spec: {http: [{name: primary, route: [{destination: {host: shop}}]}]}
"""
SERVICE = "kind: Service\nmetadata: {name: edge, namespace: edge}\n"
OWN = {"group": "argoproj.io", "kind": "Rollout", "jsonPointers": ["/spec/x"]}


@pytest.fixture(autouse=True)
def cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def adopted(repository: Repository, *services: Service, path: str = "live/{cluster}/{service}") -> Stack:
    base = stack(workers=("east", "west"))
    source = dataclasses.replace(
        base.repository, url=repository.remote.url, kind="adopted", path=path, credentials=None
    )
    return dataclasses.replace(base, repository=source, services=services)


def test_each_cluster_ignores_what_the_rollouts_in_its_folder_write(repository: Repository) -> None:
    write = {"live/east/shop/all.yaml": f"{ROLLOUT}---\n{ROUTES}", "live/west/edge.yaml": SERVICE}
    repository.commit(write=write)
    assert application_needs(adopted(repository)) == {
        "east": ApplicationNeeds([IGNORED]),
        "west": ApplicationNeeds([], ("edge",)),
    }


def test_routes_and_entries_of_the_stack_come_after_what_was_read(repository: Repository) -> None:
    repository.commit(write={"live/east/all.yaml": f"{ROLLOUT}---\n{ROUTES}"})
    of = adopted(repository, Service("shop", None, None, {}, ("blue",)))
    of = dataclasses.replace(of, argocd=dataclasses.replace(of.argocd, ignore_differences=(OWN,)))
    blue = {
        "group": "networking.istio.io",
        "kind": "VirtualService",
        "jqPathExpressions": ['.spec.http[]? | select(.name == "blue")'],
    }
    assert {cluster: found.ignore_differences for cluster, found in application_needs(of).items()} == {
        "east": [IGNORED, blue, OWN],
        "west": [blue, OWN],
    }


def test_where_a_file_cannot_be_read_any_canary_is_left_alone_and_a_warning_says_why(repository: Repository) -> None:
    repository.commit(write={"live/east/all.yaml": ROUTES, "live/east/shop.yaml": ROLLOUT + "  broken\n"})
    found = application_needs(adopted(repository))["east"]
    assert found.ignore_differences == ignore_differences([], known=False)
    (warning,) = found.warnings
    assert warning.startswith("what Argo Rollouts writes may be more than was read: live/east/shop.yaml:")


def test_where_kustomize_makes_the_objects_entries_have_no_names(repository: Repository) -> None:
    kustomization = "namespace: prod\nresources: [../../base]\nimages: [{name: shop, newTag: v1}]\n"
    write = {"live/east/kustomization.yaml": kustomization, "base/all.yaml": f"{ROLLOUT}---\n{ROUTES}"}
    repository.commit(write=write)
    of = adopted(repository, Service("shop", "v1", None, {}, (), (Field("kustomize", "shop"),)), path="live/{cluster}")
    found = application_needs(of)["east"]
    kinds = [(entry["kind"], entry.get("name"), entry["jqPathExpressions"][-1]) for entry in found.ignore_differences]
    assert kinds == [
        ("VirtualService", None, '.spec.http[]? | select(.name == "lane")'),
        ("DestinationRule", None, '.spec.subsets[]?.labels["rollouts-pod-template-hash"]'),
    ]
    assert found.namespaces == ("prod",)


def test_a_rendered_stack_asks_its_templates_and_no_repository() -> None:
    of = stack(workers=("east", "west"))
    parameters = {"image": "x/y:1", "port": 80, "portName": "http"}
    lane = {**parameters, "header": {"name": "lane", "value": "a"}}
    services = (
        Service("shop", "v1", "weight", parameters, ()),
        Service("watched", None, "header", lane, ()),
    )
    needs = application_needs(dataclasses.replace(of, services=services))
    assert needs["east"] == needs["west"]
    assert [(entry["kind"], entry["name"]) for entry in needs["east"].ignore_differences] == [
        ("VirtualService", "shop"),
        ("DestinationRule", "shop"),
        ("VirtualService", "watched"),
    ]


def test_a_repository_that_cannot_be_reached_is_an_error(tmp_path: Path, repository: Repository) -> None:
    of = adopted(repository)
    away = dataclasses.replace(of.repository, url=f"file://{tmp_path}/away.git")
    with pytest.raises(MeshrollError, match=r"away\.git"):
        application_needs(dataclasses.replace(of, repository=away))
