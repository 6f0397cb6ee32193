"""A stack's components in the order of their making, and the outputs; destroying runs the order backwards."""

from __future__ import annotations

from typing import Any

import pulumi

from meshroll.components.argocd import ArgoApplication
from meshroll.components.clusters import providers
from meshroll.components.gateway import GatewayEndpoint
from meshroll.components.mesh import HostedMeshAttachment
from meshroll.components.namespaces import MeshNamespace
from meshroll.components.release import Release, release_inputs
from meshroll.release.applied import application_needs
from meshroll.release.stack import release_groups
from meshroll.settings.model import Stack


def build(stack: Stack) -> dict[str, Any]:
    """Make all components of a stack; the answer is what the stack exports."""
    needs = application_needs(stack)
    for warning in dict.fromkeys(text for each in needs.values() for text in each.warnings):
        pulumi.log.warn(warning)
    of_cluster = providers(stack)
    workers = {cluster: of_cluster[cluster] for cluster in stack.workers}
    before: list[pulumi.Resource] = []
    if stack.mesh:
        before.append(HostedMeshAttachment(stack.mesh.name, stack.mesh, of_cluster))
    before += [MeshNamespace(space.name, space, workers, after=tuple(before)) for space in stack.namespaces]
    argo = ArgoApplication(stack.argocd.project, stack, of_cluster[stack.argocd.cluster], needs, after=before)
    releases: dict[str, Release] = {}
    of_wave: dict[int, list[Release]] = {}
    for name, clusters in release_groups(stack).items():
        wave = stack.wave_of(clusters[0])
        after = [*(argo.applications[cluster] for cluster in clusters), *of_wave.get(wave - 1, [])]
        releases[name] = Release(name, release_inputs(stack, clusters), after=after)
        of_wave.setdefault(wave, []).append(releases[name])
    gateways = {name: GatewayEndpoint(name, gateway, of_cluster[name]) for name, gateway in stack.gateways.items()}
    return {
        "gateway_endpoints": {name: endpoint.url for name, endpoint in gateways.items()},
        "applications": argo.names,
        "release": {name: {"commit": made.commit, "versions": made.versions} for name, made in releases.items()},
    }
