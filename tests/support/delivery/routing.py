"""The Istio resources of the weight example, as a work cluster and the control plane hold them."""

from __future__ import annotations

from typing import Any

Object = dict[str, Any]


def virtual_service(*weights: int, name: str = "provider") -> Object:
    """Of route test-v1: stable and canary."""
    to = [{"destination": {"host": "dubbo3-provider", "subset": subset}} for subset in ("stable", "canary")]
    route = [{**one, "weight": weight} for one, weight in zip(to, weights, strict=True)]
    spec = {"hosts": ["dubbo3-provider"], "http": [{"name": "test-v1", "route": route}]}
    return {"kind": "VirtualService", "metadata": {"name": name, "resourceVersion": "1"}, "spec": spec}


def destination_rule(stable: str, canary: str, *, name: str = "dubbo-provider") -> Object:
    """Its two subsets select pods by the hash of their template."""
    subsets = [
        {"name": subset, "labels": {"rollouts-pod-template-hash": found}}
        for subset, found in (("stable", stable), ("canary", canary))
    ]
    spec = {"host": "dubbo3-provider", "subsets": subsets}
    return {"kind": "DestinationRule", "metadata": {"name": name, "resourceVersion": "1"}, "spec": spec}


def routed(rollout: Object, **istio: Any) -> Object:
    """The same Rollout with traffic routing by Istio, as the example has it unless told otherwise."""
    usual = {
        "virtualService": {"name": "provider", "routes": ["test-v1"]},
        "destinationRule": {"name": "dubbo-provider", "stableSubsetName": "stable", "canarySubsetName": "canary"},
    }
    canary = rollout["spec"]["strategy"]["canary"] | {"trafficRouting": {"istio": istio or usual}}
    return rollout | {"spec": rollout["spec"] | {"strategy": {"canary": canary}}}
