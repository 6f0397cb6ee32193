"""A Release's inputs as frozen values; `meshroll.release.properties` has them as the engine does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from meshroll.gitops.git import Remote, Style
from meshroll.manifests.lint import Options
from meshroll.settings.fields import Field
from meshroll.settings.model import Cluster, OnHeld, Wait

if TYPE_CHECKING:  # a Pulumi program makes inputs and no plans
    from meshroll.gitops.plans import Edit

DEFAULT_TIMEOUT_SECONDS = 600
RepositoryKind = Literal["rendered", "adopted"]


@dataclass(frozen=True)
class VersionedService:
    """A service with the version to release: rendered from a template, or adopted with its version's fields."""

    name: str
    version: str
    template: str = ""  # empty for an adopted one
    parameters: Mapping[str, Any] = field(default_factory=dict)
    fields: tuple[Field, ...] = ()


@dataclass(frozen=True)
class ArgoApplications:
    """Where Argo CD runs, and the Application of each worker in the workers' order."""

    cluster: Cluster
    namespace: str
    applications: tuple[str, ...]


@dataclass(frozen=True)
class MeshClusters:
    """The clusters of a hosted mesh: the control plane's, and the work cluster whose Istio resources it copies."""

    host: Cluster
    leader: Cluster


@dataclass(frozen=True)
class ReleaseInputs:
    """Everything that planning, committing and waiting need."""

    stack: str
    remote: Remote
    path: str
    namespace: str
    services: tuple[VersionedService, ...]
    argocd: ArgoApplications | None
    workers: tuple[Cluster, ...]
    wait: Wait
    timeout_seconds: int
    edits: tuple[Edit, ...] = ()  # of the plan, once there is one
    kind: RepositoryKind = "rendered"
    wave: int | None = None  # None where the stack has no waves
    exact: bool = False  # whether a touched file must be as it was when it was planned, byte for byte
    style: Style = field(default_factory=Style)  # of the commit
    written: Mapping[str, str] = field(default_factory=dict)  # versions by service, as the last `up` left them
    mesh: MeshClusters | None = None
    lint: Options = field(default_factory=Options)
    on_held: OnHeld = "warn"  # what a service that must wait for a person is to `pulumi up`
