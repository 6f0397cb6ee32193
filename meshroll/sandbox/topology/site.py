"""Everything the table of parts is computed from: paths, ports, ranges, programs and credentials of one sandbox."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import meshroll
from meshroll.sandbox.build.crds import Definitions
from meshroll.sandbox.state import credentials, files
from meshroll.sandbox.state.addresses import Range
from meshroll.sandbox.state.credentials import SandboxCredentials
from meshroll.sandbox.state.home import Home

HOST = "host"
PACKAGES = Path(meshroll.__file__).parents[1]  # where Python finds Meshroll: a checkout, or an environment


@dataclass(frozen=True)
class Site:
    """One sandbox as its table sees it. `ports` is keyed by `<part> <use>`, `ranges` by worker."""

    home: Home
    workers: tuple[str, ...]
    ports: Mapping[str, int]
    ranges: Mapping[str, Range]
    programs: Mapping[str, Path]
    definitions: Definitions
    credentials: SandboxCredentials
    workloads: tuple[Path, ...]

    @property
    def clusters(self) -> tuple[str, ...]:
        """The host and the workers."""
        return (HOST, *self.workers)

    def port(self, part: str, use: str) -> int:
        """A port by part and use."""
        return self.ports[f"{part} {use}"]

    def ports_of(self, part: str) -> dict[str, int]:
        """All ports of a part by use."""
        prefix = f"{part} "
        return {key.removeprefix(prefix): port for key, port in self.ports.items() if key.startswith(prefix)}

    def server(self, cluster: str) -> str:
        """The URL of a cluster's API server."""
        return f"https://127.0.0.1:{self.port(f'{cluster}/kube-apiserver', 'https')}"

    def environment(self, **more: str) -> dict[str, str]:
        """What every part gets: nothing of the caller's environment but where programs are, and folders of our own."""
        return {
            "PATH": os.environ.get("PATH", os.defpath),
            "HOME": str(self.home.path / "home"),
            "TMPDIR": str(self.home.path / "tmp"),
            "LANG": "C.UTF-8",
            **more,
        }

    def python(self, **more: str) -> dict[str, str]:
        """What a part that is a Python module of ours gets."""
        return self.environment(PYTHONPATH=str(PACKAGES), PYTHONUNBUFFERED="1", **more)

    def write_kubeconfig(self, cluster: str) -> None:
        """Write a cluster's own kubeconfig, once its API server has made its certificate."""
        files.write(self.home.cluster_kubeconfig(cluster), self.kubeconfig((cluster,)))

    def kubeconfig(self, clusters: tuple[str, ...]) -> str:
        """An administrator's kubeconfig for some clusters, the first of them current."""
        return self._kubeconfig(clusters, self.credentials.tokens)

    def reader_kubeconfig(self, cluster: str) -> str:
        """The kubeconfig with which istiod reads a cluster."""
        return self._kubeconfig((cluster,), self.credentials.readers)

    def _kubeconfig(self, clusters: tuple[str, ...], tokens: Mapping[str, str]) -> str:
        servers = {
            cluster: (self.server(cluster), credentials.certificates(self.home, cluster), tokens[cluster])
            for cluster in clusters
        }
        return credentials.kubeconfig(servers, clusters[0])


def port_names(workers: tuple[str, ...]) -> list[str]:
    """Every port that the table of parts needs, as `<part> <use>`."""
    names = ["valkey redis", "istiod grpc", "istiod http"]
    names += [f"argocd/application-controller {use}" for use in ("metrics",)]
    names += [f"argocd/repo-server {use}" for use in ("grpc", "metrics")]
    names += [f"argocd/applicationset-controller {use}" for use in ("metrics", "webhook")]
    for cluster in (HOST, *workers):
        names += [f"{cluster}/kube-apiserver https", f"{cluster}/kube-controller-manager https"]
    for worker in workers:
        names += [f"{worker}/kube-scheduler https", f"{worker}/kwok http"]
        names += [f"{worker}/rollouts metrics", f"{worker}/rollouts healthz"]
    return names
