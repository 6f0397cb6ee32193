"""What istiod may do in a cluster: read what it computes routes from, and in its own cluster elect a leader.

As the ClusterRoles of Istio's charts (istio-reader-clusterrole, istiod-clusterrole), without what the sandbox turns
off: injection, certificates, the Gateway API's deployments, status messages.
"""

from __future__ import annotations

from typing import Any

from meshroll.sandbox.state.credentials import READER

Object = dict[str, Any]
_NAME, _NAMESPACE = "meshroll-istiod", "istio-system"
_RBAC, _GROUP = "rbac.authorization.k8s.io/v1", "rbac.authorization.k8s.io"
_READ = ["get", "list", "watch"]
_ISTIO = ["extensions", "networking", "security", "telemetry"]
_READS: tuple[tuple[list[str], list[str]], ...] = (
    ([f"{group}.istio.io" for group in _ISTIO], ["*"]),
    (["gateway.networking.k8s.io", "gateway.networking.x-k8s.io", "inference.networking.k8s.io"], ["*"]),
    ([""], ["configmaps", "endpoints", "namespaces", "nodes", "pods", "secrets", "services"]),
    (["discovery.k8s.io"], ["endpointslices"]),
    (["apiextensions.k8s.io"], ["customresourcedefinitions"]),
    (["networking.k8s.io"], ["ingressclasses", "ingresses"]),
    (["admissionregistration.k8s.io"], ["mutatingwebhookconfigurations", "validatingwebhookconfigurations"]),
)
_ELECTION = [
    {"apiGroups": [""], "resources": ["configmaps"], "verbs": ["create", "get", "update"]},
    {"apiGroups": ["coordination.k8s.io"], "resources": ["leases"], "verbs": ["create", "get", "update"]},
]


def objects(own: bool) -> list[Object]:
    """The roles of istiod and their bindings in one cluster; `own` is the one whose configuration it serves."""
    reads = [{"apiGroups": groups, "resources": resources, "verbs": _READ} for groups, resources in _READS]
    found = [*_bound("ClusterRole", reads, {"name": _NAME})]
    return found + _bound("Role", _ELECTION, {"name": _NAME, "namespace": _NAMESPACE}) if own else found


def _bound(kind: str, rules: list[Object], metadata: dict[str, str]) -> list[Object]:
    return [
        {"apiVersion": _RBAC, "kind": kind, "metadata": metadata, "rules": rules},
        {
            "apiVersion": _RBAC,
            "kind": f"{kind}Binding",
            "metadata": metadata,
            "roleRef": {"apiGroup": _GROUP, "kind": kind, "name": _NAME},
            "subjects": [{"apiGroup": _GROUP, "kind": "User", "name": READER}],
        },
    ]
