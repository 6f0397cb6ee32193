"""A stack, read and checked: frozen values, nothing optional that a reader would have to guess.

`load_file` (the command line) and `load_values` (under Pulumi) of this package are the only makers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from meshroll.manifests.admitted import NOTHING_MORE, Admit
from meshroll.settings.fields import Field

if TYPE_CHECKING:  # most who read a stack's values ask no rule
    from meshroll.manifests.lint import Waiver

Wait = Literal["committed", "synced", "step", "finished"]
OnHeld = Literal["warn", "error"]


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
    sync_options: tuple[str, ...] = ()  # Name=value, beside those that every Application has
    ignore_differences: tuple[Mapping[str, Any], ...] = ()  # beside those for what Argo Rollouts writes
    admit: Admit = NOTHING_MORE  # in the AppProject, beside what is read from Git and the templates


@dataclass(frozen=True)
class Credentials:
    """What opens the rollout repository; empty where it is not given. Secrets are never printed."""

    username: str = ""
    password: str = field(default="", repr=False)
    ssh_key: str = field(default="", repr=False)  # a file, or the key itself
    known_hosts: str = ""
    ca_file: str = ""


@dataclass(frozen=True)
class Commit:
    """How commits are made; empty where Git's own configuration decides."""

    author: str = ""  # Name <address>
    message: str = ""  # a text around {subject}, {stack}, {services} and {changes}
    sign: Literal["", "gpg", "ssh"] = ""
    signing_key: str = ""


@dataclass(frozen=True)
class Repository:
    """The rollout repository. `path` may hold `{cluster}`; in an adopted one also `{service}`, and it may be a file."""

    url: str
    branch: str
    kind: Literal["rendered", "adopted"]
    path: str
    credentials: Credentials | None
    exact: bool = False  # a touched file must be, byte for byte, the one that was planned for
    commit: Commit = Commit()

    def path_for(self, cluster: str) -> str:
        """The path of one cluster."""
        return self.path.replace("{cluster}", cluster)

    def folder_for(self, cluster: str) -> str:
        """The folder that holds all services of one cluster."""
        names = self.path_for(cluster).split("/")
        whole = next((index for index, name in enumerate(names) if "{service}" in name), len(names))
        if whole == len(names) and names[-1].endswith((".yaml", ".yml", ".json")):
            whole -= 1
        return "/".join(names[:whole])

    @property
    def per_cluster(self) -> bool:
        """Whether every cluster has a folder of its own."""
        return "{cluster}" in self.path


@dataclass(frozen=True)
class Delivery:
    """The namespace that is delivered to, how far `pulumi up` waits, and the work clusters in turn."""

    namespace: str
    wait: Wait
    timeout_seconds: int
    waves: tuple[tuple[str, ...], ...] = ()  # without any all work clusters are one
    on_held: OnHeld = "warn"  # what a service that must wait for a person is to `pulumi up`


@dataclass(frozen=True)
class Service:
    """One service: rendered from a template and its parameters, or adopted with the fields that hold its version.

    Without a version it is only watched.
    """

    name: str
    version: str | None
    template: str | None
    parameters: Mapping[str, Any]
    managed_routes: tuple[str, ...]
    fields: tuple[Field, ...] = ()


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
    waivers: tuple[Waiver, ...] = ()  # what the lint is not to report
    ask_plugin: bool = False  # whether `kubectl argo rollouts lint` is asked too

    def wave_of(self, cluster: str) -> int:
        """In which wave a work cluster is delivered to, from 1."""
        return next((n for n, wave in enumerate(self.delivery.waves, 1) if cluster in wave), 1)
