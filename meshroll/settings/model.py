"""A stack, read and checked: frozen values, nothing optional that a reader would have to guess.

`load_file` (the command line) and `load_values` (under Pulumi) of this package are the only makers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Wait = Literal["committed", "synced", "step", "finished"]


@dataclass(frozen=True)
class Cluster:
    """How a cluster is reached: a context of a kubeconfig file (None: `KUBECONFIG`), and the uid of its kube-system."""

    name: str
    context: str | None
    kubeconfig: str | None
    uid: str | None


@dataclass(frozen=True)
class Mesh:
    """The hosted mesh and the work clusters attached to it; `leader` is the one whose Istio resources are copied."""

    provider: str
    name: str
    version: str
    owner: str  # cluster that holds the GlobalMesh (the role "global")
    host: str  # cluster that holds istiod's configuration
    workers: tuple[str, ...]
    leader: str
    namespace: str  # of the GlobalMesh
    control_plane_params: Mapping[str, str]  # the stack's own, laid over what Meshroll sets
    remote_kubeconfigs: Mapping[str, str] = field(
        repr=False
    )  # worker: kubeconfig for istiod; none: the mesh makes them


@dataclass(frozen=True)
class Gateway:
    """Where a work cluster's ingress gateway answers: an address, or a Service "namespace/name" to read it from."""

    cluster: str
    address: str | None
    service: str | None
    port: int


@dataclass(frozen=True)
class Namespace:
    """A namespace made in every work cluster."""

    name: str
    injection: bool


@dataclass(frozen=True)
class ArgoCD:
    """Where Argo CD runs, the AppProject to make and how its Applications sync."""

    cluster: str
    namespace: str
    project: str
    automated: bool
    prune: bool
    self_heal: bool


@dataclass(frozen=True)
class Credentials:
    """What opens the rollout repository over HTTP; secrets, never printed."""

    username: str
    password: str = field(repr=False)


@dataclass(frozen=True)
class Repository:
    """The rollout repository. `path` may hold `{cluster}`."""

    url: str
    branch: str
    kind: Literal["rendered", "adopted"]
    path: str
    credentials: Credentials | None

    def path_for(self, cluster: str) -> str:
        """The folder of one cluster."""
        return self.path.replace("{cluster}", cluster)

    @property
    def per_cluster(self) -> bool:
        """Whether every cluster has a folder of its own."""
        return "{cluster}" in self.path


@dataclass(frozen=True)
class Delivery:
    """The namespace that is delivered to, and how far `pulumi up` waits."""

    namespace: str
    wait: Wait
    timeout_seconds: int


@dataclass(frozen=True)
class Service:
    """One service. In a rendered repository it has version, template and parameters; an adopted one is only watched."""

    name: str
    version: str | None
    template: str | None
    parameters: Mapping[str, Any]
    managed_routes: tuple[str, ...]


@dataclass(frozen=True)
class Stack:
    """All settings of one stack; `file` is None when the values did not come from a file."""

    name: str
    file: str | None
    clusters: Mapping[str, Cluster]
    workers: tuple[str, ...]  # the clusters delivered to
    mesh: Mesh | None
    gateways: Mapping[str, Gateway]
    namespaces: tuple[Namespace, ...]
    argocd: ArgoCD
    repository: Repository
    delivery: Delivery
    services: tuple[Service, ...]
