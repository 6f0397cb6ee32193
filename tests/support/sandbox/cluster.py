"""The example's objects as these tests need them, and waiting for a condition with a deadline."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, TypeVar

import pytest

from meshroll.kube import Kube

Object = dict[str, Any]
T = TypeVar("T")
MANAGER = "tests"
NETWORKING = "networking.istio.io/v1beta1"
IMAGE = "release-ci.daocloud.io/mspider/spring-{}:v0.2"
SYNCHRONIZED = [
    {"group": "networking.istio.io", "kind": "VirtualService", "resource": "virtualservices", "version": "v1beta1"},
    {"group": "networking.istio.io", "kind": "DestinationRule", "resource": "destinationrules", "version": "v1beta1"},
    {"group": "networking.istio.io", "kind": "Gateway", "resource": "gateways", "version": "v1alpha3"},
]


def until(condition: Callable[[], T | None], what: str, seconds: float = 20.0) -> T:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        found = condition()
        if found:
            return found
        time.sleep(0.02)
    pytest.fail(f"not within {seconds:g} s: {what}")


def namespace(name: str) -> Object:
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}


def deployment(namespace: str, name: str, role: str, version: str, **container: Any) -> Object:
    labels = {"app": role, "version": version}
    spec = {"name": "container-1", "image": IMAGE.format(role), **container}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {
            "replicas": 1,
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": {"containers": [spec]}},
        },
    }


def pod(namespace: str, name: str, image: str = IMAGE.format("dubbo3-provider")) -> Object:
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": namespace, "labels": {"app": name, "version": "v1"}},
        "spec": {"containers": [{"name": "container-1", "image": image}]},
    }


def consumer(namespace: str) -> Object:
    url = [{"name": "PROVIDER_URL", "value": "tri://dubbo3-provider:20880"}]
    return deployment(namespace, "consumer", "dubbo3-consumer", "v1", env=url)


def provider(namespace: str, version: str) -> Object:
    return deployment(namespace, f"provider-{version}", "dubbo3-provider", version)


def service(namespace: str, name: str, port: int, target: int) -> Object:
    ports = [{"name": "http" if port == 9090 else "grpc", "port": port, "targetPort": target}]
    metadata = {"name": name, "namespace": namespace}
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": metadata,
        "spec": {"ports": ports, "selector": {"app": name}},
    }


def virtual_service(namespace: str, canary: int, *more: Object) -> Object:
    route = [_to("stable", 100 - canary), _to("canary", canary)]
    spec = {"gateways": ["mesh"], "hosts": ["dubbo3-provider"], "http": [*more, {"name": "test-v1", "route": route}]}
    return _istio("VirtualService", namespace, "provider", spec)


def lane(value: str) -> Object:
    return {"name": "test-v2", "match": [{"headers": {"lane": {"exact": value}}}], "route": [_to("canary", 100)]}


def destination_rule(namespace: str) -> Object:
    subsets = [{"name": name, "labels": {"version": v}} for name, v in (("stable", "v1"), ("canary", "v2"))]
    return _istio("DestinationRule", namespace, "provider", {"host": "dubbo3-provider", "subsets": subsets})


def entrance(namespace: str, address: str, port: int) -> list[Object]:
    """The gateway's listener and its route to the consumer."""
    server = {"hosts": ["*"], "bind": address, "port": {"name": "http", "number": port, "protocol": "HTTP"}}
    to = {"destination": {"host": "dubbo3-consumer", "port": {"number": 9090}}}
    gateway = {"selector": {"istio": "ingressgateway"}, "servers": [server]}
    return [
        _istio("Gateway", namespace, "dubbo", gateway),
        _istio(
            "VirtualService", namespace, "consumer", {"gateways": ["dubbo"], "hosts": ["*"], "http": [{"route": [to]}]}
        ),
    ]


def global_mesh(name: str = "tests", **parameters: str) -> Object:
    flat = {"enabled_resources_synchronizer": "true", "sync_resource_worker_cluster": "worker-1", **parameters}
    struct = {"global": {"sync_istio_resources": SYNCHRONIZED}}
    owner = {"controlPlaneParams": flat, "controlPlaneParamsStruct": struct}
    return {
        "apiVersion": "discovery.mspider.io/v3alpha1",
        "kind": "GlobalMesh",
        "metadata": {"name": name, "namespace": "mspider-system"},
        "spec": {"mode": "HOSTED", "clusters": ["host", "worker-1"], "ownerConfig": owner},
    }


def apply(kube: Kube, *bodies: Object) -> None:
    for body in bodies:
        kube.apply(body, field_manager=MANAGER, force=True)


def live_pods(kube: Kube, namespace: str, prefix: str = "") -> list[Object]:
    found = kube.list("v1", "Pod", namespace)
    return [p for p in found if "deletionTimestamp" not in p["metadata"] and p["metadata"]["name"].startswith(prefix)]


def is_ready(pod: Object) -> bool:
    conditions = pod.get("status", {}).get("conditions") or []
    return any(c["type"] == "Ready" and c["status"] == "True" for c in conditions)


def has_pods(kube: Kube, namespace: str, prefix: str, count: int) -> bool:
    return len([*filter(is_ready, live_pods(kube, namespace, prefix))]) == count


def ready_pod(kube: Kube, namespace: str, prefix: str) -> Object:
    return until(lambda: next(filter(is_ready, live_pods(kube, namespace, prefix)), None), f"{prefix} is Ready")


def _to(subset: str, weight: int) -> Object:
    return {"destination": {"host": "dubbo3-provider", "port": {"number": 20880}, "subset": subset}, "weight": weight}


def _istio(kind: str, namespace: str, name: str, spec: Object) -> Object:
    return {"apiVersion": NETWORKING, "kind": kind, "metadata": {"name": name, "namespace": namespace}, "spec": spec}
