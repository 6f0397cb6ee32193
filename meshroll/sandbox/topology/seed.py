"""What stands in the clusters before anything is deployed: definitions, namespaces, settings, nodes, registrations.

All of it goes in by server-side apply under one field manager, so that every `up` may repeat it. The definitions are
big: one that carries the hash of what would be applied is left alone.
"""

from __future__ import annotations

import base64
import hashlib
import json
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from meshroll.errors import TimedOutError
from meshroll.kube import Kube
from meshroll.sandbox.state.addresses import Range
from meshroll.sandbox.topology import reader
from meshroll.sandbox.topology.site import HOST, Site

Object = dict[str, Any]
MANAGER = "meshroll-sandbox"
HASH = "meshroll.dev/sandbox-hash"
_CRD = ("apiextensions.k8s.io/v1", "CustomResourceDefinition")
_ARGOCD_PART = {"app.kubernetes.io/part-of": "argocd"}
_ESTABLISHED_SECONDS = 30.0


def seed_cluster(site: Site, cluster: str) -> None:
    """Bring a cluster to where the other parts may start; its API server is ready."""
    kube = Kube.connect(site.home.cluster_kubeconfig(cluster), cluster, cluster)
    sources = ("argocd", "istio", "globalmesh") if cluster == HOST else ("rollouts", "istio")
    define(kube, [crd for source in sources for crd in site.definitions.of(source)])
    namespaces = ("istio-system", "argocd", "mspider-system") if cluster == HOST else ("istio-system", "argo-rollouts")
    for name in namespaces:
        apply(kube, {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
    for body in (mesh_configuration(), *reader.objects(cluster == HOST)):
        apply(kube, body)
    for body in (
        argocd_settings(site.credentials.argocd_server_key)
        if cluster == HOST
        else [node(cluster, site.ranges[cluster])]
    ):
        apply(kube, body)


def register_worker(site: Site, worker: str) -> None:
    """Make a worker known to Argo CD under its name."""
    host = Kube.connect(site.home.cluster_kubeconfig(HOST), HOST, HOST)
    authority = (site.home.cluster(worker) / "pki" / "apiserver.crt").read_bytes()
    apply(host, cluster_secret(worker, site.server(worker), site.credentials.tokens[worker], authority))


def define(kube: Kube, crds: Iterable[Object]) -> None:
    """Apply the definitions that are not there in exactly this form, and wait until all are established."""
    known = {crd["metadata"]["name"]: crd for crd in kube.list(*_CRD)}
    wanted = [with_hash(crd) for crd in crds]
    changed = [crd for crd in wanted if _hash_of(known.get(crd["metadata"]["name"], {})) != _hash_of(crd)]
    if not changed:
        return
    with ThreadPoolExecutor(max_workers=4) as pool:
        for applied in [pool.submit(apply, kube, crd) for crd in changed]:
            applied.result()
    names = {crd["metadata"]["name"] for crd in changed}
    deadline = time.monotonic() + _ESTABLISHED_SECONDS
    while missing := names - {crd["metadata"]["name"] for crd in kube.list(*_CRD) if _established(crd)}:
        if time.monotonic() > deadline:
            raise TimedOutError(f"{', '.join(sorted(missing))} are not established", where=f"cluster {kube.name}")
        time.sleep(0.1)


def apply(kube: Kube, body: Object) -> None:
    """Server-side apply of one object that belongs to the sandbox."""
    kube.apply(body, field_manager=MANAGER, force=True)


def with_hash(crd: Object) -> Object:
    """The definition with an annotation that tells whether it has been applied in this form."""
    digest = hashlib.sha256(json.dumps(crd, sort_keys=True).encode()).hexdigest()[:16]
    metadata = crd["metadata"]
    annotations = {**(metadata.get("annotations") or {}), HASH: digest}
    clean = {key: value for key, value in crd.items() if key != "status"}
    return {**clean, "metadata": {**metadata, "annotations": annotations}}


def mesh_configuration() -> Object:
    """Istio's mesh configuration: no certificates are issued here, so clusters must not wait for them."""
    return _config_map("istio", "istio-system", {"mesh": "enableAutoMtls: false\n"}, {})


def argocd_settings(server_key: str) -> list[Object]:
    """Argo CD's own settings; its in-cluster destination is off because it does not run in a pod."""
    return [
        _config_map(
            "argocd-cm",
            "argocd",
            {
                "cluster.inClusterEnabled": "false",
                "timeout.reconciliation": "10s",
                "timeout.reconciliation.jitter": "0s",
            },
            _ARGOCD_PART,
        ),
        _config_map("argocd-rbac-cm", "argocd", {}, _ARGOCD_PART),
        _config_map("argocd-cmd-params-cm", "argocd", {}, _ARGOCD_PART),
        _secret("argocd-secret", "argocd", {"server.secretkey": server_key}, _ARGOCD_PART),
    ]


def cluster_secret(name: str, server: str, token: str, authority: bytes) -> Object:
    """The Secret by which Argo CD knows a cluster."""
    config = {"bearerToken": token, "tlsClientConfig": {"caData": base64.b64encode(authority).decode()}}
    labels = {"argocd.argoproj.io/secret-type": "cluster"}
    return _secret(name, "argocd", {"name": name, "server": server, "config": json.dumps(config)}, labels)


def node(worker: str, addresses: Range) -> Object:
    """The worker's only node, which KWOK keeps alive."""
    room = {"cpu": "64", "memory": "256Gi", "pods": "500"}
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {
            "name": f"{worker}-node",
            "annotations": {"kwok.x-k8s.io/node": "fake"},
            "labels": {
                "kubernetes.io/hostname": f"{worker}-node",
                "kubernetes.io/os": "linux",
                "kubernetes.io/arch": "amd64",
                "type": "kwok",
            },
        },
        "status": {
            "addresses": [{"type": "InternalIP", "address": addresses.node}],
            "allocatable": room,
            "capacity": room,
        },
    }


def _config_map(name: str, namespace: str, data: dict[str, str], labels: dict[str, str]) -> Object:
    metadata = {"name": name, "namespace": namespace, "labels": labels}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}


def _secret(name: str, namespace: str, data: dict[str, str], labels: dict[str, str]) -> Object:
    encoded = {key: base64.b64encode(value.encode()).decode() for key, value in data.items()}
    metadata = {"name": name, "namespace": namespace, "labels": labels}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "type": "Opaque", "data": encoded}


def _hash_of(crd: Object) -> str | None:
    value = (crd.get("metadata", {}).get("annotations") or {}).get(HASH)
    return str(value) if value else None


def _established(crd: Object) -> bool:
    conditions = crd.get("status", {}).get("conditions") or []
    return any(c["type"] == "Established" and c["status"] == "True" for c in conditions)
