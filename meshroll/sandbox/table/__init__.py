"""The parts of a sandbox, all real programs, in an order in which needs stand before their users."""

from __future__ import annotations

from meshroll.sandbox.part import Node
from meshroll.sandbox.site import Site
from meshroll.sandbox.table import argo, kubernetes, mesh


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
