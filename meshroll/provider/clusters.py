"""What a Release asks of clusters: would they take the objects, can they deliver, and how far is the delivery."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from meshroll.delivery import needs
from meshroll.delivery.applications import LineageOf
from meshroll.delivery.clusters import connect
from meshroll.delivery.model import Awaited, Released, SharedMesh, Target
from meshroll.delivery.wait import wait_for
from meshroll.errors import MeshrollError, UnavailableError
from meshroll.gitops.history import Lineage, Relation, relation
from meshroll.release import planning
from meshroll.release.inputs import ReleaseInputs, VersionedService
from meshroll.settings.model import Cluster

AGAIN_SECONDS = 5.0  # between two questions to a Git server about the same revision
DRY_RUN_SECONDS = 60.0  # admission webhooks may take up to 30 s each


def validate(worker: Cluster, objects: Sequence[dict[str, Any]]) -> list[str]:
    """The cluster's schemas and a dry run. Raises BadInputError, UnavailableError; answers what was skipped."""
    from meshroll.manifests.validate import (  # with jsonschema, which a preview without a change does not need
        DryRunValidator,
        OpenApiValidator,
        check,
        fetch_documents,
    )

    kube = connect(worker, read_seconds=DRY_RUN_SECONDS)
    return check([OpenApiValidator(fetch_documents(kube.get_raw, objects)), DryRunValidator(kube)], objects)


def wait(inputs: ReleaseInputs, commit: str, services: Sequence[str], report: Callable[[str], None]) -> tuple[str, ...]:
    """Wait as the stack says, for the Applications and for the Rollouts of the services given; answers notes."""
    if inputs.argocd is None or inputs.wait == "committed":
        return ()
    return wait_for(delivery(inputs, commit, services), report).notes


def obstacles(inputs: ReleaseInputs) -> tuple[str, ...]:
    """What keeps a commit from being delivered, a sentence each."""
    if inputs.argocd is None:
        return ()
    of = delivery(inputs, "", [service.name for service in inputs.services])
    return needs.obstacles(of) or needs.stale_routes(of)


def undelivered(inputs: ReleaseInputs, commit: str, services: Sequence[str]) -> str:
    """Why the clusters are not where Git is, as far as the stack waits; "" when they are."""
    return needs.undelivered(delivery(inputs, commit, services)) if inputs.argocd else ""


def delivery(inputs: ReleaseInputs, commit: str, services: Sequence[str]) -> Awaited:
    """A commit's way to the clusters of a Release that has an Argo CD, for some of its services."""
    assert inputs.argocd is not None  # noqa: S101 - the callers above have asked
    workers = [connect(worker) for worker in inputs.workers]
    released = tuple(
        Released(service.name, service.version, version_labels(service))
        for service in inputs.services
        if service.name in services
    )
    return Awaited(
        argocd=connect(inputs.argocd.cluster),
        argocd_namespace=inputs.argocd.namespace,
        targets=tuple(map(Target, inputs.argocd.applications, workers)),
        namespace=inputs.namespace,
        commit=commit,
        services=released,
        until=inputs.wait,
        timeout=float(inputs.timeout_seconds),
        lineage=lineage(inputs, commit, {each.service: each.version for each in released}),
        stack=inputs.stack,
        optional=inputs.kind == "adopted",
        mesh=SharedMesh(connect(inputs.mesh.host), connect(inputs.mesh.leader)) if inputs.mesh else None,
    )


def version_labels(service: VersionedService) -> dict[str, str]:
    """The pod labels that show a service's version, as far as they are known: the templates' own, or the fields'."""
    if service.template:
        return {"version": service.version}
    return {field.value: field.text(service.version) for field in service.fields if field.kind == "label"}


def lineage(
    inputs: ReleaseInputs, commit: str, wanted: Mapping[str, str], *, again_seconds: float = AGAIN_SECONDS
) -> LineageOf:
    """How a revision of the branch stands to a commit; what may still change is asked of Git again after a while.

    Raises UnavailableError for whatever keeps Git from answering: a repository that is away may come back.
    """
    known: dict[str, tuple[Lineage, float]] = {}

    def of(revision: str) -> Lineage:
        if revision in known:
            found, until = known[revision]
            if time.monotonic() < until:
                return found
        try:
            found = relation(inputs.remote, revision, commit, wanted, lambda at: planning.versions_at(inputs, at))
        except MeshrollError as error:
            raise UnavailableError(str(error)) from error
        final = found.relation in (Relation.HOLDS, Relation.OVERTAKEN)
        known[revision] = (found, math.inf if final else time.monotonic() + again_seconds)
        return found

    return of
