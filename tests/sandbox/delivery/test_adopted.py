"""Files that people wrote, released, undone and watched by `pulumi up` and by the command line alike."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from meshroll.demo.project import Project
from tests.support.git.repositories import Repository
from tests.support.sandbox.cluster import until
from tests.support.sandbox.stacks import PROVIDER, Made, derive, running, without_mesh
from tests.support.sandbox.watching import SECONDS, is_synced, phase, rollout

MANIFEST = """\
# The shop's provider, written by hand.
apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: {name: dubbo3-provider}   # its namespace is Argo CD's to say
spec:
  replicas: 2
  selector: {matchLabels: {app: dubbo3-provider}}
  strategy: {canary: {steps: [{setWeight: 50}, {pause: {}}]}}
  template:
    metadata:
      labels:
        app: dubbo3-provider
        version: 'v1'   # "v1" also stands in v1alpha1
    spec:
      containers:
        - name: dubbo3-provider
          image: registry.example/mspider/spring-dubbo3-provider:v0.2
          ports: [{containerPort: 20880, protocol: TCP}]
          env:
            - {name: POD_NAME, valueFrom: {fieldRef: {fieldPath: metadata.name}}}
            - {name: POD_NAMESPACE, valueFrom: {fieldRef: {fieldPath: metadata.namespace}}}
            - {name: POD_IP, valueFrom: {fieldRef: {fieldPath: status.podIP}}}
"""


@pytest.fixture(scope="module")
def stack(project: Project, rollouts: Repository) -> Iterator[Made]:
    """A stack over a hand-written file at v1."""
    stack = derive(project, "sandbox", "adopted")
    without_mesh(stack)
    stack.put("/repository/kind", "adopted")
    stack.put("/services", {PROVIDER: {"version": "v1"}})
    rollouts.commit("by hand", write={file_of(stack): MANIFEST})
    with running(stack):
        yield stack


def file_of(stack: Made) -> str:
    return f"{stack.name}/worker-1/shop.yaml"


def pod_version(stack: Made) -> str:
    return str(rollout(stack)["spec"]["template"]["metadata"]["labels"]["version"])


def findings(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.startswith("  ! ")]


def test_up_takes_over_what_stands_there_without_a_commit(stack: Made, rollouts: Repository) -> None:
    assert rollouts.log()[0] == "by hand"
    assert (phase(stack), pod_version(stack)) == ("Healthy", "v1")
    stack.pulumi("preview", "--expect-no-changes")


def test_a_release_changes_one_line_and_starts_the_canary(stack: Made, rollouts: Repository) -> None:
    stack.put(f"/services/{PROVIDER}/version", "v2")
    planned, preview = stack.meshroll("plan", "-s", stack.name), stack.pulumi("preview")
    diff = planned[planned.index("diff --git") :].partition("\n\n")[0].splitlines()
    assert [line for line in diff if line.startswith(("-  ", "+  "))] == [
        "-        version: 'v1'   # \"v1\" also stands in v1alpha1",
        "+        version: 'v2'   # \"v1\" also stands in v1alpha1",
    ]
    assert "\n".join(f"    {line}" for line in diff) in preview
    stack.up()
    assert rollouts.read(file_of(stack)) == MANIFEST.replace("'v1'", "'v2'")
    assert (phase(stack), pod_version(stack)) == ("Paused", "v2")


def test_what_was_undone_stays_undone_whatever_else_changes(stack: Made, rollouts: Repository) -> None:
    stack.meshroll("rollback", PROVIDER, "-s", stack.name, "--yes", "--reason", "it is slow")
    undone = rollouts.head()
    assert rollouts.read(file_of(stack)) == MANIFEST
    stack.put("/delivery/timeout", "200s")
    said = stack.up()
    assert f"warning: {PROVIDER}: v2 was undone by " in said
    assert f" in {undone[:12]} at " in said
    assert rollouts.head() == undone
    until(lambda: is_synced(stack, undone) and pod_version(stack) == "v1", "Argo CD has the undo", SECONDS)


def test_both_doors_leave_what_someone_else_put_into_git(stack: Made, rollouts: Repository) -> None:
    stack.put(f"/services/{PROVIDER}/version", "v3")
    stack.put("/delivery/wait", "synced")
    stack.up()
    theirs = rollouts.commit("hotfix", write={file_of(stack): MANIFEST.replace("'v1'", "'v9'")})
    (finding,) = findings(stack.meshroll("plan", "-s", stack.name))
    assert finding.startswith(
        f"! {PROVIDER}: Git holds v9, newer than v3, which `pulumi up` wrote last: Ada in {theirs[:12]} (hotfix); "
    )
    assert f"warning: {finding.removeprefix('! ')}" in stack.up()
    assert rollouts.head() == theirs


def test_the_stack_file_is_brought_in_line(stack: Made, rollouts: Repository) -> None:
    theirs = rollouts.head()
    assert f"{PROVIDER}: v3 -> v9 (" in stack.meshroll("set", "--from-git", PROVIDER, "-s", stack.name)
    assert "warning" not in stack.up()
    assert rollouts.head() == theirs
