"""A leader's Rollout that plays a promotion, and the control plane that follows it or does not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from meshroll.delivery.leader import Leader, Pace
from meshroll.delivery.operate import PromotionRequest
from tests.support.delivery.rollouts import HASH, paused, rollout
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


def at(index: int, weight: int, steps: Sequence[Any] = ENDLESS) -> Object:
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
