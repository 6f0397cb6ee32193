"""The bootstrap of a worker's ingress gateway: an upstream Envoy that gets everything from the control plane.

The process behind it is `envoy --config-path FILE` with this document as JSON. Its listeners are what Gateway
resources with selector `istio: ingressgateway` say; each of their servers should `bind` the gateway's own address, or
Envoy opens the port on every address of the machine.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

SELECTOR = {"istio": "ingressgateway"}
_NAMESPACE = "istio-system"
_XDS = "xds-grpc"
_HTTP2 = "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions"


def bootstrap(*, address: str, istiod: str, cluster_id: str, admin: Path) -> dict[str, Any]:
    """The document for a gateway on its own loopback `address`.

    `istiod` is HOST:PORT, `admin` the path of a Unix socket: whoever reaches it may stop the gateway.
    """
    name = f"ingressgateway-{cluster_id}"  # istiod finds a client by its name: each worker's gateway needs its own
    ads = {
        # State of the world, not delta: a forced push then always gets an answer, which `settled` relies on.
        "api_type": "GRPC",
        "transport_api_version": "V3",
        "set_node_on_first_message_only": True,
        "grpc_services": [{"envoy_grpc": {"cluster_name": _XDS}}],
    }
    from_ads = {"ads": {}, "resource_api_version": "V3", "initial_fetch_timeout": "0s"}
    return {
        "admin": {"address": {"pipe": {"path": str(admin), "mode": 0o600}}},
        "node": {
            "id": f"router~{address}~{name}.{_NAMESPACE}~{_NAMESPACE}.svc.cluster.local",
            "cluster": f"{name}.{_NAMESPACE}",
            "metadata": {
                "LABELS": dict(SELECTOR),
                "NAMESPACE": _NAMESPACE,
                "CLUSTER_ID": cluster_id,
                "ISTIO_VERSION": "1.31.0",
                "MESH_ID": "cluster.local",
            },
        },
        "dynamic_resources": {"ads_config": ads, "lds_config": from_ads, "cds_config": from_ads},
        "static_resources": {
            "clusters": [
                {
                    "name": _XDS,
                    "type": "STATIC",
                    "connect_timeout": "1s",
                    "typed_extension_protocol_options": {
                        "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
                            "@type": _HTTP2,
                            "explicit_http_config": {"http2_protocol_options": {}},
                        }
                    },
                    "upstream_connection_options": {"tcp_keepalive": {"keepalive_time": 30}},
                    "load_assignment": {
                        "cluster_name": _XDS,
                        "endpoints": [{"lb_endpoints": [{"endpoint": {"address": _socket(istiod)}}]}],
                    },
                }
            ]
        },
        "layered_runtime": {"layers": [{"name": "admin", "admin_layer": {}}]},
    }


def _socket(address: str) -> dict[str, Any]:
    host, _, port = address.rpartition(":")
    return {"socket_address": {"address": host, "port_value": int(port)}}
