"""One stack over its life: what preview, up and refresh make of a change, and how far an up waits."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from meshroll.demo.project import Project
from meshroll.sandbox import Sandbox
from tests.support.git.repositories import Repository
from tests.support.sandbox.cluster import until
from tests.support.sandbox.stacks import CONSUMER, PROVIDER, Made, derive, running, without_mesh
from tests.support.sandbox.watching import SECONDS, is_synced, phase, rollout, routes, weights

QUICK = [{"setWeight": 50}, {"pause": {"duration": "1s"}}]


@pytest.fixture(scope="module")
def stack(project: Project) -> Iterator[Made]:
    stack = derive(project, "sandbox", "changes")
    without_mesh(stack)
    for service in (PROVIDER, CONSUMER):
        stack.put(f"/services/{service}/parameters/steps", QUICK)
    with running(stack):
        yield stack


def commit_of(stack: Made) -> str:
    return str(stack.outputs()["release"][stack.application]["commit"])


def file_of(stack: Made) -> str:
    return f"{stack.name}/worker-1/{PROVIDER}/rollout.yaml"


def pod_version(stack: Made) -> str:
    """The version that the Rollout asks for."""
    return str(rollout(stack)["spec"]["template"]["metadata"]["labels"]["version"])


def test_up_leaves_nothing_to_preview_and_a_second_up_makes_no_commit(stack: Made, rollouts: Repository) -> None:
    head = rollouts.head()
    assert commit_of(stack) == head
    stack.pulumi("preview", "--expect-no-changes")
    assert "Resources:\n    10 unchanged\n" in stack.up()
    assert (rollouts.head(), commit_of(stack)) == (head, head)


def test_a_preview_shows_the_commit_as_a_unified_diff_and_makes_none(stack: Made, rollouts: Repository) -> None:
    head, file = rollouts.head(), file_of(stack)
    stack.put(f"/services/{PROVIDER}/version", "v2")
    shown = stack.pulumi("preview")
    stack.put(f"/services/{PROVIDER}/version", "v1")
    _, _, diff = shown.partition(f"    diff --git a/{file} b/{file}\n")
    index, _, rest = diff.partition("\n")
    assert index.startswith("    index ")
    lines = [line.removeprefix("    ") for line in rest.partition("\n\n")[0].splitlines()]
    assert lines == [
        f"--- a/{file}",
        f"+++ b/{file}",
        "@@ -18,7 +18,7 @@ spec:",
        "       labels:",
        f"         app: {PROVIDER}",
        '         sidecar.istio.io/inject: "true"',
        "-        version: v1",
        "+        version: v2",
        "     spec:",
        "       containers:",
        f"         - name: {PROVIDER}",
    ]
    assert rollouts.head() == head


def test_another_field_of_the_same_route_reaches_the_cluster(stack: Made) -> None:
    assert phase(stack) == "Healthy"
    stack.put(f"/services/{PROVIDER}/parameters/timeout", "7s")
    stack.put("/delivery/wait", "synced")
    stack.up()
    (route,) = routes(stack)["spec"]["http"]
    assert (route["timeout"], weights(stack)) == ("7s", [100, 0])


def test_wait_synced_ends_when_argo_cd_has_the_commit(stack: Made, rollouts: Repository) -> None:
    stack.put("/delivery/wait", "synced")
    stack.put(f"/services/{PROVIDER}/version", "v2")
    stack.up()
    assert is_synced(stack, rollouts.head())
    assert pod_version(stack) == "v2"


def test_wait_finished_ends_when_the_new_version_serves_all(stack: Made, rollouts: Repository) -> None:
    stack.put("/delivery/wait", "finished")
    stack.put(f"/services/{PROVIDER}/version", "v3")
    stack.up()
    status = rollout(stack)["status"]
    assert (pod_version(stack), status["phase"], status["stableRS"]) == ("v3", "Healthy", status["currentPodHash"])
    until(lambda: weights(stack) == [100, 0], "the weights are back", SECONDS)  # an update after that of the status


def test_wait_committed_asks_argo_cd_nothing(stack: Made, rollouts: Repository, whole: Sandbox) -> None:
    stack.put("/delivery/wait", "committed")
    stack.put(f"/services/{PROVIDER}/version", "v4")
    whole.stop("argocd/application-controller")
    stack.up()
    assert rollouts.head() == commit_of(stack)
    assert "version: v4\n" in rollouts.read(file_of(stack))
    assert pod_version(stack) != "v4"


def test_refresh_sees_the_version_that_somebody_else_committed(stack: Made, rollouts: Repository) -> None:
    (wished,) = [service.version for service in stack.settings.services if service.name == PROVIDER]
    text = rollouts.read(file_of(stack))
    theirs = rollouts.commit("by hand", write={file_of(stack): text.replace(f"version: {wished}\n", "version: v9\n")})
    assert f'~ version: "{wished}" => "v9"' in stack.pulumi("refresh", "--yes", "--skip-preview", "--diff")
    (release,) = [resource for resource in stack.state() if resource["type"] == "meshroll:index:Release"]
    assert release["outputs"] == {"commit": theirs, "versions": {PROVIDER: "v9", CONSUMER: "v1"}}
    until(lambda: pod_version(stack) == "v9", "Argo CD has synced it too", SECONDS)
