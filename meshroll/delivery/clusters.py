"""The one way from a stack's cluster to its API: reached as the stack says, and refused when it is another cluster."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from meshroll.errors import BadInputError
from meshroll.kube import Api
from meshroll.settings.model import Cluster

if TYPE_CHECKING:
    from meshroll.kube import Kube

SILENT_SECONDS = 15.0  # a server that sends nothing for so long is away: no progress is shown while it is asked
Connect = Callable[[Cluster], Api]


def connect(cluster: Cluster, *, read_seconds: float = SILENT_SECONDS) -> Kube:
    """A cluster's API. Raises BadInputError when another cluster is behind the context, and UnavailableError."""
    api = open_api(cluster, read_seconds=read_seconds)
    if cluster.uid:
        check_uid(cluster, api)
    return api


def open_api(cluster: Cluster, *, read_seconds: float = SILENT_SECONDS) -> Kube:
    """A cluster's API before anything is sent: whether it is the right one is not known yet. Raises BadInputError."""
    from meshroll.kube import Kube  # brings what sends requests, a twentieth of a second

    return Kube.connect(cluster.kubeconfig, cluster.context, cluster.name, read_seconds=read_seconds)


def check_uid(cluster: Cluster, api: Api) -> None:
    """Ask for the namespace kube-system. Raises BadInputError where its uid is not the one that the stack gives."""
    system = api.get("v1", "Namespace", "kube-system")
    uid = system["metadata"]["uid"] if system else ""
    if cluster.uid and uid != cluster.uid:
        behind = f"context {cluster.context}" if cluster.context else "the current context"
        raise BadInputError(
            f"behind {behind} stands another cluster: uid {uid or 'unknown'}",
            where=f"cluster {cluster.name}",
            expected=cluster.uid,
        )
