"""Rollouts as Argo Rollouts writes them, with the ReplicaSet of their current pod template."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

Object = dict[str, Any]
HASH = "6b5f7c9d4"
TIMED = [{"setWeight": 5}, {"pause": {"duration": "10m"}}, {"setWeight": 50}, {"pause": {"duration": 5}}]
ENDLESS = [{"setCanaryScale": {"weight": 100}}, {"setHeaderRoute": {"name": "test-v2"}}, {"pause": {}}]


def template(version: str) -> Object:
    labels = {"app": "dubbo3-provider", "version": version}
    containers = [{"name": "provider", "image": "example/provider:1"}]
    return {"metadata": {"labels": labels}, "spec": {"containers": containers}}


def rollout(phase: str, *, version: str = "v2", steps: Sequence[Any] | None = None, **status: Any) -> Object:
    """A Rollout whose controller has observed generation 7; give `pauseConditions` and the like as status."""
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Rollout",
        "metadata": {"name": "dubbo3-provider", "generation": 7, "resourceVersion": "100"},
        "spec": {
            "replicas": 1,
            "template": template(version),
            "strategy": {"canary": {"steps": TIMED if steps is None else steps}},
        },
        "status": {
            "observedGeneration": "7",
            "currentPodHash": HASH,
            "stableRS": HASH if phase == "Healthy" else "57d9b8c6f",
            "phase": phase,
            **status,
        },
    }


def paused(index: int, *, steps: Sequence[Any] | None = None, weight: int | None = 5, **status: Any) -> Object:
    """A Rollout paused by its step `index`."""
    since = {"reason": "CanaryPauseStep", "startTime": "2026-11-23T10:00:00Z"}
    weights = {} if weight is None else {"canary": {"weights": {"canary": {"weight": weight}}}}
    at = {"currentStepIndex": index, "controllerPause": True, "pauseConditions": [since]}
    return rollout("Paused", steps=steps, **{"message": "CanaryPauseStep", **at, **weights, **status})


def replica_set(version: str = "v2") -> Object:
    """The ReplicaSet that `currentPodHash` names: the template with its hash and the API server's defaults."""
    body = copy.deepcopy(template(version))
    body["metadata"]["labels"]["rollouts-pod-template-hash"] = HASH
    body["spec"] |= {"restartPolicy": "Always"}
    return {"metadata": {"name": f"dubbo3-provider-{HASH}"}, "spec": {"template": body}}
