"""What a Release asks of clusters: would they take the objects, and how far is the delivery."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from meshroll.delivery.preflight import check_cluster
from meshroll.delivery.wait import wait_for
from meshroll.gitops import is_descendant
from meshroll.kube import Kube
from meshroll.manifests.validate import DryRunValidator, OpenApiValidator, check, fetch_documents
from meshroll.release.inputs import ReleaseInputs
from meshroll.settings.model import Cluster


def validate(worker: Cluster, objects: Sequence[dict[str, Any]]) -> list[str]:
    """The cluster's schemas and a dry run. Raises BadInputError, UnavailableError; answers what was skipped."""
    kube = connect(worker)
    return check([OpenApiValidator(fetch_documents(kube.get_raw, objects)), DryRunValidator(kube)], objects)


def wait(inputs: ReleaseInputs, commit: str, services: Sequence[str], report: Callable[[str], None]) -> tuple[str, ...]:
    """Wait as the stack says, for the Applications and for the Rollouts of the services given; answers notes."""
    if inputs.argocd is None or inputs.wait == "committed":
        return ()
    workers = [connect(worker) for worker in inputs.workers]
    progress = wait_for(
        connect(inputs.argocd.cluster),
        inputs.argocd.namespace,
        list(zip(inputs.argocd.applications, workers, strict=True)),
        inputs.namespace,
        commit,
        services,
        inputs.wait,
        float(inputs.timeout_seconds),
        lambda revision, of: is_descendant(inputs.remote, revision, of),
        report,
        stack=inputs.stack,
        optional=inputs.kind == "adopted",
    )
    return progress.notes


def connect(cluster: Cluster) -> Kube:
    """A cluster's API. Raises BadInputError when another cluster stands behind the context."""
    kube = Kube.connect(cluster.kubeconfig, cluster.context, cluster.name)
    if cluster.uid:
        check_cluster(cluster, kube, ())
    return kube
