"""Before anything is made: is every cluster there, is it the one that is meant, and can it hold what comes.

All clusters are asked at once; the answer is one sentence that names every cluster with a problem.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from meshroll.delivery.clusters import Connect, check_uid, open_api
from meshroll.errors import BadInputError, MeshrollError
from meshroll.kube import Api
from meshroll.settings.model import Cluster, Stack


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


def check(stack: Stack, connect: Connect = open_api) -> None:
    """Ask every cluster that the stack uses. Raises the one error that says all that is wrong."""
    wanted = needs(stack)

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
    check_uid(cluster, api)
    missing = [need for need in wanted if not api.knows(need.api_version, need.kind)]
    if missing:
        names = " and ".join(need.crd for need in missing)
        parts = " and ".join(need.missing for need in missing)
        where = f"cluster {cluster.name}"
        raise BadInputError(f"the cluster has no {names}", where=where, expected=f"{parts} installed there")
