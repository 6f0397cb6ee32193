"""What a wait is asked for: a commit, where it goes, which services it releases and how far they should get."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from meshroll.delivery.applications import LineageOf
from meshroll.kube import Api
from meshroll.settings.model import Wait

FIELD_MANAGER = "meshroll"
REMEDY = "expected `pulumi up --refresh`, which makes it again"


@dataclass(frozen=True)
class Released:
    """A service with the version that Git has, and the pod labels that show it as far as they are known."""

    service: str
    version: str
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Target:
    """An Application and the work cluster that it deploys to."""

    application: str
    worker: Api


@dataclass(frozen=True)
class SharedMesh:
    """A shared hosted mesh: the control plane's cluster, and the work cluster whose Istio resources it copies."""

    host: Api
    leader: Api


@dataclass(frozen=True)
class Awaited:
    """A commit on its way. `lineage` tells how a revision of the branch stands to it; `timeout` is in seconds.

    With `optional` a service may have another workload than a Rollout, and then has no steps to wait for.
    """

    argocd: Api
    argocd_namespace: str
    targets: tuple[Target, ...]
    namespace: str
    commit: str
    services: tuple[Released, ...]
    until: Wait
    timeout: float
    lineage: LineageOf
    stack: str = ""
    optional: bool = False
    mesh: SharedMesh | None = None
