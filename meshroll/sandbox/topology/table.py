"""The parts of a sandbox, all real programs, in an order in which needs stand before their users."""

from __future__ import annotations

from meshroll.sandbox.supervision.part import Node
from meshroll.sandbox.topology import argo, kubernetes, mesh
from meshroll.sandbox.topology.site import Site


def nodes(site: Site) -> list[Node]:
    """Every part and step of a sandbox."""
    rows = kubernetes.storage(site)
    for cluster in site.clusters:
        rows += kubernetes.control_plane(site, cluster)
    rows.append(kubernetes.kubeconfig(site))
    rows += argo.delivery(site) + mesh.control_plane(site)
    for worker in site.workers:
        rows += kubernetes.worker(site, worker) + argo.rollouts(site, worker) + mesh.worker(site, worker)
    return rows
