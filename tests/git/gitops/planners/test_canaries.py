"""The canary that a change of an adopted repository means, on its way and on its way back."""

from __future__ import annotations

import pytest

from meshroll.gitops.history.rollback import locator, plan_rollback
from meshroll.gitops.planners import DesiredVersion, plan_adopted, plan_rendered
from meshroll.gitops.plans import Plan, apply_plan
from meshroll.gitops.plans.scope import Scope
from meshroll.manifests.templates import MARKER
from meshroll.settings.fields import parse_field
from tests.support.git.repositories import Repository

SAME = "no canary: the pod template stays as it is"
UNFINISHED = "no steps where the release has not finished: the stable pods are still those before it"

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
    assert (canaries(there), canaries(back)) == (CANARY, [("shop", f"{CANARY[0][1]}; {UNFINISHED}")])


def test_of_two_rollouts_that_go_different_ways_none_is_in_the_plan(repository: Repository) -> None:
    commit(repository, a=workload(STEPS), b=workload(OTHER), kustomization=KUSTOMIZATION)
    assert canaries(plan(repository)) == []


@pytest.mark.parametrize("holder", [False, True], ids=["beside", "holder"])
@pytest.mark.parametrize(
    "spec", ["strategy: {canary: {maxSurge: 1}}", "strategy: {canary: {steps: {}}}", "strategy: x"]
)
def test_what_may_be_a_patch_says_nothing_of_a_canary(repository: Repository, spec: str, *, holder: bool) -> None:
    commit_one(repository, spec, holder=holder)
    planned = plan(repository)
    assert (len(planned.edits), canaries(planned)) == (1, [])


@pytest.mark.parametrize("holder", [False, True], ids=["beside", "holder"])
@pytest.mark.parametrize(
    ("spec", "text"),
    [
        ("strategy: {blueGreen: {}}", "no canary: its strategy is blueGreen"),
        ("selector: {}, strategy: {canary: {maxSurge: 1}}", "no canary: it has no steps"),
        (
            "strategy: {canary: {steps: [{setWeight: .inf}]}}",
            'unknown step {"setWeight": Infinity}, then 100%',
        ),
        (
            "strategy: {canary: {steps: [{setWeight: 5}, {pause: {duration: .inf}}]}}",
            "5% for inf (not a duration), then 100%",
        ),
        (
            "rollbackWindow: {revisions: 1}, strategy: {canary: {steps: [{setWeight: 5}, {pause: {}}]}}",
            "5% until promoted, then 100%; no steps where it goes back by 1 revision or fewer",
        ),
    ],
    ids=["blueGreen", "no steps", "no weight", "no duration", "rollbackWindow"],
)
def test_what_a_rollout_says_of_its_canary_is_in_the_plan(
    repository: Repository, spec: str, text: str, *, holder: bool
) -> None:
    commit_one(repository, spec, holder=holder)
    planned = plan(repository)
    assert (len(planned.edits), canaries(planned)) == (1, [("shop", text)])


def commit_one(repository: Repository, spec: str, *, holder: bool) -> None:
    """A Rollout that holds the version, or one beside the kustomization that holds it."""
    files = {"rollout": workload(spec, PODS)} if holder else {"rollout": workload(spec), "kustomization": KUSTOMIZATION}
    commit(repository, **files)


@pytest.mark.parametrize(
    ("files", "fields", "text"),
    [
        ({"pods": workload(PODS, kind="Deployment")}, (), "no canary: Deployment shop is not a Rollout"),
        (
            {"pods": workload(PODS, kind="StatefulSet"), "kustomization": KUSTOMIZATION},
            ("kustomize:team/shop",),
            "no canary: StatefulSet shop is not a Rollout",
        ),
        (
            {"pods": workload(PODS, kind="Deployment"), "rollout": workload(STEPS)},
            ("label:version",),
            "no canary: Deployment shop is not a Rollout",
        ),
        (
            {
                "pods": workload(PODS, kind="Deployment"),
                "canary": workload("workloadRef: {kind: Deployment, name: shop}", STEPS, name="shop-canary"),
            },
            (),
            CANARY[0][1],
        ),
        (
            {"rollout": workload(STEPS, PODS), "config": "kind: ConfigMap\nmetadata: {name: shop}\ndata: {v: v1}\n"},
            ("path:config.yaml#0/data/v",),
            SAME,
        ),
        (
            {"rollout": workload(STEPS, PODS, "paused: v1")},
            ("path:rollout.yaml#0/spec/paused",),
            SAME,
        ),
        (
            {"rollout": workload(STEPS, PODS), "values": "kind: x\nversion: v1\n"},
            ("path:values.yaml#0/version",),
            CANARY[0][1],
        ),
    ],
    ids=[
        "Deployment",
        "StatefulSet",
        "Deployment beside a Rollout",
        "workloadRef of another name",
        "ConfigMap",
        "outside the template",
        "values",
    ],
)
def test_a_change_that_starts_no_canary_says_why(
    repository: Repository, files: dict[str, str], fields: tuple[str, ...], text: str
) -> None:
    commit(repository, **files)
    assert canaries(plan(repository, *fields)) == [("shop", text)]


@pytest.mark.parametrize(("written", "text"), [("2024-05-01", SAME), ("1.10", CANARY[0][1])], ids=["date", "number"])
def test_a_version_that_is_only_quoted_makes_other_pods_where_it_was_a_number(
    repository: Repository, written: str, text: str
) -> None:
    commit(repository, rollout=workload(STEPS, PODS.replace("v1", written)))
    desired = DesiredVersion("shop", written)
    planned = plan_adopted(repository.remote, "live", [desired], cache=repository.cache)
    assert ([edit.new for edit in planned.edits], canaries(planned)) == ([written], [("shop", text)])


def test_a_configmap_beside_a_kustomization_may_make_pods(repository: Repository) -> None:
    files = {"rollout": workload(STEPS, PODS), "kustomization": KUSTOMIZATION}
    commit(repository, **files, config="kind: ConfigMap\nmetadata: {name: shop}\ndata: {v: v1}\n")
    assert canaries(plan(repository, "path:config.yaml#0/data/v")) == CANARY


def test_a_place_that_holds_the_version_already_makes_no_other_pods(repository: Repository) -> None:
    config = "kind: ConfigMap\nmetadata: {name: shop}\ndata: {v: v1}\n"
    commit(repository, rollout=workload(STEPS, PODS.replace("v1", "v2")), config=config)
    assert canaries(plan(repository, "label:version", "path:config.yaml#0/data/v")) == [("shop", SAME)]


def test_the_way_back_outside_the_pod_template_starts_no_canary(repository: Repository) -> None:
    commit(repository, rollout=workload(STEPS, PODS, "paused: v1"))
    there = plan(repository, "path:rollout.yaml#0/spec/paused")
    apply_plan(repository.remote, there, stack="prod", cache=repository.cache)
    located = locator("shop", adopted=True)
    back = plan_rollback(repository.remote, "shop", located, scope=Scope("prod"), cache=repository.cache).plan
    assert canaries(back) == [("shop", SAME)]


def test_the_way_back_within_the_rollback_window_has_no_steps(repository: Repository) -> None:
    commit(repository, rollout=workload("rollbackWindow: {revisions: 1}", STEPS, PODS))
    apply_plan(repository.remote, plan(repository), stack="prod", cache=repository.cache)
    located = locator("shop", adopted=True)
    back = plan_rollback(repository.remote, "shop", located, scope=Scope("prod"), cache=repository.cache).plan
    assert canaries(back) == [("shop", "no canary: it goes back 1 revision, within the rollbackWindow of 1")]


def rendered(image: str, step: int = 5) -> dict[str, dict[str, str]]:
    steps = f"strategy: {{canary: {{steps: [{{setWeight: {step}}}, {{pause: {{duration: 10m}}}}]}}}}"
    pods = f"template: {{metadata: {{labels: {{version: v1}}}}, spec: {{containers: [{{image: {image}}}]}}}}"
    return {
        "shop": {"rollout.yaml": MARKER + "x\n" + workload(steps, pods), "service.yaml": f"{MARKER}x\nkind: Service\n"}
    }


def test_a_rendered_release_says_whether_a_canary_will_run(repository: Repository) -> None:
    def planned(files: dict[str, dict[str, str]]) -> Plan:
        return plan_rendered(repository.remote, "live", files, cache=repository.cache)

    first = planned(rendered("x:1"))
    apply_plan(repository.remote, first, stack="prod", cache=repository.cache)
    service = rendered("x:1")
    service["shop"]["service.yaml"] += "metadata: {name: shop}\n"
    found = [
        canaries(each) for each in (first, planned(service), planned(rendered("x:1", 7)), planned(rendered("x:2")))
    ]
    assert found == [[("shop", "no canary: it is the first release")], [("shop", SAME)], [("shop", SAME)], CANARY]
    assert planned(rendered("x:1")).timeline == ()
