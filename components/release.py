"""The release: the resource whose create and update commit the versions of a stack. Our own plug-in serves it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pulumi

from components._base import PACKAGE
from components.clusters import connection
from meshroll.settings.model import Stack


def release_inputs(stack: Stack, clusters: Sequence[str], applications: Sequence[str]) -> dict[str, Any]:
    """The inputs of the Release that serves some of the work clusters; their services are in one folder of Git."""
    repository, delivery = stack.repository, stack.delivery
    source: dict[str, Any] = {"url": repository.url, "branch": repository.branch}
    if repository.credentials:
        secret = {"username": repository.credentials.username, "password": repository.credentials.password}
        source["credentials"] = pulumi.Output.secret(secret)
    return {
        "stack": stack.name,
        "repository": source,
        "path": repository.path_for(clusters[0]),
        "namespace": delivery.namespace,
        "services": [
            {
                "name": service.name,
                "version": service.version,
                "template": service.template,
                "parameters": dict(service.parameters),
            }
            for service in stack.services
            if service.version
        ],
        "argocd": {
            "cluster": connection(stack.clusters[stack.argocd.cluster]),
            "namespace": stack.argocd.namespace,
            "applications": list(applications),
        },
        "workers": [{"name": name, **connection(stack.clusters[name])} for name in clusters],
        "wait": delivery.wait,
        "timeoutSeconds": delivery.timeout_seconds,
    }


def release_groups(stack: Stack) -> Mapping[str, tuple[str, ...]]:
    """The Releases of a stack and the work clusters of each: one a folder in the repository."""
    if not any(service.version for service in stack.services):
        return {}
    if stack.repository.per_cluster:
        return {f"{stack.argocd.project}-{cluster}": (cluster,) for cluster in stack.workers}
    return {stack.argocd.project: stack.workers}


class Release(pulumi.CustomResource):
    """One commit for all changed services of its clusters. Destroying it leaves Git alone."""

    commit: pulumi.Output[str]
    versions: pulumi.Output[Mapping[str, str]]

    def __init__(self, name: str, inputs: Mapping[str, Any], *, after: Sequence[pulumi.Resource] = ()) -> None:
        outputs = {"commit": None, "versions": None}  # asks the engine for them
        super().__init__(
            f"{PACKAGE}:Release", name, {**inputs, **outputs}, pulumi.ResourceOptions(depends_on=list(after))
        )
