"""A promotion in the work clusters of a stack, one after the other."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from meshroll.delivery.leader import Leader, NotFollowedError, Pace
from meshroll.delivery.operate import PromotionRequest, promote
from meshroll.errors import ConflictError, MeshrollError
from meshroll.kube import Api
from meshroll.settings.model import Cluster, Stack


def promote_in_turn(
    stack: Stack,
    clusters: Sequence[str],
    service: str,
    request: PromotionRequest,
    connect: Callable[[Cluster], Api],
    announce: Callable[[str], None],
    report: Callable[[str], None],
) -> None:
    """Promote a service in each of the work clusters; `announce` gets what was done, `report` what is waited for.

    Ends with the first error, which says where the service is promoted already.
    """
    promoted: list[str] = []
    for cluster in clusters:
        try:
            _promote(stack, cluster, service, request, connect, announce, report)
        except MeshrollError as error:
            if isinstance(error, NotFollowedError) and not request.full:
                promoted.append(cluster)
            left = clusters[len(promoted) :]
            if not promoted or not left:
                raise
            # The same call again would promote the others once more.
            raise ConflictError(
                f"{error}; {service} is promoted in {', '.join(promoted)} already",
                expected=f"`--cluster {left[0]}`, and each cluster after it, once this is mended",
            ) from None
        promoted.append(cluster)


def _promote(
    stack: Stack,
    cluster: str,
    service: str,
    request: PromotionRequest,
    connect: Callable[[Cluster], Api],
    announce: Callable[[str], None],
    report: Callable[[str], None],
) -> None:
    mesh, namespace, worker = stack.mesh, stack.delivery.namespace, connect(stack.clusters[cluster])
    if mesh is not None and cluster == mesh.leader:
        pace = Pace(timeout=stack.delivery.timeout_seconds)
        Leader(worker, connect(stack.clusters[mesh.host]), namespace, announce, report, pace).promote(service, request)
        return
    announce(promote(worker, namespace, service, request.full, step=request.step))
    if mesh is not None and cluster in mesh.workers:
        announce(f"the weights in {cluster} act on nothing: the resources of {mesh.leader} steer mesh {mesh.name}")
