"""Promoting by one step in the work cluster that leads a mesh."""

from __future__ import annotations

import pytest

from meshroll.delivery.leader import NotFollowedError
from meshroll.errors import ConflictError, UnavailableError
from tests.support.delivery.leading import (
    OLD,
    SYNCHRONIZER,
    Played,
    at,
    old_pods,
    played,
)
from tests.support.delivery.rollouts import paused, rollout
from tests.support.delivery.routing import virtual_service
from tests.support.delivery.store import Object, Store


def test_a_promotion_ends_when_the_control_plane_has_its_routes() -> None:
    mesh = played(at(1, 5), (95, 5))
    mesh.then(at(3, 50)["status"], virtual_service(50, 50))
    mesh.promote()
    assert mesh.said == ["dubbo3-provider in worker-1 is promoted: 5% -> 50%"]
    assert mesh.reported == ["waiting until dubbo3-provider has its new routes in worker-1 and in the control plane"]
    assert mesh.patched == [{"pauseConditions": None}]


@pytest.mark.parametrize("full", [False, True])
def test_nothing_is_promoted_while_the_copies_differ(full: bool) -> None:
    mesh = played(at(3, 50), (50, 50))
    mesh.host.put(virtual_service(95, 5))
    with pytest.raises(UnavailableError) as caught:
        mesh.promote(full=full)
    assert str(caught.value) == (
        "cluster worker-1: nothing is promoted, as the control plane's copy of VirtualService provider says 95/5 "
        f"where worker-1 says 50/50; {SYNCHRONIZER}"
    )
    assert not isinstance(caught.value, NotFollowedError)
    assert (mesh.said, mesh.patched) == ([], [])


def test_a_step_that_the_control_plane_does_not_follow_is_said() -> None:
    mesh = played(at(1, 5), (95, 5), old_pods(), follows=False)
    mesh.then(at(3, 50)["status"], virtual_service(50, 50))
    with pytest.raises(NotFollowedError) as caught:
        mesh.promote()
    assert str(caught.value) == (
        "cluster worker-1: dubbo3-provider is promoted, but the control plane's copy of VirtualService provider says "
        f"95/5 where worker-1 says 50/50; {SYNCHRONIZER} before the next promotion"
    )
    assert mesh.said == ["dubbo3-provider in worker-1 is promoted: 5% -> 50%"]
    assert mesh.worker.get("apps/v1", "ReplicaSet", f"dubbo3-provider-{OLD}") == old_pods()


def test_a_rollout_without_istio_has_no_copies_to_wait_for() -> None:
    mesh = Played(Store("worker-1", paused(1, weight=None)), Store("host"))
    mesh.promote()
    assert (mesh.said, mesh.reported) == (["dubbo3-provider in worker-1 is promoted: 5% -> 50%"], [])


def test_another_step_is_refused_before_anything_is_waited_for() -> None:
    mesh = played(at(3, 50), (95, 5))
    mesh.host.put(virtual_service(50, 50))
    with pytest.raises(ConflictError, match=r"not at step 2: it is paused at step 4 of 4 \(weight 50\)$"):
        mesh.promote(step=2)


@pytest.mark.parametrize(
    ("status", "problem"),
    [
        (
            rollout("Progressing", currentStepIndex=2, canary=paused(1)["status"]["canary"])["status"],
            "it is at step 3 of 4 (weight 5) after 0 s, without its new routes",
        ),
        (paused(3, weight=50, currentPodHash="another")["status"], "another version came meanwhile"),
        (rollout("Degraded", abort=True)["status"], "then it was aborted"),
        (
            paused(3, weight=50, observedGeneration="6")["status"],
            (
                "it cannot be told where it stands (Rollout dubbo3-provider has not taken up its new spec yet; "
                "try again) after 0 s, without its new routes"
            ),
        ),
    ],
)
def test_a_promotion_that_does_not_arrive_is_said(status: Object, problem: str) -> None:
    mesh = played(at(1, 5), (95, 5))
    mesh.then(status)
    with pytest.raises(NotFollowedError) as caught:
        mesh.promote()
    assert str(caught.value) == f"cluster worker-1: dubbo3-provider is promoted, but {problem}"


def test_a_rollout_that_goes_when_it_is_promoted_is_said() -> None:
    mesh = played(at(1, 5), (95, 5))

    def gone(found: Object) -> None:
        mesh.worker.objects.pop(("Rollout", "dubbo3-provider"))

    mesh.worker.after.append(gone)
    with pytest.raises(NotFollowedError) as caught:
        mesh.promote()
    assert str(caught.value) == (
        "cluster worker-1: dubbo3-provider is promoted, but there is no Rollout dubbo3-provider in namespace dubbo"
    )
