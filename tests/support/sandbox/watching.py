"""What Argo CD, Argo Rollouts and the mesh made of a stack, and how they are asked to look again."""

from __future__ import annotations

import asyncio
import secrets

from meshroll.delivery.measure import Counts, sample
from meshroll.sandbox.convergence.settled import wait_settled
from tests.support.sandbox.cluster import until
from tests.support.sandbox.stacks import PROVIDER, Made, Object

ARGO = "argoproj.io/v1alpha1"
NETWORKING = "networking.istio.io/v1beta1"
MESH = "discovery.mspider.io/v3alpha1"
SECONDS = 60.0


def application(stack: Made) -> Object:
    found = stack.host.get(ARGO, "Application", stack.application, "argocd")
    assert found is not None
    return found


def rollout(stack: Made, service: str = PROVIDER) -> Object:
    found = stack.worker.get(ARGO, "Rollout", service, stack.namespace)
    assert found is not None
    return found


def phase(stack: Made, service: str = PROVIDER) -> str:
    return str(rollout(stack, service)["status"]["phase"])


def routes(stack: Made, service: str = PROVIDER) -> Object:
    found = stack.worker.get(NETWORKING, "VirtualService", service, stack.namespace)
    assert found is not None
    return found


def weights(stack: Made, service: str = PROVIDER) -> list[int]:
    """Of the route test-v1: stable and canary."""
    (route,) = [route for route in routes(stack, service)["spec"]["http"] if route["name"] == "test-v1"]
    return [to.get("weight", 0) for to in route["route"]]


def sync_with_own_options(stack: Made) -> Object:
    """Start a sync as the Application's own policy would, and wait for its end; what it did."""
    options = application(stack)["spec"]["syncPolicy"]["syncOptions"]
    mark = [{"name": "tests", "value": secrets.token_hex(4)}]
    operation = {"info": mark, "sync": {"syncOptions": options, "prune": True}}
    stack.host.patch(ARGO, "Application", stack.application, "argocd", {"operation": operation}, field_manager="tests")

    def ended() -> Object | None:
        found = application(stack)
        state = found["status"].get("operationState") or {}
        mine = state.get("operation", {}).get("info") == mark
        return state if "operation" not in found and mine and state.get("phase") != "Running" else None

    return until(ended, "the sync has ended", SECONDS)


def is_synced(stack: Made, commit: str) -> bool:
    status = application(stack).get("status") or {}
    compared = status.get("sync") or {}
    return (compared.get("status"), compared.get("revision")) == ("Synced", commit)


def ask(stack: Made, requests: int) -> Counts:
    """Count real answers, once every proxy works with the newest routes."""
    istiod = stack.environment["MESHROLL_ISTIOD_DEBUG"]
    wait_settled(
        istiod, host=stack.host, workers=[stack.worker], leader=stack.worker, namespace=stack.namespace, timeout=SECONDS
    )
    gateway = stack.settings.gateways["worker-1"]
    return asyncio.run(sample(f"http://{gateway.address}:{gateway.port}/hello?name=test-v1", requests))


def terminate_sync(stack: Made) -> None:
    """End a sync that still runs, as `argocd app terminate-op` does: Argo CD deletes no Application before that."""
    terminating = {"status": {"operationState": {"phase": "Terminating"}}}
    stack.host.patch(ARGO, "Application", stack.application, "argocd", terminating, field_manager="tests")
    until(lambda: application(stack)["status"]["operationState"]["phase"] == "Failed", "the sync has ended", SECONDS)
