"""Before anything is made: is every cluster there, is it the one that is meant, and can it hold what comes.

All clusters are asked at once; the answer is one sentence that names every cluster with a problem.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Protocol

from meshroll.errors import BadInputError, MeshrollError
from meshroll.kube import Kube
from meshroll.settings.model import Cluster, Stack

SILENT_SECONDS = 15.0  # a server that says nothing for so long is away; nobody is told anything meanwhile


class Api(Protocol):
    """The part of `meshroll.kube.Kube` that the check needs."""

    def get(self, api_version: str, kind: str, name: str, namespace: str | None = None) -> dict[str, Any] | None:
        """One object, or None."""

    def knows(self, api_version: str, kind: str) -> bool:
        """Whether the cluster serves a kind."""


@dataclass(frozen=True)
class Need:
    """A kind that a cluster must serve, and what would make it so."""

    crd: str
    api_version: str
    kind: str
    missing: str


ISTIO = Need("virtualservices.networking.istio.io", "networking.istio.io/v1beta1", "VirtualService", "Istio's CRDs")
ROLLOUTS = Need("rollouts.argoproj.io", "argoproj.io/v1alpha1", "Rollout", "Argo Rollouts")
APPLICATIONS = Need("applications.argoproj.io", "argoproj.io/v1alpha1", "Application", "Argo CD")
GLOBAL_MESH = Need(
    "globalmeshes.discovery.mspider.io", "discovery.mspider.io/v3alpha1", "GlobalMesh", "the hosted mesh's management"
)


def needs(stack: Stack) -> dict[str, tuple[Need, ...]]:
    """What each cluster of the stack must serve, by the parts it plays."""
    wanted: dict[str, list[Need]] = {}

    def add(cluster: str, *more: Need) -> None:
        known = wanted.setdefault(cluster, [])
        known.extend(need for need in more if need not in known)

    add(stack.argocd.cluster, APPLICATIONS)
    for worker in stack.workers:
        add(worker, ROLLOUTS, ISTIO)
    if stack.mesh:
        add(stack.mesh.owner, GLOBAL_MESH)
        add(stack.mesh.host, ISTIO)
    return {cluster: tuple(known) for cluster, known in wanted.items()}


def check(stack: Stack, connect: Callable[[Cluster], Api] | None = None) -> None:
    """Ask every cluster that the stack uses. Raises the one error that says all that is wrong."""
    wanted = needs(stack)
    connect = connect or _connect

    def problem(name: str) -> MeshrollError | None:
        try:
            check_cluster(stack.clusters[name], connect(stack.clusters[name]), wanted[name])
        except MeshrollError as error:
            return error
        return None

    with ThreadPoolExecutor(max_workers=max(len(wanted), 1)) as pool:
        problems = [error for error in pool.map(problem, wanted) if error]
    if len(problems) == 1:
        raise problems[0]
    if problems:
        worst = next((error for error in problems if isinstance(error, BadInputError)), problems[0])
        kind = BadInputError if isinstance(worst, BadInputError) else MeshrollError
        raise kind("; ".join(str(error) for error in problems))


def check_cluster(cluster: Cluster, api: Api, wanted: tuple[Need, ...]) -> None:
    """One cluster: reachable, the one with the uid of the stack, and with the CRDs of its parts."""
    where = f"cluster {cluster.name}"
    system = api.get("v1", "Namespace", "kube-system")
    uid = system["metadata"]["uid"] if system else ""
    if cluster.uid and uid != cluster.uid:
        behind = f"context {cluster.context}" if cluster.context else "the current context"
        raise BadInputError(
            f"behind {behind} stands another cluster: uid {uid or 'unknown'}", where=where, expected=cluster.uid
        )
    missing = [need for need in wanted if not api.knows(need.api_version, need.kind)]
    if missing:
        names = " and ".join(need.crd for need in missing)
        parts = " and ".join(need.missing for need in missing)
        raise BadInputError(f"the cluster has no {names}", where=where, expected=f"{parts} installed there")


def _connect(cluster: Cluster) -> Api:
    return Kube.connect(cluster.kubeconfig, cluster.context, cluster.name, read_seconds=SILENT_SECONDS)
