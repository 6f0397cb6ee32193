"""A real API server with the two controllers that deletions need, and projects to run against it."""

import itertools
import secrets
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from meshroll.errors import MeshrollError
from meshroll.kube import Kube
from meshroll.sandbox.build import parts
from meshroll.sandbox.pulumi import install
from meshroll.sandbox.state.home import parts_cache
from tests.support.sandbox.pulumi_project import Project

WIDGETS = {
    "apiVersion": "apiextensions.k8s.io/v1",
    "kind": "CustomResourceDefinition",
    "metadata": {"name": "widgets.example.org"},
    "spec": {
        "group": "example.org",
        "scope": "Namespaced",
        "names": {"plural": "widgets", "singular": "widget", "kind": "Widget"},
        "versions": [
            {
                "name": "v1",
                "served": True,
                "storage": True,
                "schema": {
                    "openAPIV3Schema": {
                        "type": "object",
                        "properties": {
                            "spec": {
                                "type": "object",
                                "properties": {
                                    "size": {"type": "integer", "maximum": 100},
                                    "ratio": {"type": "number"},
                                    "note": {"type": "string"},
                                    "color": {"type": "string", "default": "red"},
                                },
                            }
                        },
                    }
                },
            }
        ],
    },
}


@pytest.fixture(scope="session")
def programs() -> dict[str, Path]:
    needed = [item for item in parts.BUILDS if item.name in {"kubernetes", "pulumi", "pulumi-resource-kubernetes"}]
    parts_cache().mkdir(parents=True, exist_ok=True)
    parts.ensure(needed, parts_cache(), print)
    return parts.programs(parts_cache())


@pytest.fixture(scope="session")
def kubeconfig(programs: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("cluster")
    etcd, peer, api = _free_ports(3)
    token = secrets.token_urlsafe(16)
    (folder / "tokens.csv").write_text(f"{token},admin,admin,system:masters\n")
    key = folder / "key"
    subprocess.run(["openssl", "genrsa", "-out", key, "2048"], check=True, capture_output=True)
    file = folder / "kubeconfig"
    authority = folder / "pki" / "apiserver.crt"
    file.write_text(yaml.safe_dump(_kubeconfig(api, token, authority)))
    commands = [
        [
            programs["etcd"],
            f"--data-dir={folder}/etcd",
            f"--listen-client-urls=http://127.0.0.1:{etcd}",
            f"--advertise-client-urls=http://127.0.0.1:{etcd}",
            f"--listen-peer-urls=http://127.0.0.1:{peer}",
            "--unsafe-no-fsync",
        ],
        [
            programs["kube-apiserver"],
            f"--etcd-servers=http://127.0.0.1:{etcd}",
            f"--cert-dir={folder}/pki",
            "--bind-address=127.0.0.1",
            f"--secure-port={api}",
            "--advertise-address=127.0.0.1",
            "--endpoint-reconciler-type=none",
            "--service-account-issuer=https://kubernetes.default.svc",
            f"--service-account-key-file={key}",
            f"--service-account-signing-key-file={key}",
            f"--token-auth-file={folder}/tokens.csv",
            "--service-cluster-ip-range=10.96.0.0/16",
            "--authorization-mode=RBAC",
        ],
        [
            programs["kube-controller-manager"],
            f"--kubeconfig={file}",
            "--secure-port=0",
            "--controllers=namespace-controller,garbage-collector-controller",
            "--leader-elect=false",
        ],
    ]
    running: list[Any] = []
    try:
        running.extend(_start(command, folder) for command in commands[:2])
        eventually(authority.exists)
        kube = Kube.connect(file, "test")
        eventually(lambda: _is_ready(kube), 60)
        kube.create(WIDGETS, field_manager="test")
        eventually(lambda: kube.knows("example.org/v1", "Widget"))
        running.append(_start(commands[2], folder))
        yield file
    finally:
        for child in reversed(running):
            child.terminate()
        for child in running:
            child.wait(30)


@pytest.fixture(scope="session")
def kube(kubeconfig: Path) -> Kube:
    return Kube.connect(kubeconfig, "test")


_numbers = itertools.count(1)


@pytest.fixture
def project(tmp_path: Path, kubeconfig: Path, programs: dict[str, Path]) -> Project:
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "Pulumi.yaml").write_text("name: trial\nruntime: python\n")
    environ = install(tmp_path / "home", Path(sys.executable), programs["pulumi-resource-kubernetes"])
    namespace = f"trial-{next(_numbers)}"
    environ |= {"TEST_KUBECONFIG": str(kubeconfig), "TEST_NAMESPACE": namespace, "PYTHONWARNINGS": "ignore"}
    made = Project(folder, programs["pulumi"], environ, namespace)
    made.run("stack", "init", "dev")
    return made


@pytest.fixture
def namespace(project: Project, kube: Kube) -> str:
    """The project's namespace, made by somebody else."""
    kube.create(
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": project.namespace}}, field_manager="test"
    )
    return project.namespace


def _start(command: list, folder: Path) -> subprocess.Popen:
    with (folder / f"{command[0].name}.log").open("wb") as log:
        return subprocess.Popen(command, stdout=log, stderr=log)


def _is_ready(kube: Kube) -> bool:
    try:
        return kube.get("v1", "Namespace", "default") is not None
    except MeshrollError:
        return False


def eventually(condition: Callable[[], bool], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "not in time"
        time.sleep(0.05)


def _kubeconfig(port: int, token: str, authority: Path) -> dict:
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "test",
        "contexts": [{"name": "test", "context": {"cluster": "test", "user": "test"}}],
        "clusters": [
            {
                "name": "test",
                "cluster": {"server": f"https://127.0.0.1:{port}", "certificate-authority": str(authority)},
            }
        ],
        "users": [{"name": "test", "user": {"token": token}}],
    }


def _free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    try:
        return [item.getsockname()[1] for item in sockets]
    finally:
        for item in sockets:
            item.close()
