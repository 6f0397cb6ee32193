"""The hosted mesh: istiod on the host, and on every worker what stands in for its nodes and its ingress gateway."""

from __future__ import annotations

import sys
from pathlib import Path

from meshroll.sandbox.build import parts
from meshroll.sandbox.state import files
from meshroll.sandbox.supervision.part import Node, Part, Task
from meshroll.sandbox.supervision.probes import FileProbe, HttpProbe, UnixHttpProbe
from meshroll.sandbox.topology import gateway
from meshroll.sandbox.topology.site import HOST, Site


def control_plane(site: Site) -> list[Node]:
    """istiod, whose configuration cluster is the host, and the synchronizer (a stand-in)."""
    istiod, kubeconfig = "istiod", site.home.part("istiod") / "kubeconfig"
    command = (
        str(site.programs["pilot-discovery"]),
        "discovery",
        f"--kubeconfig={kubeconfig}",
        f"--clusterID={HOST}",
        "--namespace=istio-system",
        f"--grpcAddr=127.0.0.1:{site.port(istiod, 'grpc')}",
        "--secureGRPCAddr=",
        f"--httpAddr=127.0.0.1:{site.port(istiod, 'http')}",
        "--httpsAddr=",
        "--monitoringAddr=",
        # Its pages for introspection have no switch: where the address is not one, they are not served.
        "--ctrlz_address=off:off",
        "--profile=false",
        "--shutdownDuration=0s",
    )
    environment = site.environment(
        CLUSTER_ID=HOST,
        POD_NAMESPACE="istio-system",
        POD_NAME="istiod",
        REVISION="default",
        # Upstream Envoy lacks Istio's own filters and rejects a configuration that names them.
        PILOT_ENABLE_METADATA_EXCHANGE="false",
        PILOT_ENABLE_ALPN_FILTER="false",
        ENABLE_CA_SERVER="false",
        INJECT_ENABLED="false",
        XDS_AUTH="false",
    )
    return [
        Task(
            "istiod configured",
            lambda: files.write(kubeconfig, site.reader_kubeconfig(HOST)),
            needs=("host kubeconfig",),
        ),
        Part(
            istiod,
            command,
            HttpProbe(site.port(istiod, "http"), "/ready"),
            needs=("host seeded", "istiod configured"),
            environment=environment,
            ports=site.ports_of(istiod),
        ),
        Part(
            "synchronizer",
            (
                sys.executable,
                "-m",
                "meshroll.sandbox.synchronizer.program",
                "--host-kubeconfig",
                str(site.home.kubeconfig),
                "--host-context",
                HOST,
                *(argument for worker in site.workers for argument in ("--worker", f"{worker}={worker}")),
                "--namespace",
                "mspider-system",
                "--readiness",
                str(site.home.run("synchronizer.ready")),
            ),
            FileProbe(site.home.run("synchronizer.ready")),
            needs=(*(f"{cluster} seeded" for cluster in site.clusters), "kubeconfig"),
            environment=site.python(),
        ),
    ]


def worker(site: Site, cluster: str) -> list[Node]:
    """The runner that gives pods their processes, and Envoy as the ingress gateway on the worker's own address."""
    runner, envoy = f"{cluster}/runner", f"{cluster}/gateway"
    discovery = f"127.0.0.1:{site.port('istiod', 'grpc')}"
    bootstrap = site.home.part(envoy) / "bootstrap.json"
    ready = site.home.run(f"{cluster}.runner.ready")
    run = (
        sys.executable,
        "-m",
        "meshroll.sandbox.pods.runner",
        *("--kubeconfig", str(site.home.cluster_kubeconfig(cluster))),
        *("--context", cluster),
        *("--range", site.ranges[cluster].cidr),
        *("--state", str(site.home.part(runner))),
        *("--istiod", discovery),
        *("--cluster-id", cluster),
        *(argument for path in site.workloads for argument in ("--table", str(path))),
        *("--workload-binary", str(site.programs["workload"])),
        *("--readiness", str(ready)),
    )
    route = (str(parts.envoy()), "--config-path", str(bootstrap), "--disable-hot-restart", "--concurrency", "2")
    return [
        Part(
            runner,
            run,
            FileProbe(ready),
            needs=(f"{cluster} seeded", "istiod"),
            environment=site.python(),
            grace=20.0,
            leaves=True,
            network=site.ranges[cluster].cidr,
        ),
        Task(f"{envoy} configured", lambda: _write_bootstrap(site, cluster)),
        Part(
            envoy,
            (*route, "--log-level", "warning"),
            UnixHttpProbe(_admin(site, cluster), "/ready"),
            needs=(f"{envoy} configured", "istiod"),
            environment=site.environment(),
        ),
    ]


def _write_bootstrap(site: Site, cluster: str) -> None:
    envoy, address = f"{cluster}/gateway", site.ranges[cluster].gateway
    files.write_json(
        site.home.part(envoy) / "bootstrap.json",
        gateway.bootstrap(
            address=address,
            istiod=f"127.0.0.1:{site.port('istiod', 'grpc')}",
            cluster_id=cluster,
            admin=_admin(site, cluster),
        ),
    )


def _admin(site: Site, cluster: str) -> Path:
    return site.home.run(f"{cluster}.envoy.sock")
