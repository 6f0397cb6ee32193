"""Services whose Rollout is not a plain one: it uses a Deployment's pod template, or a hook waits beside it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from meshroll.demo.project import Project
from tests.sandbox.delivery.test_adopted import MANIFEST
from tests.support.git.repositories import Repository
from tests.support.sandbox.cluster import until
from tests.support.sandbox.stacks import PROVIDER, Made, derive, running, without_mesh
from tests.support.sandbox.watching import ARGO, SECONDS, application, phase, terminate_sync

TEMPLATE = MANIFEST[MANIFEST.index("  template:\n") :]
# The canary of a Deployment, under a name of its own; Argo Rollouts wants the Deployment without pods of its own.
BY_REFERENCE = f"""\
apiVersion: apps/v1
kind: Deployment
metadata: {{name: dubbo3-provider}}
spec:
  replicas: 0
  selector: {{matchLabels: {{app: dubbo3-provider}}}}
{TEMPLATE}
---
apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: {{name: provider-canary}}
spec:
  replicas: 2
  selector: {{matchLabels: {{app: dubbo3-provider}}}}
  workloadRef: {{apiVersion: apps/v1, kind: Deployment, name: dubbo3-provider}}
  strategy: {{canary: {{steps: [{{setWeight: 50}}, {{pause: {{}}}}]}}}}
"""
# A hook that is done only after its image was pulled, which it never is: it stands for one that waits for the pause.
HOOK = """\
apiVersion: batch/v1
kind: Job
metadata:
  name: smoke
  annotations: {argocd.argoproj.io/hook: PostSync}
spec:
  template:
    spec:
      restartPolicy: Never
      containers: [{name: smoke, image: "registry.example/mspider/nobody:v1"}]
"""


def adopted(project: Project, rollouts: Repository, word: str, manifest: str) -> Made:
    stack = derive(project, "sandbox", word)
    without_mesh(stack)
    stack.put("/repository/kind", "adopted")
    stack.put("/services", {PROVIDER: {"version": "v1"}})
    stack.put("/delivery/timeout", "60s")
    rollouts.commit("by hand", write={f"{stack.name}/worker-1/shop.yaml": manifest})
    return stack


@pytest.fixture
def by_reference(project: Project, rollouts: Repository) -> Iterator[Made]:
    with running(adopted(project, rollouts, "reference", BY_REFERENCE)) as stack:
        yield stack


@pytest.fixture
def hooked(project: Project, rollouts: Repository) -> Iterator[Made]:
    with running(adopted(project, rollouts, "hook", MANIFEST)) as stack:
        rollouts.commit("a hook", write={f"{stack.name}/worker-1/smoke.yaml": HOOK})
        yield stack
        terminate_sync(stack)


def test_a_rollout_that_uses_a_deployments_pod_template_is_waited_for(by_reference: Made) -> None:
    by_reference.put(f"/services/{PROVIDER}/version", "v2")
    said = by_reference.up()
    assert f"{PROVIDER} in worker-1 is paused at step 2 of 2 until it is promoted: go on with `meshroll promote" in said
    assert phase(by_reference, "provider-canary") == "Paused"
    by_reference.pulumi("preview", "--expect-no-changes")

    by_reference.meshroll("promote", "provider-canary", "-s", by_reference.name, fails=True)
    by_reference.meshroll("promote", PROVIDER, "-s", by_reference.name)
    by_reference.put("/delivery/wait", "finished")
    by_reference.up()
    until(lambda: phase(by_reference, "provider-canary") == "Healthy", "v2 serves all", SECONDS)


def test_a_hook_after_the_sync_does_not_keep_up_from_seeing_the_pause(hooked: Made) -> None:
    hooked.put(f"/services/{PROVIDER}/version", "v2")
    said = hooked.up()
    under_way = f"Application {hooked.application} is syncing "
    assert under_way in said
    assert f"{PROVIDER} in worker-1 is paused at step 2 of 2 until it is promoted" in said
    assert application(hooked)["status"]["operationState"]["phase"] == "Running"
    assert hooked.worker.get(ARGO, "Rollout", PROVIDER, hooked.namespace) is not None
