"""The table of parts: its order, its ports, its addresses."""

from __future__ import annotations

from pathlib import Path

import pytest

from meshroll.sandbox.build import crds
from meshroll.sandbox.build import parts as built
from meshroll.sandbox.environment import suffix, with_folder
from meshroll.sandbox.state.addresses import Range
from meshroll.sandbox.state.credentials import SandboxCredentials
from meshroll.sandbox.state.home import Home
from meshroll.sandbox.supervision.part import Part, levels
from meshroll.sandbox.topology import table
from meshroll.sandbox.topology.site import Site, port_names

WORKERS = ("worker-1", "worker-2")
SECRETS = {"host": "t-host", "worker-1": "t-one", "worker-2": "t-two"}
READERS = {name: f"{token}-reader" for name, token in SECRETS.items()}


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(
        home=Home.of("unit", tmp_path),
        workers=WORKERS,
        ports={name: 20_000 + index for index, name in enumerate(port_names(WORKERS))},
        ranges={"worker-1": Range(16), "worker-2": Range(17)},
        programs=built.programs(tmp_path / "cache"),
        definitions=crds.Definitions(tmp_path),
        credentials=SandboxCredentials(SECRETS, READERS, "v-secret", "a-secret"),
        workloads=(tmp_path / "mine.yaml",),
    )


def parts(site: Site) -> dict[str, Part]:
    return {node.name: node for node in table.nodes(site) if isinstance(node, Part)}


def test_needs_stand_before_their_users(site: Site) -> None:
    first, *_ = levels(table.nodes(site))
    assert [node.name for node in first] == [
        "etcd",
        "valkey configured",
        "worker-1/gateway configured",
        "worker-2/gateway configured",
    ]


def test_the_parts_are_these(site: Site) -> None:
    cluster = ("kube-apiserver", "kube-controller-manager")
    worker = ("kube-scheduler", "kwok", "rollouts", "runner", "gateway")
    assert set(parts(site)) == {
        *("etcd", "valkey", "istiod", "synchronizer"),
        *(f"argocd/{name}" for name in ("repo-server", "application-controller", "applicationset-controller")),
        *(f"{name}/{program}" for name in ("host", *WORKERS) for program in cluster),
        *(f"{name}/{program}" for name in WORKERS for program in worker),
    }


def test_every_port_belongs_to_a_part_and_is_in_its_command_or_file(site: Site) -> None:
    named = {f"{name} {word}": port for name, part in parts(site).items() for word, port in part.ports.items()}
    assert named == site.ports
    in_files = {"valkey redis"}
    for name, part in parts(site).items():
        text = " ".join(part.command)
        assert {f"{name} {word}" for word, port in part.ports.items() if str(port) not in text} <= in_files


def test_no_secret_stands_in_a_command(site: Site) -> None:
    secrets = [*SECRETS.values(), *READERS.values(), "v-secret", "a-secret"]
    assert not [part.name for part in parts(site).values() for secret in secrets if secret in " ".join(part.command)]


def test_each_worker_has_a_network_of_its_own(site: Site) -> None:
    found = parts(site)
    networks = [
        word
        for name in ("host", *WORKERS)
        for word in found[f"{name}/kube-apiserver"].command
        if "service-cluster-ip" in word
    ]
    assert networks == [f"--service-cluster-ip-range=10.{number}.0.0/16" for number in (96, 97, 98)]
    assert "127.17.0.0/16" in found["worker-2/runner"].command


def test_parts_do_not_inherit_the_callers_environment(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUBECONFIG", "/home/ann/.kube/config")
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example:3128")
    for part in parts(site).values():
        assert part.environment["HOME"] == str(site.home.path / "home")
        assert not {"HTTPS_PROXY"} & part.environment.keys()
        assert "/home/ann" not in str(part.environment)


def test_a_workers_name_becomes_the_end_of_a_variables_name() -> None:
    assert suffix("worker-1") == "WORKER_1"


def test_the_sandboxs_programs_stand_last_on_the_path_and_once() -> None:
    once = with_folder("/usr/bin:/bin", Path("/s/bin"))
    assert once == "/usr/bin:/bin:/s/bin"
    assert with_folder(once, Path("/s/bin")) == once
