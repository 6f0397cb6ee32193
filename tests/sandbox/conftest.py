"""A whole sandbox for the session: its own name and state, the parts from the shared cache."""

from __future__ import annotations

import base64
import secrets
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from meshroll.kube import Kube
from meshroll.sandbox import PartState, Sandbox
from tests.support.sandbox.cluster import apply, namespace, until


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """A sandbox that is up with one worker. A test that stops or kills a part starts it again."""
    root = tmp_path_factory.mktemp("state") / "meshroll"
    yield from running(Sandbox(f"test-{secrets.token_hex(3)}", root=root))


def running(sandbox: Sandbox, workers: int = 1) -> Iterator[Sandbox]:
    """Bring a sandbox up and take it away again, whatever happens in between."""
    try:
        sandbox.up(workers, progress=lambda text: print(text, file=sys.stderr))
        yield sandbox
    finally:
        sandbox.clean()


@pytest.fixture
def whole(sandbox: Sandbox) -> Iterator[Sandbox]:
    """The session's sandbox for a test that breaks it: it is made whole again afterwards."""
    yield sandbox
    if any(row.state is not PartState.READY for row in sandbox.status()):
        sandbox.up()


@pytest.fixture
def state_root(tmp_path: Path) -> Path:
    """A state folder of a test's own."""
    return tmp_path / "meshroll"


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
        until(partial(_is_gone, kube, name), f"{name} is gone from {kube.name}", 60.0)


def _is_gone(kube: Kube, name: str) -> bool:
    return kube.get("v1", "Namespace", name) is None
