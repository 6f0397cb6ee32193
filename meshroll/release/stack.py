"""From a stack to the inputs of its Releases: the same for `pulumi up` and for the command line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from meshroll.gitops.git import Remote, Style
from meshroll.manifests.lint import Options
from meshroll.release.inputs import ArgoApplications, MeshClusters, ReleaseInputs, VersionedService
from meshroll.settings.model import Credentials, Repository, Stack


def release_groups(stack: Stack) -> Mapping[str, tuple[str, ...]]:
    """The Releases of a stack, wave by wave, and the work clusters of each: one a folder in the repository."""
    if not any(service.version for service in stack.services):
        return {}
    if stack.repository.per_cluster:
        in_turn = sorted(stack.workers, key=stack.wave_of)
        return {application_name(stack, cluster): (cluster,) for cluster in in_turn}
    return {stack.argocd.project: stack.workers}


def from_stack(stack: Stack, clusters: Sequence[str]) -> ReleaseInputs:
    """The inputs of the Release that serves some of the work clusters. Raises BadInputError for a wrong repository."""
    repository, delivery, commit = stack.repository, stack.delivery, stack.repository.commit
    return ReleaseInputs(
        stack=stack.name,
        remote=_remote(repository),
        path=repository.path_for(clusters[0]),
        namespace=delivery.namespace,
        services=tuple(
            VersionedService(each.name, each.version, each.template or "", each.parameters, each.fields)
            for each in stack.services
            if each.version
        ),
        argocd=ArgoApplications(
            stack.clusters[stack.argocd.cluster],
            stack.argocd.namespace,
            tuple(application_name(stack, cluster) for cluster in clusters),
        ),
        workers=tuple(stack.clusters[name] for name in clusters),
        wait=delivery.wait,
        timeout_seconds=delivery.timeout_seconds,
        kind=repository.kind,
        wave=stack.wave_of(clusters[0]) if len(delivery.waves) > 1 else None,
        exact=repository.exact,
        style=Style(commit.author, commit.message, commit.sign, commit.signing_key),
        mesh=MeshClusters(stack.clusters[stack.mesh.host], stack.clusters[stack.mesh.leader]) if stack.mesh else None,
        lint=lint_options(stack, clusters),
        on_held=delivery.on_held,
    )


def application_name(stack: Stack, cluster: str) -> str:
    """The Application of a work cluster."""
    return f"{stack.argocd.project}-{cluster}"


def lint_options(stack: Stack, clusters: Sequence[str]) -> Options:
    """What the stack waives, whether a plug-in is asked, and the ports of the gateway Services of some clusters.

    Behind an address, a Gateway's port can be another.
    """
    found = (stack.gateways[name] for name in clusters if name in stack.gateways)
    ports = sorted({gateway.port for gateway in found if gateway.service})
    return Options(tuple(ports), stack.waivers, ask_plugin=stack.ask_plugin)


def _remote(repository: Repository) -> Remote:
    given = repository.credentials or Credentials()
    username = given.username if given.password else ""
    return Remote(
        repository.url,
        repository.branch,
        username,
        given.password,
        given.ssh_key,
        given.known_hosts,
        given.ca_file,
    )
