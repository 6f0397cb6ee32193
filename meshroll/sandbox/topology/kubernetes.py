"""etcd and the clusters on it: real control planes, without the controllers that publish endpoints.

The API server refuses loopback addresses in endpoints; the mesh finds pods by their WorkloadEntries instead. etcd
listens on Unix sockets in the sandbox's private folder only, so that no other user of the machine reaches it.
"""

from __future__ import annotations

from pathlib import Path

from meshroll.sandbox.state import files
from meshroll.sandbox.supervision.part import Node, Part, Task
from meshroll.sandbox.supervision.probes import HttpProbe, UnixHttpProbe
from meshroll.sandbox.topology.seed import register_worker, seed_cluster
from meshroll.sandbox.topology.site import HOST, Site

_STAGES = Path(__file__).parents[1] / "pods" / "stages"
_WORKER_CONTROLLERS = "*,-endpointslice-controller,-endpoints-controller,-endpointslice-mirroring-controller"
# The host runs no pods.
_HOST_CONTROLLERS = "namespace-controller,garbage-collector-controller,serviceaccount-controller"


def storage(site: Site) -> list[Node]:
    """One etcd for all clusters, each below its own prefix."""
    client, peer = site.home.run("etcd.sock"), site.home.run("etcd-peer.sock")
    command = (
        str(site.programs["etcd"]),
        f"--data-dir={site.home.part('etcd')}",
        f"--listen-client-urls=unix://{client}",
        # Advertised to peers, of which there are none; etcd wants a host and a port here.
        "--advertise-client-urls=http://127.0.0.1:1",
        f"--listen-peer-urls=unix://{peer}",
        # The data is worth no more than the processes around it, and syncing takes most of the time of a start.
        "--unsafe-no-fsync",
        "--log-level=warn",
    )
    return [Part("etcd", command, UnixHttpProbe(client, "/readyz"), environment=site.environment())]


def control_plane(site: Site, cluster: str) -> list[Node]:
    """A cluster's API server and controllers, its kubeconfig, and what it is seeded with."""
    folder = site.home.cluster(cluster)
    server, manager = f"{cluster}/kube-apiserver", f"{cluster}/kube-controller-manager"
    network = 96 + site.clusters.index(cluster)
    key = folder / "service-account.key"
    serve = (
        str(site.programs["kube-apiserver"]),
        f"--etcd-servers=unix://{site.home.run('etcd.sock')}",
        f"--etcd-prefix=/{cluster}",
        f"--cert-dir={folder / 'pki'}",
        "--bind-address=127.0.0.1",
        "--advertise-address=127.0.0.1",
        f"--secure-port={site.port(server, 'https')}",
        "--endpoint-reconciler-type=none",
        "--service-account-issuer=https://kubernetes.default.svc",
        f"--service-account-key-file={key}",
        f"--service-account-signing-key-file={key}",
        f"--token-auth-file={folder / 'users.csv'}",
        f"--service-cluster-ip-range=10.{network}.0.0/16",
        "--authorization-mode=Node,RBAC",
        "--shutdown-delay-duration=0s",
    )
    control = (
        str(site.programs["kube-controller-manager"]),
        f"--kubeconfig={site.home.cluster_kubeconfig(cluster)}",
        f"--service-account-private-key-file={key}",
        "--bind-address=127.0.0.1",
        f"--secure-port={site.port(manager, 'https')}",
        f"--cert-dir={folder / 'controller-manager'}",
        f"--controllers={_HOST_CONTROLLERS if cluster == HOST else _WORKER_CONTROLLERS}",
        "--leader-elect=false",
    )
    kubeconfig, seeded = f"{cluster} kubeconfig", f"{cluster} seeded"
    return [
        Part(
            server,
            serve,
            HttpProbe(site.port(server, "https"), "/readyz", tls=True),
            needs=("etcd",),
            environment=site.environment(),
            ports=site.ports_of(server),
        ),
        Task(kubeconfig, lambda: site.write_kubeconfig(cluster), needs=(server,)),
        Task(seeded, lambda: seed_cluster(site, cluster), needs=(kubeconfig,)),
        Part(
            manager,
            control,
            HttpProbe(site.port(manager, "https"), "/healthz", tls=True),
            needs=(kubeconfig,),
            environment=site.environment(),
            ports=site.ports_of(manager),
        ),
    ]


def kubeconfig(site: Site) -> Task:
    """The kubeconfig for people and for Pulumi, with a context for each cluster."""
    needs = tuple(f"{cluster} kubeconfig" for cluster in site.clusters)
    return Task("kubeconfig", lambda: files.write(site.home.kubeconfig, site.kubeconfig(site.clusters)), needs)


def worker(site: Site, cluster: str) -> list[Node]:
    """What only a cluster with pods has: a scheduler, KWOK for its node, and its place in Argo CD."""
    scheduler, kwok = f"{cluster}/kube-scheduler", f"{cluster}/kwok"
    kubeconfig = f"--kubeconfig={site.home.cluster_kubeconfig(cluster)}"
    schedule = (
        str(site.programs["kube-scheduler"]),
        kubeconfig,
        "--bind-address=127.0.0.1",
        f"--secure-port={site.port(scheduler, 'https')}",
        f"--cert-dir={site.home.cluster(cluster) / 'scheduler'}",
        "--leader-elect=false",
    )
    simulate = (
        str(site.programs["kwok"]),
        kubeconfig,
        "--manage-all-nodes=true",
        f"--node-ip={site.ranges[cluster].node}",
        f"--cidr={site.ranges[cluster].cidr}",
        f"--server-address=127.0.0.1:{site.port(kwok, 'http')}",
        *(f"--config={stage}" for stage in sorted(_STAGES.glob("*.yaml"))),
    )
    return [
        Task(
            f"{cluster} registered",
            lambda: register_worker(site, cluster),
            needs=("host seeded", f"{cluster} kubeconfig"),
        ),
        Part(
            scheduler,
            schedule,
            HttpProbe(site.port(scheduler, "https"), "/healthz", tls=True),
            needs=(f"{cluster} kubeconfig",),
            environment=site.environment(),
            ports=site.ports_of(scheduler),
        ),
        Part(
            kwok,
            simulate,
            HttpProbe(site.port(kwok, "http"), "/healthz"),
            needs=(f"{cluster} seeded",),
            environment=site.environment(),
            ports=site.ports_of(kwok),
        ),
    ]
