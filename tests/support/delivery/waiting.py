"""A wait for a commit over clusters that play back what real ones wrote."""

from __future__ import annotations

from typing import Any

import pytest

from meshroll.delivery.model import Awaited, Released, Target
from meshroll.delivery.wait import Progress, wait_for
from meshroll.errors import MeshrollError
from meshroll.gitops.history.lineage import Lineage, Relation
from meshroll.settings.model import Wait
from tests.support.delivery.clusters import Object, PlayedCluster
from tests.support.delivery.rollouts import ENDLESS, paused, template

COMMIT, BEFORE, THEIRS = "c0ffee01" * 5, "0bad0000" * 5, "7e1e5000" * 5
V2 = Released("dubbo3-provider", "v2", {"version": "v2"})
REFRESH_PATCH = (
    "Application",
    "dubbo-worker-1",
    {"metadata": {"annotations": {"argocd.argoproj.io/refresh": "normal"}}},
    "",
)


def application(revision: str, status: str = "Synced", **more: Any) -> Object:
    return {
        "metadata": {},
        "spec": {"syncPolicy": {"automated": {}}},
        "status": {"sync": {"status": status, "revision": revision}, **more},
    }


def lineage(revision: str) -> Lineage:
    """COMMIT holds what was released, THEIRS is somebody else's release on top of it."""
    if revision == THEIRS:
        return Lineage(Relation.OVERTAKEN, "dubbo3-provider v3 came instead of v2: Ada in 7e1e50007e1e (hotfix)")
    return Lineage(Relation.HOLDS if revision == COMMIT else Relation.BEFORE, "")


def delivery(
    argocd: PlayedCluster, worker: PlayedCluster, until: Wait, *, timeout: float = 5.0, **more: Any
) -> Awaited:
    target = Target("dubbo-worker-1", worker)
    given = {"services": (V2,), "lineage": lineage, "stack": "sandbox", **more}
    return Awaited(argocd, "argocd", (target,), "dubbo", COMMIT, until=until, timeout=timeout, **given)


def run(
    argocd: PlayedCluster, worker: PlayedCluster, until: Wait, *, timeout: float = 5.0, **more: Any
) -> tuple[Progress, list[str]]:
    said: list[str] = []
    asked = delivery(argocd, worker, until, timeout=timeout, **more)
    return wait_for(asked, said.append, poll_seconds=0.001), said


def failure(kind: type[MeshrollError], argocd: PlayedCluster, worker: PlayedCluster, until: Wait, **more: Any) -> str:
    with pytest.raises(kind) as caught:
        run(argocd, worker, until, **more)
    return str(caught.value)


def syncing(*applied: str) -> Object:
    resources = [{"kind": "Rollout", "name": name, "status": "Synced"} for name in applied]
    result = {"revision": COMMIT, "resources": resources}
    message = "waiting for completion of hook batch/Job/smoke"
    return application(COMMIT, operationState={"phase": "Running", "message": message, "syncResult": result})


def by_reference() -> tuple[Object, Object]:
    """A paused Rollout that uses a Deployment's pod template, and the Deployment."""
    made = paused(1, steps=ENDLESS, workloadObservedGeneration="4")
    del made["spec"]["template"]
    made["metadata"]["name"] = "canary-of-provider"
    made["spec"]["workloadRef"] = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "dubbo3-provider"}
    return made, {"metadata": {"name": "dubbo3-provider", "generation": 4}, "spec": {"template": template("v2")}}


def copies(weight: int) -> dict[str, list[Object]]:
    route = {"route": [{"weight": 100 - weight}, {"weight": weight}]}
    return {"VirtualService": [{"spec": {"http": [route]}}], "DestinationRule": [{"spec": {}}]}


def routed(state: Object) -> Object:
    istio = {"virtualService": {"name": "provider"}, "destinationRule": {"name": "dubbo-provider"}}
    state["spec"]["strategy"]["canary"]["trafficRouting"] = {"istio": istio}
    return state
