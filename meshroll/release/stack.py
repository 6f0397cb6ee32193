"""From a stack to the inputs of its Releases, as plain values: the same for `pulumi up` and for the command line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from meshroll.settings.fields import words_of
from meshroll.settings.model import Cluster, Commit, Credentials, Mesh, Service, Stack


def release_groups(stack: Stack) -> Mapping[str, tuple[str, ...]]:
    """The Releases of a stack, wave by wave, and the work clusters of each: one a folder in the repository."""
    if not any(service.version for service in stack.services):
        return {}
    if stack.repository.per_cluster:
        in_turn = sorted(stack.workers, key=stack.wave_of)
        return {application_name(stack, cluster): (cluster,) for cluster in in_turn}
    return {stack.argocd.project: stack.workers}


def credentials_values(given: Credentials) -> dict[str, str]:
    """What opens the repository, under the stack file's names."""
    values = {
        "username": given.username if given.password else "",
        "password": given.password,
        "sshKey": given.ssh_key,
        "knownHosts": given.known_hosts,
        "caFile": given.ca_file,
    }
    return {name: value for name, value in values.items() if value}


def release_values(stack: Stack, clusters: Sequence[str]) -> dict[str, Any]:
    """The inputs of the Release that serves some of the work clusters; the credentials are in clear."""
    repository, delivery = stack.repository, stack.delivery
    source: dict[str, Any] = {"url": repository.url, "branch": repository.branch}
    if repository.kind == "adopted":
        source["kind"] = repository.kind
    if repository.exact:
        source["exact"] = True
    if commit := commit_values(repository.commit):
        source["commit"] = commit
    if repository.credentials:
        source["credentials"] = credentials_values(repository.credentials)
    return {
        "stack": stack.name,
        "repository": source,
        "path": repository.path_for(clusters[0]),
        "namespace": delivery.namespace,
        "services": [service_values(service) for service in stack.services if service.version],
        "argocd": {
            "cluster": named(stack.clusters[stack.argocd.cluster]),
            "namespace": stack.argocd.namespace,
            "applications": [application_name(stack, cluster) for cluster in clusters],
        },
        "workers": [named(stack.clusters[name]) for name in clusters],
        **({"mesh": mesh_values(stack, stack.mesh)} if stack.mesh else {}),
        **({"lint": options} if (options := lint_values(stack, clusters)) else {}),
        **({"wave": stack.wave_of(clusters[0])} if len(delivery.waves) > 1 else {}),
        "wait": delivery.wait,
        "timeoutSeconds": delivery.timeout_seconds,
        **({"onHeld": delivery.on_held} if delivery.on_held != "warn" else {}),
    }


def lint_values(stack: Stack, clusters: Sequence[str]) -> dict[str, Any]:
    """What the stack says to the lint: what it waives, and the ports of the gateway Services of some clusters.

    Behind an address, a Gateway's port can be another.
    """
    found = (stack.gateways[name] for name in clusters if name in stack.gateways)
    ports = sorted({gateway.port for gateway in found if gateway.service})
    waive = [{key: value for key, value in vars(waiver).items() if value} for waiver in stack.waivers]
    return {key: value for key, value in (("gatewayPorts", ports), ("waive", waive)) if value}


def mesh_values(stack: Stack, mesh: Mesh) -> dict[str, Any]:
    """Where the control plane's copies of the leader's Istio resources are, and where they come from."""
    return {"host": named(stack.clusters[mesh.host]), "leader": named(stack.clusters[mesh.leader])}


def service_values(service: Service) -> dict[str, Any]:
    """A service as a Release has it: with what renders it, or with the fields that hold its version."""
    if service.template is None:
        fields = [words_of(field) for field in service.fields]
        return {"name": service.name, "version": service.version, "fields": fields}
    return {
        "name": service.name,
        "version": service.version,
        "template": service.template,
        "parameters": dict(service.parameters),
    }


def commit_values(commit: Commit) -> dict[str, str]:
    """How commits are made; what Git's configuration decides stays out."""
    values = {
        "author": commit.author,
        "message": commit.message,
        "sign": commit.sign,
        "signingKey": commit.signing_key,
    }
    return {key: value for key, value in values.items() if value}


def application_name(stack: Stack, cluster: str) -> str:
    """The Application of a work cluster."""
    return f"{stack.argocd.project}-{cluster}"


def named(cluster: Cluster) -> dict[str, str]:
    """A cluster's name and how our own plug-in reaches it; what the stack leaves out stays out."""
    found = {"name": cluster.name, "kubeconfig": cluster.kubeconfig, "context": cluster.context, "uid": cluster.uid}
    return {key: value for key, value in found.items() if value}
