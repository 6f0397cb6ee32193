"""The environment of a pod's program: the container's variables, on top of those that say who and where it is. Pure."""

from __future__ import annotations

import json
import re

from meshroll.sandbox.pods.pods import Object, PodAddresses, Refusal

_VERSION_LABEL = "version"
_FIELD = re.compile(r"metadata\.(?P<map>labels|annotations)\['(?P<key>[^']+)'\]")
# Environment variables of the program's own machine that a program may need; nothing else leaks into a pod.
INHERITED = ("PATH", "HOME", "TMPDIR", "LANG", "LC_ALL", "SSL_CERT_FILE", "MESHROLL_SANDBOX_PART")


def environment(pod: Object, container: Object, place: PodAddresses) -> dict[str, str] | Refusal:
    """The container's own variables, on top of those every program of the sandbox gets."""
    metadata, labels = pod["metadata"], pod["metadata"].get("labels") or {}
    variables = {
        "POD_NAME": metadata["name"],
        "POD_NAMESPACE": metadata["namespace"],
        "POD_IP": place.address,
        "NODE_NAME": pod["spec"].get("nodeName", ""),
        "VERSION": labels.get(_VERSION_LABEL, ""),
        "GRPC_XDS_BOOTSTRAP_CONFIG": json.dumps(grpc_bootstrap(pod, place), separators=(",", ":")),
    }
    for variable in container.get("env") or []:
        value = variable.get("value", "")
        if "valueFrom" in variable:
            found = _field(pod, place, variable["valueFrom"])
            if found is None:
                text = f"variable {variable['name']}: the sandbox gives values and fieldRef of the pod, nothing else"
                return Refusal("CreateContainerConfigError", text)
            value = found
        variables[variable["name"]] = str(value)
    if container.get("envFrom"):
        return Refusal("CreateContainerConfigError", "the sandbox does not read envFrom")
    return variables


def grpc_bootstrap(pod: Object, place: PodAddresses) -> Object:
    """The xDS bootstrap of gRPC: the pod is a proxyless member of the mesh with its own labels."""
    metadata = pod["metadata"]
    namespace = metadata["namespace"]
    return {
        "xds_servers": [
            {"server_uri": place.istiod, "channel_creds": [{"type": "insecure"}], "server_features": ["xds_v3"]}
        ],
        "node": {
            "id": f"sidecar~{place.address}~{metadata['name']}.{namespace}~{namespace}.svc.cluster.local",
            "metadata": {
                "GENERATOR": "grpc",
                "NAMESPACE": namespace,
                "CLUSTER_ID": place.cluster_id,
                "LABELS": dict(metadata.get("labels") or {}),
            },
            "locality": {},
        },
    }


def _field(pod: Object, place: PodAddresses, source: Object) -> str | None:
    path = (source.get("fieldRef") or {}).get("fieldPath", "")
    plain = {
        "metadata.name": pod["metadata"]["name"],
        "metadata.namespace": pod["metadata"]["namespace"],
        "metadata.uid": pod["metadata"]["uid"],
        "spec.nodeName": pod["spec"].get("nodeName", ""),
        "spec.serviceAccountName": pod["spec"].get("serviceAccountName", ""),
        "status.podIP": place.address,
        "status.hostIP": place.node_address,
    }
    if path in plain:
        return str(plain[path])
    match = _FIELD.fullmatch(path)
    return str((pod["metadata"].get(match["map"]) or {}).get(match["key"], "")) if match else None
