"""One Kubernetes provider for each cluster that a stack uses, named after the cluster."""

from __future__ import annotations

from collections.abc import Mapping

import pulumi_kubernetes as kubernetes

from meshroll.settings.model import Cluster, Stack


def used_clusters(stack: Stack) -> tuple[str, ...]:
    """The clusters that the stack's components write to or read from, each once."""
    mesh = (stack.mesh.owner, stack.mesh.host) if stack.mesh else ()
    return tuple(dict.fromkeys((stack.argocd.cluster, *mesh, *stack.workers, *stack.gateways)))


def providers(stack: Stack) -> Mapping[str, kubernetes.Provider]:
    """The provider of each used cluster."""
    return {name: _provider(stack, stack.clusters[name]) for name in used_clusters(stack)}


def _provider(stack: Stack, cluster: Cluster) -> kubernetes.Provider:
    return kubernetes.Provider(
        cluster.name,
        # Without an identifier the plug-in takes a changed kubeconfig for another cluster and replaces everything.
        cluster_identifier=cluster.uid or f"{stack.name}/{cluster.name}",
        kubeconfig=cluster.kubeconfig,
        context=cluster.context,
        enable_server_side_apply=True,
    )
