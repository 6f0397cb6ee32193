"""Promotion by real commands in a whole mesh: one step for one wish, none that the control plane does not follow."""

from __future__ import annotations

import re
import secrets
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from meshroll.delivery import operate
from meshroll.delivery.leader import DEADLINE, KEPT
from meshroll.delivery.rollouts import is_observed
from meshroll.demo.project import Project
from meshroll.errors import ConflictError
from meshroll.kube import Kube
from meshroll.sandbox import Sandbox
from tests.support.sandbox.cluster import until
from tests.support.sandbox.stacks import PROVIDER, RUN_SECONDS, Made, Object, derive, running, wait_for_people
from tests.support.sandbox.traffic import Traffic
from tests.support.sandbox.watching import ARGO, NETWORKING, SECONDS, phase, rollout, weights

WEIGHTS = (5, 20, 50, 80)
PAUSE: Object = {"pause": {}}
STEPS: list[Object] = [step for weight in WEIGHTS for step in (Object(setWeight=weight), PAUSE)]
SYNCHRONIZER = (
    "expected a running synchronizer "
    "(Deployment mspider-mcpc-mcpc-controller in namespace istio-system of cluster host)"
)
WAITING = f"waiting until {PROVIDER} has its new routes in worker-1 and in the control plane\n"


@pytest.fixture(scope="module")
def stack(project: Project) -> Iterator[Made]:
    """All of the sandbox's stack, mesh included."""
    stack = derive(project, "sandbox", "promote")
    wait_for_people(stack)
    stack.put(f"/services/{PROVIDER}/parameters/steps", STEPS)
    with running(stack):
        yield stack


@pytest.fixture
def canary(stack: Made) -> Made:
    """A new version has 5% of the requests until someone promotes it."""
    if (phase(stack), weights(stack), copied_weights(stack)) != ("Paused", [95, 5], [95, 5]):
        stack.put(f"/services/{PROVIDER}/version", f"v{secrets.token_hex(4)}")
        stack.up()
        until(lambda: copied_weights(stack) == [95, 5], "the control plane has the weights", SECONDS)
    assert (place(stack), weights(stack)) == (2, [95, 5])
    return stack


def place(stack: Made) -> int:
    """The step, from 1, at which the provider is paused."""
    assert phase(stack) == "Paused"
    return int(rollout(stack)["status"]["currentStepIndex"]) + 1


def copied_weights(stack: Made) -> list[int]:
    """The weights that the control plane has."""
    found = stack.host.get(NETWORKING, "VirtualService", PROVIDER, stack.namespace)
    return [to.get("weight", 0) for route in (found["spec"]["http"] if found else []) for to in route["route"]]


def promote(stack: Made, *arguments: str) -> subprocess.Popen[str]:
    """A command that runs while the test goes on."""
    meshroll = str(Path(sys.executable).with_name("meshroll"))
    return subprocess.Popen(
        [meshroll, "promote", PROVIDER, "-s", stack.name, *arguments],
        cwd=stack.project.folder,
        env=dict(stack.environment),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def said(command: subprocess.Popen[str]) -> tuple[int, str, str]:
    """How a command ended, and what it said on its two outputs."""
    out, error = command.communicate(timeout=RUN_SECONDS)
    return command.returncode, out, error


def both(stack: Made, *arguments: str) -> list[tuple[int, str, str]]:
    """Two equal commands at the same time."""
    return [said(command) for command in [promote(stack, *arguments), promote(stack, *arguments)]]


class Interrupted:
    """A work cluster's API; something else happens before the first write."""

    def __init__(self, worker: Kube, meanwhile: Callable[[], object]) -> None:
        self._worker, self._meanwhile = worker, [meanwhile]
        self.name = worker.name
        self.get, self.list, self.knows = worker.get, worker.list, worker.knows

    def patch(self, *place: Any, **options: Any) -> Object:
        while self._meanwhile:
            self._meanwhile.pop()()
        return self._worker.patch(*place, **options)


REFUSED = re.compile(
    rf"meshroll: cluster worker-1: Rollout {PROVIDER} (is not at step \d|moved on meanwhile): it (is|has) .*\n"
)


def test_two_promotions_from_a_named_step_are_one(canary: Made) -> None:
    already = (0, f"{PROVIDER} in worker-1 is being promoted already\n", WAITING)
    for before, after in pairwise(WEIGHTS):
        at = place(canary)
        first, second = sorted(both(canary, "--step", str(at)), key=lambda one: "is promoted" not in one[1])
        assert first == (0, f"{PROVIDER} in worker-1 is promoted: {before}% -> {after}%\n", WAITING)
        assert second == already or (second[:2] == (1, "") and REFUSED.fullmatch(second[2])), second
        assert (place(canary), weights(canary)) == (at + 2, [100 - after, after])


def test_two_promotions_at_once_do_what_they_say(canary: Made) -> None:
    while phase(canary) == "Paused":
        at = weights(canary)[1]
        ended = both(canary)
        # A command that came too late for the first step has seen the next one, and says so.
        moves = sorted((int(a), int(b)) for _, out, _ in ended for a, b in re.findall(r"(\d+)% -> (\d+)%", out))
        assert moves, ended
        assert moves == [move for move in pairwise((*WEIGHTS, 100)) if move[0] >= at][: len(moves)], ended
        for code, out, error in ended:
            assert (code == 0 and out) or (code == 1 and REFUSED.fullmatch(error)), ended
        reached = 100 if phase(canary) == "Healthy" else weights(canary)[1]
        assert reached == moves[-1][1], ended


def test_a_step_that_is_promoted_between_a_look_and_its_write_is_not_promoted_twice(canary: Made) -> None:
    slow = Interrupted(canary.worker, lambda: said(promote(canary)))
    with pytest.raises(ConflictError) as caught:
        operate.promote(slow, canary.namespace, PROVIDER, full=False)
    assert str(caught.value) == (
        f"cluster worker-1: Rollout {PROVIDER} moved on meanwhile: it is paused at step 4 of 8 (weight 20); "
        "look and promote again"
    )
    assert (place(canary), weights(canary)) == (4, [80, 20])


def test_a_promotion_from_another_step_is_refused(canary: Made) -> None:
    assert canary.meshroll("promote", PROVIDER, "-s", canary.name, "--step", "4", fails=True) == (
        f"meshroll: cluster worker-1: Rollout {PROVIDER} is not at step 4: it is paused at step 2 of 8 (weight 5)\n"
    )
    assert (place(canary), weights(canary)) == (2, [95, 5])


def test_a_promotion_returns_when_the_control_plane_has_its_routes(canary: Made) -> None:
    assert said(promote(canary)) == (0, f"{PROVIDER} in worker-1 is promoted: 5% -> 20%\n", WAITING)
    assert (place(canary), weights(canary), copied_weights(canary)) == (4, [80, 20], [80, 20])
    assert said(promote(canary, "--full")) == (
        0,
        f"{PROVIDER} in worker-1 is promoted: 20% -> 80%\n{PROVIDER} in worker-1 is promoted in full: 80% -> 100%\n",
        WAITING + WAITING,
    )
    assert (phase(canary), weights(canary), copied_weights(canary)) == ("Healthy", [100, 0], [100, 0])


def test_a_full_promotion_rests_while_the_synchronizer_is_away(canary: Made, whole: Sandbox) -> None:
    whole.stop("synchronizer")
    with Traffic(canary) as traffic:
        code, out, error = said(promote(canary, "--full"))
        assert (code, out) == (1, f"{PROVIDER} in worker-1 is promoted: 5% -> 80%\n")
        assert error == WAITING + (
            f"meshroll: cluster worker-1: {PROVIDER} goes no further than 80%, as the control plane's copy of "
            f"VirtualService {PROVIDER} says 95/5 where worker-1 says 20/80; {SYNCHRONIZER}, and then the same command "
            "again\n"
        )
        assert (place(canary), weights(canary)) == (8, [20, 80])
        assert said(promote(canary)) == (
            1,
            "",
            (
                "meshroll: cluster worker-1: nothing is promoted, as the control plane's copy of VirtualService "
                f"{PROVIDER} says 95/5 where worker-1 says 20/80; {SYNCHRONIZER}\n"
            ),
        )
        assert (place(canary), weights(canary)) == (8, [20, 80])

        whole.start("synchronizer")
        assert said(promote(canary, "--full"))[:2] == (
            0,
            f"{PROVIDER} in worker-1 is promoted in full: 80% -> 100%\n",
        )
        assert (phase(canary), copied_weights(canary)) == ("Healthy", [100, 0])
    assert traffic.failures == {}


@pytest.fixture
def soon_without_old_pods(canary: Made) -> Iterator[None]:
    """Old pods go sooner than by default: a test waits until they would have gone."""
    delay_scale_down(canary, 12)
    yield
    delay_scale_down(canary, None)


def delay_scale_down(stack: Made, seconds: int | None) -> None:
    patch = {"spec": {"strategy": {"canary": {"scaleDownDelaySeconds": seconds}}}}
    stack.worker.patch(ARGO, "Rollout", PROVIDER, stack.namespace, patch, field_manager="tests")
    until(lambda: is_observed(rollout(stack)), "the controller has taken it up", SECONDS)


@pytest.mark.usefixtures("soon_without_old_pods")
def test_old_pods_outlive_the_last_step_while_the_synchronizer_is_away(canary: Made, whole: Sandbox) -> None:
    old = old_pods(canary)["metadata"]["name"]
    for _ in WEIGHTS[1:]:
        said(promote(canary))
    assert (place(canary), copied_weights(canary)) == (8, [20, 80])
    whole.stop("synchronizer")
    with Traffic(canary) as traffic:
        code, out, error = said(promote(canary))
        assert (code, out) == (1, f"{PROVIDER} in worker-1 is promoted: 80% -> 100%\n")
        kept = re.search(r"the old version's pods are kept until (\S+); ", error)
        assert kept is not None, error
        promoted = f"{WAITING}meshroll: cluster worker-1: {PROVIDER} is promoted, but the control plane's copy of "
        assert error.startswith(f"{promoted}VirtualService {PROVIDER} says 20/80 where worker-1 says 100/0; ")
        assert error.endswith(f"{SYNCHRONIZER} before that\n")

        kept_until = datetime.fromisoformat(kept[1])
        until(lambda: datetime.now(UTC) > kept_until - KEPT, "Argo Rollouts would have taken them away", SECONDS)
        asked = traffic.requests
        until(lambda: traffic.requests > asked + 1000, "requests have gone to the old pods", SECONDS)
        still = replica_set(canary, old)
        assert (still["metadata"]["annotations"][DEADLINE], still["status"]["availableReplicas"]) == (kept[1], 1)

        whole.start("synchronizer")
        until(lambda: copied_weights(canary) == [100, 0], "the control plane has the weights", SECONDS)
        assert said(promote(canary)) == (
            0,
            f"{PROVIDER} in worker-1 has no delivery under way: nothing to promote\n",
            "",
        )
    assert traffic.failures == {}


def old_pods(stack: Made) -> Object:
    return replica_set(stack, f"{PROVIDER}-{rollout(stack)['status']['stableRS']}")


def replica_set(stack: Made, name: str) -> Object:
    found = stack.worker.get("apps/v1", "ReplicaSet", name, stack.namespace)
    assert found is not None
    return found
