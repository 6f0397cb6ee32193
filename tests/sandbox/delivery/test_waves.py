"""Two work clusters: the second gets nothing before the first has finished; in one mesh, the first one leads."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest

from meshroll.demo.project import Project
from meshroll.sandbox import Sandbox
from tests.sandbox import conftest as sandboxes
from tests.sandbox.delivery.conftest import laid_out
from tests.sandbox.delivery.test_adopted import MANIFEST
from tests.support.git.repositories import Repository
from tests.support.sandbox.stacks import PROVIDER, Made, derive, running, without_mesh

QUICK = MANIFEST.replace("{pause: {}}", "{pause: {duration: 1s}}")
FIRST, SECOND = "worker-2", "worker-1"
LEADER, FOLLOWER = "worker-1", "worker-2"
IMAGE = "registry.example/mspider/spring-{version}:v0.2"


@pytest.fixture(scope="module")
def two_workers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    root = tmp_path_factory.mktemp("state") / "meshroll"
    yield from sandboxes.running(Sandbox(f"test-{secrets.token_hex(3)}", root=root), workers=2)


@pytest.fixture(scope="module")
def people(two_workers: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Repository:
    return Repository(two_workers.home.repository, tmp_path_factory.mktemp("people"))


@pytest.fixture(scope="module")
def pair(two_workers: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Project:
    return laid_out(two_workers, tmp_path_factory.mktemp("waves"))


@pytest.fixture(scope="module")
def stack(pair: Project, people: Repository) -> Iterator[Made]:
    stack = derive(pair, "sandbox", "waves")
    without_mesh(stack)
    stack.put("/clusters/worker-2", {"context": "worker-2", "kubeconfig": {"env": "MESHROLL_KUBECONFIG"}})
    stack.put("/workers", [SECOND, FIRST])
    stack.put("/delivery/waves", [[FIRST], [SECOND]])
    stack.put("/delivery/wait", "finished")
    stack.put("/repository/kind", "adopted")
    stack.put("/services", {PROVIDER: {"version": "v1"}})
    people.commit("by hand", write={file_of(stack, worker): QUICK for worker in (FIRST, SECOND)})
    with running(stack):
        yield stack


def file_of(stack: Made, worker: str) -> str:
    return f"{stack.name}/{worker}/shop.yaml"


def touched(people: Repository, count: int) -> list[str]:
    """The files of the newest commits, newest first."""
    return people.git("log", f"-{count}", "--format=", "--name-only", "main").split()


def test_the_clusters_are_released_to_one_after_the_other(
    stack: Made, people: Repository, two_workers: Sandbox
) -> None:
    stack.put(f"/services/{PROVIDER}/version", "v2")
    shown = stack.meshroll("plan", "-s", stack.name)
    assert f"wave 1: Application {stack.name}-{FIRST} " in shown
    assert f"wave 2: Application {stack.name}-{SECOND} " in shown
    stack.up()
    assert touched(people, 2) == [file_of(stack, SECOND), file_of(stack, FIRST)]
    first, second = (int(time) for time in reversed(people.log("%ct")[:2]))
    assert second - first >= 1  # the pause of the first one's canary lies between them


def test_a_wave_that_fails_is_the_last(stack: Made, people: Repository) -> None:
    nobody = Path(IMAGE.format(version="nobody")).name  # an image that the sandbox has no program for
    stack.put(
        f"/services/{PROVIDER}/fields",
        [{"path": "shop.yaml#0/spec/template/spec/containers/0/image", "pattern": IMAGE}],
    )
    stack.meshroll("set", "--from-git", PROVIDER, "-s", stack.name)  # another field holds another version
    stack.up()
    stack.put(f"/services/{PROVIDER}/version", "nobody")
    stack.put("/delivery/timeout", "15s")
    assert f"{stack.name}-{FIRST}" in stack.up(fails=True)
    assert touched(people, 1) == [file_of(stack, FIRST)]
    assert nobody in people.read(file_of(stack, FIRST))
    assert nobody not in people.read(file_of(stack, SECOND))

    stack.meshroll("rollback", PROVIDER, "-s", stack.name, "--yes")
    assert people.read(file_of(stack, FIRST)) == people.read(file_of(stack, SECOND))


# What the mesh routes by: subsets that Argo Rollouts gives the hashes of the pods.
ROUTED = """\
---
apiVersion: v1
kind: Service
metadata: {name: dubbo3-provider}
spec:
  selector: {app: dubbo3-provider}
  ports: [{name: grpc, port: 20880}]
---
apiVersion: networking.istio.io/v1beta1
kind: VirtualService
metadata: {name: provider}
spec:
  hosts: [dubbo3-provider]
  http:
    - name: primary
      route:
        - {destination: {host: dubbo3-provider, subset: stable}, weight: 100}
        - {destination: {host: dubbo3-provider, subset: canary}, weight: 0}
---
apiVersion: networking.istio.io/v1beta1
kind: DestinationRule
metadata: {name: provider}
spec:
  host: dubbo3-provider
  subsets: [{name: stable, labels: {app: dubbo3-provider}}, {name: canary, labels: {app: dubbo3-provider}}]
"""
ISTIO = (
    "{istio: {virtualService: {name: provider, routes: [primary]}, "
    "destinationRule: {name: provider, stableSubsetName: stable, canarySubsetName: canary}}}"
)
# In a later wave than what it names: Argo Rollouts does not try again when its DestinationRule is not there yet.
LATER = '{name: dubbo3-provider, annotations: {argocd.argoproj.io/sync-wave: "1"}}'
SHARED = (
    MANIFEST.replace("{name: dubbo3-provider}", LATER, 1).replace(
        "{canary: {", f"{{canary: {{trafficRouting: {ISTIO}, "
    )
    + ROUTED
)


@pytest.fixture
def mesh(pair: Project, people: Repository) -> Iterator[Made]:
    """One mesh of two workers, the second in the leader's turn behind it; not up yet."""
    stack = derive(pair, "sandbox", "follows")
    stack.put("/clusters/worker-2", {"context": "worker-2", "kubeconfig": {"env": "MESHROLL_KUBECONFIG"}})
    stack.put("/mesh/workers", [LEADER, FOLLOWER])
    stack.put("/mesh/leader", LEADER)
    stack.put("/mesh/remoteKubeconfigs/worker-2", {"env": "MESHROLL_REMOTE_KUBECONFIG_WORKER_2"})
    stack.put("/delivery/waves", [[LEADER], [FOLLOWER]])
    stack.put("/repository/kind", "adopted")
    stack.put("/services", {PROVIDER: {"version": "v1"}})
    people.commit("by hand", write={file_of(stack, worker): SHARED for worker in (LEADER, FOLLOWER)})
    stack.init()
    yield stack
    stack.take_away()


def test_a_follower_with_the_same_pods_is_delivered_to_and_its_weights_are_told_to_act_on_nothing(mesh: Made) -> None:
    mesh.up()
    mesh.put(f"/services/{PROVIDER}/version", "v2")
    follows = f"{FOLLOWER} follows {LEADER} in one mesh: the weights of a canary in {FOLLOWER} act on nothing"
    assert follows in mesh.meshroll("plan", "-s", mesh.name)
    said = mesh.up()
    assert f"warning: {follows}" in said
    for worker in (LEADER, FOLLOWER):
        assert f"{PROVIDER} in {worker} is paused at step 2 of 2 (weight 50) until it is promoted" in said
    mesh.pulumi("preview", "--expect-no-changes")


def test_a_follower_with_one_environment_variable_more_gets_no_requests_and_up_says_so(
    mesh: Made, people: Repository
) -> None:
    more = SHARED.replace("          env:\n", "          env:\n            - {name: CLUSTER, value: two}\n")
    people.commit("by hand", write={file_of(mesh, FOLLOWER): more})
    said = mesh.up(fails=True)
    assert (
        f"Rollout {FOLLOWER}/{PROVIDER} is healthy, but its pod template is not that of the leader {LEADER} "
        "at /spec/containers/0/env/0/name: its pod hash is "
    ) in said
    assert f", so its pods in {FOLLOWER} get no requests" in said
