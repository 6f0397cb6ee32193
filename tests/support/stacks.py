"""Stacks as the settings make them, for tests of what is built from one."""

from __future__ import annotations

from meshroll.settings.model import (
    ArgoCD,
    Cluster,
    Credentials,
    Delivery,
    Gateway,
    Mesh,
    Namespace,
    Repository,
    Service,
    Stack,
)

REMOTE = "apiVersion: v1\nkind: Config\n"


def stack(*, workers: tuple[str, ...] = ("worker-1",), path: str = "sandbox/{cluster}") -> Stack:
    """A rendered stack with a mesh, credentials and two services, in the shape of the sandbox's."""
    names = ("host", *workers)
    return Stack(
        name="sandbox",
        file=None,
        clusters={name: Cluster(name, context=name, kubeconfig="/kube/config", uid=None) for name in names},
        workers=workers,
        mesh=Mesh(
            provider="mspider",
            name="mesh",
            version="0.27.0",
            owner="host",
            host="host",
            workers=workers,
            leader=workers[0],
            namespace="mspider-system",
            control_plane_params={"global.mesh_capacity": "S50N200"},
            remote_kubeconfigs={workers[0]: REMOTE},
        ),
        gateways={workers[0]: Gateway(workers[0], address="127.16.0.1", service=None, port=9090)},
        namespaces=(Namespace("dubbo", injection=True),),
        argocd=ArgoCD("host", "argocd", "dubbo", automated=True, prune=True, self_heal=True),
        repository=Repository("https://git.example/r.git", "main", "rendered", path, Credentials("ci", "s3cret")),
        delivery=Delivery("dubbo", wait="step", timeout_seconds=120),
        services=(
            Service("dubbo3-provider", "v1", "weight", {"image": "example/provider", "port": 20880}, ()),
            Service("dubbo3-consumer", None, None, {}, ("test-v2",)),
        ),
    )
