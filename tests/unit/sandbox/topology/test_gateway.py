from pathlib import Path

from meshroll.sandbox.topology.gateway import bootstrap


def test_a_gateway_is_a_router_of_its_worker_and_gets_everything_from_the_control_plane() -> None:
    found = bootstrap(
        address="127.20.0.1", istiod="127.0.0.1:15010", cluster_id="worker-1", admin=Path("/s/envoy.sock")
    )
    assert found["node"] == {
        "id": "router~127.20.0.1~ingressgateway-worker-1.istio-system~istio-system.svc.cluster.local",
        "cluster": "ingressgateway-worker-1.istio-system",
        "metadata": {
            "LABELS": {"istio": "ingressgateway"},
            "NAMESPACE": "istio-system",
            "CLUSTER_ID": "worker-1",
            "ISTIO_VERSION": "1.31.0",
            "MESH_ID": "cluster.local",
        },
    }
    assert found["admin"] == {"address": {"pipe": {"path": "/s/envoy.sock", "mode": 0o600}}}
    assert sorted(found["dynamic_resources"]) == ["ads_config", "cds_config", "lds_config"]
    # A state-of-the-world stream: `settled` counts on an answer to every forced push.
    assert found["dynamic_resources"]["ads_config"]["api_type"] == "GRPC"
    (control_plane,) = found["static_resources"]["clusters"]
    endpoint = control_plane["load_assignment"]["endpoints"][0]["lb_endpoints"][0]["endpoint"]
    assert endpoint == {"address": {"socket_address": {"address": "127.0.0.1", "port_value": 15010}}}
