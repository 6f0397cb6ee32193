"""The canary that a change of an adopted repository means, on its way and on its way back."""

from __future__ import annotations

import pytest

from meshroll.gitops.history.rollback import locator, plan_rollback
from meshroll.gitops.planners import DesiredVersion, plan_adopted
from meshroll.gitops.plans import Plan, apply_plan
from meshroll.gitops.plans.scope import Scope
from meshroll.settings.fields import parse_field
from tests.support.git.repositories import Repository

STEPS = "strategy: {canary: {steps: [{setWeight: 5}, {pause: {duration: 10m}}]}}"
PODS = "template: {metadata: {labels: {version: v1}}}"
KUSTOMIZATION = "images: [{name: team/shop, newTag: v1}]\n"
CANARY = [("shop", "5% for 10m, then 100% (at least 10m)")]


def workload(*spec: str, kind: str = "Rollout", name: str = "shop") -> str:
    return f"kind: {kind}\nmetadata: {{name: {name}}}\nspec: {{{', '.join(spec)}}}\n"


OTHER = STEPS.replace("setWeight: 5", "setWeight: 50")
TAKES_OVER = "workloadRef: {kind: Deployment, name: pods}"


def commit(repository: Repository, **files: str) -> None:
    """Files of the folder `live`, all of them YAML."""
    repository.commit(write={f"live/{name}.yaml": text for name, text in files.items()})


def plan(repository: Repository, *fields: str) -> Plan:
    desired = DesiredVersion("shop", "v2", tuple(parse_field(field) for field in fields))
    return plan_adopted(repository.remote, "live", [desired], cache=repository.cache)


def canaries(plan: Plan) -> list[tuple[str, str]]:
    return [(canary.service, str(canary.timeline)) for canary in plan.timeline]


@pytest.mark.parametrize(
    ("files", "fields"),
    [
        ({"rollout": workload(STEPS, PODS)}, ()),
        ({"rollout": workload(STEPS), "kustomization": KUSTOMIZATION}, ()),
        ({"rollout": workload(STEPS), "values": "image: {tag: v1}\n"}, ("helm:values.yaml#image.tag",)),
        ({"rollout": workload(STEPS), "patch": workload(PODS)}, ()),
        ({"rollout": workload(STEPS), "patch": workload("strategy: {canary: {maxSurge: 1}}", PODS)}, ()),
        ({"rollout": workload(TAKES_OVER, STEPS), "pods": workload(PODS, kind="Deployment", name="pods")}, ()),
        ({"other": workload(OTHER), "rollout": workload(STEPS, PODS)}, ()),
    ],
    ids=["itself", "kustomization", "values", "patch", "patch of the strategy", "workloadRef", "before another"],
)
def test_the_canary_of_the_rollout_with_or_beside_the_version_is_in_the_plan_and_in_the_way_back(
    repository: Repository, files: dict[str, str], fields: tuple[str, ...]
) -> None:
    commit(repository, **files)
    there = plan(repository, *fields)
    apply_plan(repository.remote, there, stack="prod", cache=repository.cache)
    located = locator("shop", adopted=True)
    back = plan_rollback(repository.remote, "shop", located, scope=Scope("prod"), cache=repository.cache).plan
    assert (canaries(there), canaries(back)) == (CANARY, CANARY)


def test_of_two_rollouts_that_go_different_ways_none_is_in_the_plan(repository: Repository) -> None:
    commit(repository, a=workload(STEPS), b=workload(OTHER), kustomization=KUSTOMIZATION)
    assert canaries(plan(repository)) == []


@pytest.mark.parametrize("holder", [False, True], ids=["beside", "holder"])
@pytest.mark.parametrize(
    "spec",
    [
        "strategy: {blueGreen: {}}",
        "strategy: {canary: {maxSurge: 1}}",
        "strategy: {canary: {steps: [{setWeight: .inf}]}}",
        "strategy: {canary: {steps: [{setWeight: 5}, {pause: {duration: .inf}}]}}",
        "strategy: {canary: {steps: {}}}",
        "strategy: x",
    ],
)
def test_a_rollout_without_steps_to_read_has_no_canary_and_a_plan(
    repository: Repository, spec: str, *, holder: bool
) -> None:
    files = {"rollout": workload(spec, PODS)} if holder else {"rollout": workload(spec), "kustomization": KUSTOMIZATION}
    commit(repository, **files)
    planned = plan(repository)
    assert (len(planned.edits), canaries(planned)) == (1, [])
