"""Argo CD on the host, with the Valkey it caches in, and Argo Rollouts on every worker."""

from __future__ import annotations

from meshroll.sandbox.build import parts
from meshroll.sandbox.state import files
from meshroll.sandbox.supervision.part import Node, Part, Task
from meshroll.sandbox.supervision.probes import HttpProbe, TcpProbe
from meshroll.sandbox.topology.site import HOST, Site

_RECONCILIATION = "10s"


def delivery(site: Site) -> list[Node]:
    """Valkey, the repository server and the two controllers."""
    valkey, server = "valkey", "argocd/repo-server"
    controller, sets = "argocd/application-controller", "argocd/applicationset-controller"
    redis = f"127.0.0.1:{site.port(valkey, 'redis')}"
    repositories = f"127.0.0.1:{site.port(server, 'grpc')}"
    kubeconfig = f"--kubeconfig={site.home.cluster_kubeconfig(HOST)}"
    configuration = site.home.part(valkey) / "valkey.conf"
    serve = (
        str(site.programs["argocd-repo-server"]),
        f"--redis={redis}",
        "--address=127.0.0.1",
        f"--port={site.port(server, 'grpc')}",
        "--metrics-address=127.0.0.1",
        f"--metrics-port={site.port(server, 'metrics')}",
        "--disable-tls",
        "--logformat=text",
    )
    control = (
        str(site.programs["argocd-application-controller"]),
        kubeconfig,
        "--namespace=argocd",
        f"--redis={redis}",
        f"--repo-server={repositories}",
        "--repo-server-plaintext",
        f"--metrics-port={site.port(controller, 'metrics')}",
        "--logformat=text",
    )
    generate = (
        str(site.programs["argocd-applicationset-controller"]),
        kubeconfig,
        "--namespace=argocd",
        f"--argocd-repo-server={repositories}",
        "--repo-server-plaintext",
        *(f"--{use}-addr=127.0.0.1:{site.port(sets, use)}" for use in ("metrics", "webhook")),
        "--probe-addr=0",  # it answers 404: no check is registered in it
        "--logformat=text",
    )
    environment = _environment(site)
    return [
        Task("valkey configured", lambda: files.write(configuration, _valkey(site))),
        Part(
            valkey,
            (str(parts.valkey()), str(configuration)),
            TcpProbe(site.port(valkey, "redis")),
            needs=("valkey configured",),
            environment=site.environment(),
            ports=site.ports_of(valkey),
        ),
        Part(
            server,
            serve,
            HttpProbe(site.port(server, "metrics"), "/healthz?full=true"),
            needs=(valkey,),
            environment=environment,
            ports=site.ports_of(server),
        ),
        Part(
            controller,
            control,
            HttpProbe(site.port(controller, "metrics"), "/healthz"),
            needs=(valkey, "host seeded"),
            environment=environment,
            ports=site.ports_of(controller),
        ),
        Part(
            sets,
            generate,
            HttpProbe(site.port(sets, "metrics"), "/metrics"),
            needs=("host seeded",),
            # Half of it reads the flag, the other half only the variable.
            environment={**environment, "KUBECONFIG": str(site.home.cluster_kubeconfig(HOST))},
            ports=site.ports_of(sets),
        ),
    ]


def rollouts(site: Site, worker: str) -> list[Node]:
    """Argo Rollouts of one worker. Its two listeners have no flag for their address."""
    name = f"{worker}/rollouts"
    command = (
        str(site.programs["rollouts-controller"]),
        f"--kubeconfig={site.home.cluster_kubeconfig(worker)}",
        "--namespace=argo-rollouts",
        "--leader-elect=false",
        f"--healthzPort={site.port(name, 'healthz')}",
        f"--metricsPort={site.port(name, 'metrics')}",
    )
    return [
        Part(
            name,
            command,
            HttpProbe(site.port(name, "healthz"), "/healthz"),
            needs=(f"{worker} seeded",),
            environment=site.environment(),
            ports=site.ports_of(name),
        )
    ]


def _environment(site: Site) -> dict[str, str]:
    own = site.home.part("argocd")
    base = site.environment()
    return {
        **base,
        # Argo CD's Git asks its own helper for credentials, and finds it by name.
        "PATH": f"{site.programs['argocd-git-ask-pass'].parent}:{base['PATH']}",
        "REDIS_PASSWORD": site.credentials.valkey,
        "ARGOCD_RECONCILIATION_TIMEOUT": _RECONCILIATION,
        "ARGOCD_RECONCILIATION_JITTER": "0s",
        "ARGOCD_GPG_ENABLED": "false",
        "ARGOCD_TLS_DATA_PATH": str(own / "tls"),
        "ARGOCD_SSH_DATA_PATH": str(own / "ssh"),
        "ARGOCD_ASK_PASS_SOCK": str(site.home.run("argocd-ask-pass.sock")),
    }


def _valkey(site: Site) -> str:
    lines = (
        "bind 127.0.0.1",
        f"port {site.port('valkey', 'redis')}",
        f"dir {site.home.part('valkey')}",
        "save ''",
        "appendonly no",
        # With a title of its own it writes over its environment, and with that over the mark by which it is found.
        "set-proc-title no",
        f"requirepass {site.credentials.valkey}",
    )
    return "\n".join(lines) + "\n"
