"""Applications that are in the repository: a plan names those that would undo its canary, with the patch that helps."""

from __future__ import annotations

import json

import pytest

from meshroll.gitops.planners import DesiredVersion, application_findings, plan_adopted
from meshroll.gitops.plans import Finding, Plan
from tests.support.git.repositories import Repository

ROLLOUT = """\
apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: {name: shop}
spec:
  template: {metadata: {labels: {version: v1}}}
  strategy:
    canary:
      trafficRouting:
        istio: {virtualService: {name: shop, routes: [primary]}}
        managedRoutes: [{name: lane}]
"""
ROUTES = """\
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: shop}
spec: {http: [{name: primary, route: [{destination: {host: shop}}]}]}
"""
APPLICATION = """\
# Made by the platform team.
---
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: shop}
spec:
  source: {path: live/shop}
"""
WEIGHTS = '.spec.http[]? | select(.name == "primary") | .route[]?.weight'
LANE = '.spec.http[]? | select(.name == "lane")'
ENTRY = {"group": "networking.istio.io", "kind": "VirtualService", "name": "shop"}


def planned(repository: Repository, **files: str) -> Plan:
    """Folders are written with two underscores."""
    write = {f"{name.replace('__', '/')}.yaml": text for name, text in files.items()}
    repository.commit(write={"live/shop/all.yaml": f"{ROLLOUT}---\n{ROUTES}", **write})
    desired = DesiredVersion("shop", "v2")
    return plan_adopted(repository.remote, "live/shop", [desired], cache=repository.cache)


def findings(repository: Repository, plan: Plan) -> tuple[Finding, ...]:
    return application_findings(repository.remote, plan, cache=repository.cache)


def finding(*expressions: str, file: str, line: int = 3, before: tuple[object, ...] = ()) -> Finding:
    entries = [*before, {**ENTRY, "jqPathExpressions": list(expressions)}]
    patch = json.dumps({"spec": {"ignoreDifferences": entries}})
    message = (
        "Application shop would undo what Argo Rollouts writes into VirtualService while a canary runs; "
        f"patch it with {patch}"
    )
    return Finding("ignore-differences", message, "", file, line)


@pytest.mark.parametrize("file", ["root", "live/shop-app", "argocd/team/shop", "live/apps/shop"])
def test_an_application_without_the_entries_is_a_finding_with_the_patch(repository: Repository, file: str) -> None:
    plan = planned(repository, **{file.replace("/", "__"): APPLICATION})
    assert findings(repository, plan) == (finding(WEIGHTS, LANE, file=f"{file}.yaml"),)


def test_only_what_is_missing_is_in_the_patch_beside_what_is_there(repository: Repository) -> None:
    own = {"group": "*", "kind": "VirtualService", "jqPathExpressions": [".spec.http[].route[].weight"]}
    text = f"{APPLICATION}  ignoreDifferences: {json.dumps([own])}\n"
    assert findings(repository, planned(repository, app=text)) == (finding(LANE, file="app.yaml", before=(own,)),)


@pytest.mark.parametrize(
    "entry",
    [
        {**ENTRY, "jsonPointers": ["/spec/http"]},
        {"group": "networking.istio.io", "kind": "VirtualService", "jqPathExpressions": [".spec.http"]},
        {"group": "*", "kind": "*", "managedFieldsManagers": ["rollouts-controller"]},
        {**ENTRY, "jqPathExpressions": [WEIGHTS.replace("?", ""), LANE]},
    ],
    ids=["pointer", "jq", "manager", "the same"],
)
def test_an_application_that_ignores_it_its_own_way_is_not_a_finding(repository: Repository, entry: object) -> None:
    text = f"{APPLICATION}  ignoreDifferences: {json.dumps([entry])}\n"
    assert findings(repository, planned(repository, app=text)) == ()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("live/shop}", "live/other}"),
        ("argoproj.io", "example.com"),
        ("source: {path: live/shop}", "source: {chart: shop}"),
        ("source: {path: live/shop}", "sources: x"),
    ],
    ids=["another folder", "another API", "chart", "no source"],
)
def test_an_application_of_something_else_is_not_a_finding(repository: Repository, old: str, new: str) -> None:
    assert findings(repository, planned(repository, app=APPLICATION.replace(old, new))) == ()


def test_an_application_is_not_looked_for_in_any_folder(repository: Repository) -> None:
    assert findings(repository, planned(repository, elsewhere__app=APPLICATION)) == ()


def test_one_of_several_sources_and_an_applicationset_count(repository: Repository) -> None:
    several = APPLICATION.replace("source: {path: live/shop}", "sources: [{chart: x}, {path: ./live/}]")
    of_set = APPLICATION.replace("kind: Application", "kind: ApplicationSet").replace(
        "  source: {path: live/shop}", "  template: {spec: {source: {path: 'live/{{name}}'}}}"
    )
    found = findings(repository, planned(repository, a=several, b=of_set))
    assert [(each.file, each.message.partition(" ")[0]) for each in found] == [
        ("a.yaml", "Application"),
        ("b.yaml", "ApplicationSet"),
    ]
    assert found[1].message.endswith(
        json.dumps(
            {"spec": {"template": {"spec": {"ignoreDifferences": [{**ENTRY, "jqPathExpressions": [WEIGHTS, LANE]}]}}}}
        )
    )


def test_of_what_kustomize_builds_the_entries_count_for_every_name(repository: Repository) -> None:
    plan = planned(repository, app=APPLICATION, live__shop__kustomization="resources: [all.yaml]\n")
    (found,) = findings(repository, plan)
    assert '{"group": "networking.istio.io", "kind": "VirtualService", "jqPathExpressions": [' in found.message


@pytest.mark.parametrize(
    "more", [{}, {"live/shop/kustomization.yaml": "resources: [all.yaml]\n"}], ids=["plain", "built"]
)
def test_without_a_rollout_that_steers_routes_nothing_is_missing(repository: Repository, more: dict[str, str]) -> None:
    plain = ROLLOUT[: ROLLOUT.index("  strategy")]
    repository.commit(write={"app.yaml": APPLICATION, "live/shop/all.yaml": plain, **more})
    plan = plan_adopted(repository.remote, "live/shop", [DesiredVersion("shop", "v2")], cache=repository.cache)
    assert (len(plan.edits), findings(repository, plan)) == (1, ())


def test_a_plan_that_changes_nothing_asks_nobody(repository: Repository) -> None:
    planned(repository, app=APPLICATION)
    same = plan_adopted(repository.remote, "live/shop", [DesiredVersion("shop", "v1")], cache=repository.cache)
    assert findings(repository, same) == ()
