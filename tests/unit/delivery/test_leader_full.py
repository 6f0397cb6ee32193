"""Promoting in full in the work cluster that leads a mesh: the last weight first, and old pods kept meanwhile."""

from __future__ import annotations

import pytest

from meshroll.delivery.leader import NotFollowedError, Pace
from meshroll.errors import ConflictError, UnavailableError
from meshroll.kube import ApiError
from tests.support.delivery.leading import (
    DEADLINE,
    ENDLESS,
    LAST,
    LAST_STALE,
    OLD,
    SYNCHRONIZER,
    at,
    old_pods,
    over,
    played,
)
from tests.support.delivery.rollouts import TIMED, rollout
from tests.support.delivery.routing import routed, virtual_service
from tests.support.delivery.store import Object


def test_a_full_promotion_goes_to_the_last_weight_first() -> None:
    steps = [*ENDLESS, {"setWeight": 80}, {"pause": {"duration": "10m"}}, {"setWeight": 90}, {"pause": {"duration": 1}}]
    mesh = played(at(1, 5, steps), (95, 5))
    mesh.then(at(5, 80, steps)["status"], virtual_service(20, 80))
    mesh.then(over(), *LAST)
    mesh.promote(full=True)
    assert mesh.said == [
        "dubbo3-provider in worker-1 is promoted: 5% -> 80%",
        "dubbo3-provider in worker-1 is promoted in full: 80% -> 100%",
    ]
    assert mesh.patched == [
        {"pauseConditions": None, "controllerPause": False, "currentStepIndex": 4},
        {"promoteFull": True},
    ]


def test_a_full_promotion_rests_at_the_last_weight_when_the_control_plane_does_not_follow() -> None:
    mesh = played(at(1, 5), (95, 5), follows=False)
    mesh.then(at(3, 50)["status"], virtual_service(50, 50))
    with pytest.raises(UnavailableError) as caught:
        mesh.promote(full=True)
    assert str(caught.value) == (
        "cluster worker-1: dubbo3-provider goes no further than 50%, as the control plane's copy of VirtualService "
        f"provider says 95/5 where worker-1 says 50/50; {SYNCHRONIZER}, and then the same command again"
    )
    assert mesh.said == ["dubbo3-provider in worker-1 is promoted: 5% -> 50%"]
    assert mesh.patched == [{"pauseConditions": None, "controllerPause": False, "currentStepIndex": 2}]

    mesh.follows = True
    mesh.host.put(virtual_service(50, 50))
    mesh.then(over(), *LAST)
    mesh.promote(full=True)
    assert mesh.said[1:] == ["dubbo3-provider in worker-1 is promoted in full: 50% -> 100%"]


def test_a_rollout_that_does_not_rest_at_the_last_weight_is_not_promoted_from_another() -> None:
    mesh = played(at(1, 5), (95, 5))
    mesh.then(at(3, 50)["status"], virtual_service(50, 50))
    mesh.worker.between = [None, lambda found: found.update(status=over())]
    with pytest.raises(ConflictError) as caught:
        mesh.promote(full=True)
    assert str(caught.value) == (
        "cluster worker-1: Rollout dubbo3-provider moved on meanwhile: it has no delivery under way; "
        "look and promote again"
    )


@pytest.mark.parametrize(("full", "sentence"), [(False, "promoted"), (True, "promoted in full")])
def test_old_pods_are_kept_when_the_control_plane_does_not_follow_the_end(full: bool, sentence: str) -> None:
    mesh = played(at(3, 50), (50, 50), old_pods(), follows=False)
    mesh.then(over(), *LAST)
    with pytest.raises(NotFollowedError) as caught:
        mesh.promote(full=full)
    assert str(caught.value) == (
        f"cluster worker-1: dubbo3-provider is promoted, but {LAST_STALE.format('50/50')}; "
        f"the old version's pods are kept until 2026-11-23T11:00:30Z; {SYNCHRONIZER} before that"
    )
    assert mesh.said == [f"dubbo3-provider in worker-1 is {sentence}: 50% -> 100%"]
    kept = mesh.worker.get("apps/v1", "ReplicaSet", f"dubbo3-provider-{OLD}")
    assert kept is not None
    assert kept["metadata"]["annotations"] == {DEADLINE: "2026-11-23T11:00:30Z"}

    for item in LAST:
        mesh.host.put(item)
    mesh.promote(full=full)
    assert mesh.said[1:] == ["dubbo3-provider in worker-1 has no delivery under way: nothing to promote"]
    assert len(mesh.reported) == 1


@pytest.mark.parametrize(
    ("given", "seconds"), [({}, 30), ({"scaleDownDelaySeconds": 60}, 60), ({"dynamicStableScale": True}, 0)]
)
def test_when_old_pods_go_is_said_where_they_cannot_be_kept(given: Object, seconds: int) -> None:
    found = at(1, 5, TIMED)  # its last pause is over before a check: there is no weight to rest at
    found["spec"]["strategy"]["canary"] |= given
    mesh = played(found, (95, 5), old_pods(), follows=False)
    mesh.then(over(), *LAST)

    def forbid(found: Object) -> None:
        raise ApiError("replicasets is forbidden", status=403, reason="Forbidden", where="cluster worker-1")

    mesh.worker.between = [None, forbid]
    with pytest.raises(NotFollowedError) as caught:
        mesh.promote(full=True)
    assert str(caught.value) == (
        f"cluster worker-1: dubbo3-provider is promoted, but {LAST_STALE.format('95/5')}; "
        f"the old version's pods go {seconds} s after the promotion (scaleDownDelaySeconds); "
        f"{SYNCHRONIZER} before that"
    )
    assert mesh.patched == [{"promoteFull": True}]


def test_an_aborted_delivery_that_does_not_take_up_a_full_promotion_is_said() -> None:
    mesh = played(routed(rollout("Degraded", abort=True, currentStepIndex=0, steps=ENDLESS)), (100, 0))
    with pytest.raises(NotFollowedError) as caught:
        mesh.promote(full=True)
    assert str(caught.value) == (
        "cluster worker-1: dubbo3-provider is promoted, but it was aborted after 0 s, without its new routes"
    )


def test_copies_are_waited_for_within_the_life_of_the_old_pods(monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[float] = []

    def never_stale(look: object, seconds: float, poll_seconds: float) -> tuple[str, ...]:
        waited.append(seconds)
        return ()

    monkeypatch.setattr("meshroll.delivery.leader.await_copies", never_stale)
    mesh = played(at(1, 5), (95, 5))
    mesh.pace = Pace(lag=10.0, follow=20.0, timeout=0.0, poll=0.0)
    mesh.then(at(3, 50)["status"], virtual_service(50, 50))
    mesh.promote()
    mesh.then(over(), *LAST)
    mesh.promote()
    assert waited == [10.0, 20.0, 10.0, 15.0]


def test_an_aborted_delivery_is_promoted_in_full_at_once() -> None:
    aborted = routed(rollout("Degraded", abort=True, currentStepIndex=0, steps=ENDLESS))
    mesh = played(aborted, (100, 0))
    mesh.then(over(), *LAST)
    mesh.promote(full=True)
    assert mesh.said == ["dubbo3-provider in worker-1 is promoted in full: 0% -> 100%"]
