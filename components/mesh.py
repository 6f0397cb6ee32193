"""The hosted mesh: the GlobalMesh that attaches the work clusters, and the secrets by which istiod reaches them.

The product's CustomResourceDefinition is not public and its keys differ between releases. Every key that Meshroll
knows is in this module; `mesh.controlPlaneParams` of the stack is laid over the flat ones.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pulumi_kubernetes as kubernetes

from meshroll.components import objects
from meshroll.components._base import Component, secret_data
from meshroll.settings.model import Mesh

API_VERSION = "discovery.mspider.io/v3alpha1"
ISTIO_NAMESPACE = "istio-system"
SYNCHRONIZE = "enabled_resources_synchronizer"
SYNCHRONIZE_FROM = "sync_resource_worker_cluster"
SYNCHRONIZED = (
    {"group": "networking.istio.io", "kind": "VirtualService", "resource": "virtualservices", "version": "v1beta1"},
    {"group": "networking.istio.io", "kind": "DestinationRule", "resource": "destinationrules", "version": "v1beta1"},
    {"group": "networking.istio.io", "kind": "Gateway", "resource": "gateways", "version": "v1alpha3"},
)


def global_mesh_spec(mesh: Mesh) -> dict[str, Any]:
    """The GlobalMesh's spec: one owner, the clusters attached, and what the leader's synchronizer copies."""
    flat = {SYNCHRONIZE: "true", SYNCHRONIZE_FROM: mesh.leader}
    return {
        "mode": "HOSTED",
        "ownerCluster": mesh.host,
        "clusters": list(dict.fromkeys((mesh.host, *mesh.workers))),
        "ownerConfig": {
            "controlPlaneParams": {**flat, **mesh.control_plane_params},
            "controlPlaneParamsStruct": {"global": {"sync_istio_resources": [dict(entry) for entry in SYNCHRONIZED]}},
        },
    }


class HostedMeshAttachment(Component):
    """Attaches the work clusters of a stack to its hosted mesh."""

    def __init__(self, name: str, mesh: Mesh, providers: Mapping[str, kubernetes.Provider]) -> None:
        super().__init__(name)
        secrets = [
            objects.secret(
                self.child_name("remote", worker),
                {
                    "name": f"istio-remote-secret-{worker}",
                    "namespace": ISTIO_NAMESPACE,
                    "labels": {"istio/multiCluster": "true"},
                    "annotations": {"networking.istio.io/cluster": worker},
                },
                secret_data({worker: kubeconfig}),
                self.child_options(providers[mesh.host]),
            )
            for worker, kubeconfig in mesh.remote_kubeconfigs.items()
        ]
        self.global_mesh = kubernetes.apiextensions.CustomResource(
            self.child_name("global-mesh"),
            api_version=API_VERSION,
            kind="GlobalMesh",
            metadata={"name": mesh.name, "namespace": mesh.namespace},
            spec=global_mesh_spec(mesh),
            opts=self.child_options(providers[mesh.owner], after=secrets),
        )
        self.register_outputs({"name": mesh.name})
