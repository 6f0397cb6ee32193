"""What listens in a sandbox, who can reach it, how a caller proves itself, and what one gets who does.

`EXPOSED` is the whole list of TCP listeners; the README repeats it, and a test holds it against what the running parts
really do. Unix sockets (etcd, the gateways' administration, Argo CD's passwords) are in folders of mode 0700.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from meshroll.sandbox.supervision import listeners
from meshroll.sandbox.supervision.listeners import Listener

MACHINE, NETWORK = "users of this machine", "every host that reaches this machine"
USER = "this user"
_TOKEN, _PASSWORD, _NOTHING = "a bearer token", "a password", "nothing"
_METRICS = "metrics"


@dataclass(frozen=True)
class Exposure:
    """A kind of listener. `part` is without its cluster; `use` is "" for ports that objects of a cluster name."""

    part: str
    use: str
    proof: str
    gives: str
    reach: str = MACHINE


@dataclass(frozen=True)
class Open:
    """A listener of a running part, and what is known of its kind; nothing where the list lacks it."""

    part: str
    listener: Listener
    exposure: Exposure | None
    own_network: bool = False

    @property
    def reach(self) -> str:
        """Who can reach it, by its address and its network."""
        if self.own_network:
            return USER
        return MACHINE if self.listener.loopback else NETWORK


EXPOSED = (
    Exposure("kube-apiserver", "https", _TOKEN, "the cluster"),
    Exposure("kube-controller-manager", "https", _TOKEN, f"{_METRICS}; its health without a token"),
    Exposure("kube-scheduler", "https", _TOKEN, f"{_METRICS}; its health without a token"),
    Exposure("kwok", "http", _NOTHING, _METRICS),
    Exposure("valkey", "redis", _PASSWORD, "Argo CD's cache: rendered manifests"),
    Exposure("argocd/repo-server", "grpc", _NOTHING, "any Git repository that its user can read; a fetch of any URL"),
    Exposure("argocd/repo-server", "metrics", _NOTHING, _METRICS),
    Exposure("argocd/application-controller", "metrics", _NOTHING, _METRICS, NETWORK),
    Exposure("argocd/applicationset-controller", "metrics", _NOTHING, _METRICS),
    Exposure("argocd/applicationset-controller", "webhook", _NOTHING, "an earlier look at a repository"),
    Exposure("istiod", "grpc", _NOTHING, "the configuration of every proxy"),
    Exposure("istiod", "http", _NOTHING, "the mesh's configuration, and a push of it"),
    Exposure("rollouts", "healthz", _NOTHING, "its health", NETWORK),
    Exposure("rollouts", "metrics", _NOTHING, _METRICS, NETWORK),
    Exposure("gateway", "", _NOTHING, "the mesh's traffic, on the addresses that Gateways bind"),
    Exposure("runner", "", _NOTHING, "the programs of pods, each on its pod's address"),
)


def exposure_of(part: str, use: str) -> Exposure | None:
    """The row of a part, with or without its cluster."""
    names = (part, part.rpartition("/")[2])
    return next((row for row in EXPOSED if row.part in names and row.use == use), None)


def opened(
    processes: Mapping[str, Iterable[int]], ports: Mapping[str, Mapping[str, int]], *, own_network: bool = False
) -> list[Open]:
    """What the processes of each part listen on, in the order of `processes`; `ports` by part and use."""
    uses = {(part, port): use for part, named in ports.items() for use, port in named.items()}
    return [
        Open(part, listener, exposure_of(part, uses.get((part, listener.port), "")), own_network)
        for part, pids in processes.items()
        for listener in sorted(listeners.of_processes(pids))
    ]
