"""The session's sandbox as a hosted mesh, with a namespace for each module that is gone afterwards."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Iterator
from functools import partial

import pytest

from meshroll.kube import Kube
from meshroll.sandbox import Sandbox
from tests.support.sandbox.cluster import apply, namespace, until


def is_gone(kube: Kube, namespace: str) -> bool:
    return kube.get("v1", "Namespace", namespace) is None


@pytest.fixture(scope="session")
def host(sandbox: Sandbox) -> Kube:
    return Kube.connect(sandbox.environment()["MESHROLL_KUBECONFIG"], "host")


@pytest.fixture(scope="session")
def worker(sandbox: Sandbox) -> Kube:
    return Kube.connect(sandbox.environment()["MESHROLL_KUBECONFIG"], "worker-1")


@pytest.fixture(scope="session")
def istiod(sandbox: Sandbox) -> str:
    return sandbox.environment()["MESHROLL_ISTIOD_DEBUG"]


@pytest.fixture(scope="module")
def attached(sandbox: Sandbox, host: Kube) -> Iterator[None]:
    """istiod reads the worker."""
    content = sandbox.environment()["MESHROLL_REMOTE_KUBECONFIG_WORKER_1"]
    secret = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {
            "name": "istio-remote-secret-worker-1",
            "namespace": "istio-system",
            "labels": {"istio/multiCluster": "true"},
            "annotations": {"networking.istio.io/cluster": "worker-1"},
        },
        "data": {"worker-1": base64.b64encode(content.encode()).decode()},
    }
    apply(host, secret)
    yield
    host.delete("v1", "Secret", "istio-remote-secret-worker-1", "istio-system")


@pytest.fixture(scope="module")
def space(worker: Kube, host: Kube) -> Iterator[str]:
    """A namespace of the module's own in the worker; what was copied to the host goes with it."""
    name = f"tests-{secrets.token_hex(3)}"
    apply(worker, namespace(name))
    yield name
    for kube in (worker, host):
        kube.delete("v1", "Namespace", name)
    for kube in (worker, host):
        until(partial(is_gone, kube, name), f"{name} is gone from {kube.name}", 60.0)
