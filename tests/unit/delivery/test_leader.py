"""Promotion in the work cluster that steers a mesh: no step without equal copies before it and after it."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from meshroll.delivery.leader import Leader, NotFollowedError, Pace
from meshroll.delivery.operate import PromotionRequest
from meshroll.errors import ConflictError, UnavailableError
from meshroll.kube import ApiError
from tests.support.delivery.rollouts import HASH, TIMED, paused, rollout
from tests.support.delivery.routing import destination_rule, routed, virtual_service
from tests.support.delivery.store import Object, Store

OLD = "57d9b8c6f"
ENDLESS = [{"setWeight": 5}, {"pause": {}}, {"setWeight": 50}, {"pause": {}}]
SYNCHRONIZER = (
    "expected a running synchronizer "
    "(Deployment mspider-mcpc-mcpc-controller in namespace istio-system of cluster host)"
)
DEADLINE = "scale-down-deadline"

AT_ONCE = Pace(lag=0.0, follow=0.0, timeout=0.0, poll=0.0)


@dataclass
class Played:
    """A work cluster whose controller answers each promotion at once, and a control plane that follows or not."""

    worker: Store
    host: Store
    follows: bool = True
    pace: Pace = AT_ONCE
    said: list[str] = field(default_factory=list)
    reported: list[str] = field(default_factory=list)

    @property
    def patched(self) -> list[Object]:
        """What was written to the Rollout, without the versions."""
        return [patch["status"] for kind, _, patch, _ in self.worker.patches if kind == "Rollout"]

    def then(self, status: Object, *routes: Object) -> None:
        """The next promotion makes the Rollout so, and writes the routes."""

        def react(found: Object) -> None:
            found["status"] = status
            for item in routes:
                self.worker.put(item)
                if self.follows:
                    self.host.put(item)

        self.worker.after.append(react)

    def promote(self, *, full: bool = False, step: int | None = None) -> None:
        leader = Leader(self.worker, self.host, "dubbo", self.said.append, self.reported.append, self.pace)
        leader.promote("dubbo3-provider", PromotionRequest(full, step))


def at(index: int, weight: int, steps: list[Object] = ENDLESS) -> Object:
    """The Rollout paused at the step with an index, as the weight routes it."""
    return routed(paused(index, steps=steps, weight=weight))


def over() -> Object:
    """The status of a Rollout whose new version is the stable one."""
    weights = {"canary": {"weight": 0}, "stable": {"weight": 100, "podTemplateHash": HASH}}
    return dict(rollout("Healthy", currentStepIndex=4, canary={"weights": weights})["status"])


def old_pods(deadline: str = "2026-11-23T10:00:30Z") -> Object:
    metadata = {"name": f"dubbo3-provider-{OLD}", "resourceVersion": "1", "annotations": {DEADLINE: deadline}}
    return {"kind": "ReplicaSet", "metadata": metadata, "spec": {"replicas": 1}}


def played(found: Object, weights: tuple[int, int], *more: Object, follows: bool = True) -> Played:
    routes = (virtual_service(*weights), destination_rule(OLD, HASH))
    return Played(Store("worker-1", found, *routes, *more), Store("host", *routes), follows)


LAST = (virtual_service(100, 0), destination_rule(HASH, HASH))
LAST_STALE = (
    "the control plane's copy of VirtualService provider says {} where worker-1 says 100/0; "
    "the control plane's copy of DestinationRule dubbo-provider is not as in worker-1 at "
    "/spec/subsets/0/labels/rollouts-pod-template-hash"
)


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


def test_a_rollout_without_istio_has_no_copies_to_wait_for() -> None:
    mesh = Played(Store("worker-1", paused(1, weight=None)), Store("host"))
    mesh.promote()
    assert (mesh.said, mesh.reported) == (["dubbo3-provider in worker-1 is promoted: 5% -> 50%"], [])


def test_another_step_is_refused_before_anything_is_waited_for() -> None:
    mesh = played(at(3, 50), (95, 5))
    mesh.host.put(virtual_service(50, 50))
    with pytest.raises(ConflictError, match=r"not at step 2: it is paused at step 4 of 4 \(weight 50\)$"):
        mesh.promote(step=2)


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
