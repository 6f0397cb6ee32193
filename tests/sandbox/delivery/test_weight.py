"""In the middle of a canary by weight: nothing that Argo CD does, and no part that dies, moves the weights."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from meshroll.delivery.measure import binomial_bounds
from meshroll.demo.project import Project
from meshroll.sandbox import PartState, Sandbox
from tests.support.sandbox.cluster import until
from tests.support.sandbox.stacks import CONSUMER, PROVIDER, Made, derive, running, wait_for_people
from tests.support.sandbox.watching import (
    NETWORKING,
    SECONDS,
    ask,
    is_synced,
    phase,
    rollout,
    routes,
    sync_with_own_options,
    weights,
)


@pytest.fixture(scope="module")
def up_output(stack: Made) -> str:
    """What `pulumi up` of v2 said."""
    stack.put(f"/services/{PROVIDER}/version", "v2")
    return stack.up()


@pytest.fixture(scope="module")
def stack(project: Project) -> Iterator[Made]:
    """All of the sandbox's stack, mesh included, at v1."""
    stack = derive(project, "sandbox", "weight")
    wait_for_people(stack)
    with running(stack):
        yield stack


@pytest.fixture
def canary(stack: Made, up_output: str) -> Made:
    """v2 of the provider is on its way and has 5% of the requests until someone promotes it."""
    assert (phase(stack), weights(stack)) == ("Paused", [95, 5])
    return stack


def test_up_succeeds_at_a_pause_without_end_and_says_how_to_go_on(canary: Made, up_output: str) -> None:
    assert (
        f"    {PROVIDER} in worker-1 is paused at step 2 of 4 (weight 5) until it is promoted: "
        f"go on with `meshroll promote {PROVIDER} -s {canary.name} --cluster worker-1 --step 2`"
    ) in up_output.splitlines()


def test_a_sync_with_the_applications_own_options_leaves_the_weights(canary: Made) -> None:
    before = routes(canary)
    ended = sync_with_own_options(canary)
    assert ended["phase"] == "Succeeded"
    # Not even for a moment: a write that Argo Rollouts mended at once would have made a new generation.
    assert routes(canary)["metadata"]["generation"] == before["metadata"]["generation"]
    assert weights(canary) == [95, 5]


def test_the_self_heal_of_another_object_leaves_the_weights(canary: Made) -> None:
    before = routes(canary)
    canary.worker.patch(
        NETWORKING,
        "Gateway",
        CONSUMER,
        canary.namespace,
        {"spec": {"selector": {"istio": "no"}}},
        field_manager="tests",
    )
    until(lambda: selector(canary) == "ingressgateway", "Argo CD has restored the Gateway", SECONDS)
    commit = canary.outputs()["release"][canary.application]["commit"]
    until(lambda: is_synced(canary, commit), "Argo CD is done", SECONDS)
    assert routes(canary)["metadata"]["generation"] == before["metadata"]["generation"]
    assert weights(canary) == [95, 5]


def selector(stack: Made) -> str:
    gateway = stack.worker.get(NETWORKING, "Gateway", CONSUMER, stack.namespace)
    assert gateway is not None
    return str(gateway["spec"]["selector"]["istio"])


@pytest.mark.parametrize("part", ["istiod", "worker-1/kube-apiserver", "worker-1/gateway"])
def test_a_pause_outlives_a_killed_part_and_traffic_flows_again(canary: Made, whole: Sandbox, part: str) -> None:
    pod_hash = rollout(canary)["status"]["currentPodHash"]
    (row,) = [row for row in whole.status() if row.name == part]
    assert row.pid is not None
    os.kill(row.pid, signal.SIGKILL)
    until(lambda: any(row.name == part and row.state is PartState.DEAD for row in whole.status()), f"{part} is dead")
    said = status(whole)
    assert said.returncode == 1
    assert f"{part} is dead; its log {whole.logs(part)} ends with:" in said.stderr.splitlines()

    whole.up()
    assert status(whole).returncode == 0
    assert (phase(canary), weights(canary)) == ("Paused", [95, 5])
    assert rollout(canary)["status"]["currentPodHash"] == pod_hash
    # A right split is called wrong once in a million runs.
    low, high = binomial_bounds(2000, 5, 1 - 1e-6)
    counts = ask(canary, 2000)
    assert counts.failures == {}
    assert low <= counts.versions.get("v2", 0) <= high, counts


def status(sandbox: Sandbox) -> subprocess.CompletedProcess[str]:
    meshroll = Path(sys.executable).with_name("meshroll")
    return subprocess.run(
        [meshroll, "sandbox", "--name", sandbox.home.name, "status"],
        env=os.environ | {"XDG_STATE_HOME": str(sandbox.home.root.parent)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_promote_goes_on_to_the_next_pause(canary: Made) -> None:
    said = canary.meshroll("promote", PROVIDER, "-s", canary.name)
    assert said == (
        f"{PROVIDER} in worker-1 is promoted: 5% -> 50%\n"
        f"waiting until {PROVIDER} has its new routes in worker-1 and in the control plane\n"
    )
    until(lambda: (phase(canary), weights(canary)) == ("Paused", [50, 50]), "v2 has half", SECONDS)
