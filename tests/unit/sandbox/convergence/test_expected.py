"""What clients should hold against what istiod's dump says they do; the dump's shape is the one istiod answers."""

from typing import Any

from meshroll.sandbox.convergence.expected import Held, Route, difference, expected, held

HOST = "dubbo3-provider.dubbo.svc.cluster.local"
STABLE, CANARY = f"outbound|20880|stable|{HOST}", f"outbound|20880|canary|{HOST}"
NAME = ("dubbo", "provider")


def virtual_service(canary: int, *more: dict[str, Any]) -> dict[str, Any]:
    route = [
        {"destination": {"host": "dubbo3-provider", "port": {"number": 20880}, "subset": subset}, "weight": weight}
        for subset, weight in (("stable", 100 - canary), ("canary", canary))
    ]
    http = [*more, {"name": "test-v1", "route": route}]
    return {
        "metadata": {"name": "provider"},
        "spec": {"gateways": ["mesh"], "hosts": ["dubbo3-provider"], "http": http},
    }


LANE = {
    "name": "test-v2",
    "match": [{"headers": {"lane": {"exact": "test-v2"}}}],
    "route": [{"destination": {"host": "dubbo3-provider", "port": {"number": 20880}, "subset": "canary"}}],
}
RULE = {
    "metadata": {"name": "dubbo-provider"},
    "spec": {
        "host": "dubbo3-provider",
        "subsets": [{"name": "stable", "labels": {"version": "v1"}}, {"name": "canary", "labels": {"version": "v2"}}],
    },
}
SERVICE = {
    "metadata": {"name": "dubbo3-provider"},
    "spec": {"selector": {"app": "p"}, "ports": [{"port": 20880, "targetPort": 20881}]},
}


def entry(address: str, version: str, app: str = "p") -> dict[str, Any]:
    return {"metadata": {"name": address}, "spec": {"address": address, "labels": {"app": app, "version": version}}}


ENTRIES = [entry("127.20.1.0", "v1"), entry("127.20.1.1", "v2"), entry("127.20.1.2", "v1", app="other")]


def wanted(canary: int, *more: dict[str, Any]) -> Any:
    return expected("dubbo", [virtual_service(canary, *more)], [RULE], [SERVICE], ENTRIES)


def route(name: str, action: dict[str, Any], **match: Any) -> dict[str, Any]:
    config = "/apis/networking.istio.io/v1/namespaces/dubbo/virtual-service/provider"
    metadata = {"filterMetadata": {"istio": {"config": config}}}
    return {"name": name, "match": {"prefix": "/", **match}, "route": action, "metadata": metadata}


def weighted(**weights: int) -> dict[str, Any]:
    clusters = {"stable": STABLE, "canary": CANARY}
    return {"weightedClusters": {"clusters": [{"name": clusters[k], "weight": v} for k, v in weights.items()]}}


def dump(*routes: dict[str, Any], **endpoints: str) -> dict[str, Any]:
    clusters = {"stable": STABLE, "canary": CANARY}
    loads = [
        {
            "endpointConfig": {
                "clusterName": clusters[subset],
                "endpoints": [
                    {"lbEndpoints": [{"endpoint": {"address": {"socketAddress": {"address": a, "portValue": 20881}}}}]}
                    for a in addresses.split()
                ],
            }
        }
        for subset, addresses in endpoints.items()
    ]
    hosts = [{"name": HOST, "domains": [HOST], "routes": list(routes)}]
    admin = "type.googleapis.com/envoy.admin.v3."
    return {
        "configs": [
            {"@type": f"{admin}BootstrapConfigDump"},
            {"@type": f"{admin}EndpointsConfigDump", "dynamicEndpointConfigs": loads},
            {"@type": f"{admin}ListenersConfigDump", "dynamicListeners": [{"name": f"{HOST}:20880"}]},
            {"@type": f"{admin}RoutesConfigDump", "dynamicRouteConfigs": [{"routeConfig": {"virtualHosts": hosts}}]},
        ]
    }


def lacks(canary: int, found: dict[str, Any], *more: dict[str, Any]) -> str:
    return difference(wanted(canary, *more), held(found), "dubbo")


def test_the_expected_view_of_a_canary() -> None:
    found = wanted(5, LANE)
    assert found.routes == {
        NAME: (
            Route("test-v2", frozenset({("lane", "exact", "test-v2")}), ((CANARY, 100),)),
            Route("test-v1", frozenset(), ((CANARY, 5), (STABLE, 95))),
        )
    }
    assert found.hosts == {NAME: frozenset({HOST})}
    assert found.endpoints == {STABLE: frozenset({"127.20.1.0:20881"}), CANARY: frozenset({"127.20.1.1:20881"})}


def test_a_client_with_the_weights_headers_and_endpoints_lacks_nothing() -> None:
    lane = route("test-v2", {"cluster": CANARY}, headers=[{"name": "lane", "stringMatch": {"exact": "test-v2"}}])
    both = dump(lane, route("test-v1", weighted(stable=95, canary=5)), stable="127.20.1.0", canary="127.20.1.1")
    assert lacks(5, both, LANE) == ""


def test_a_single_destination_may_be_written_as_cluster_or_as_weight() -> None:
    for action in ({"cluster": STABLE}, weighted(stable=100), weighted(stable=1)):
        assert lacks(0, dump(route("test-v1", action), stable="127.20.1.0")) == ""


def test_old_weights_are_seen() -> None:
    old = dump(route("test-v1", weighted(stable=95, canary=5)), stable="127.20.1.0", canary="127.20.1.1")
    assert lacks(50, old) == "has other routes than VirtualService dubbo/provider"


def test_another_header_value_is_seen() -> None:
    lane = route("test-v2", {"cluster": CANARY}, headers=[{"name": "lane", "stringMatch": {"exact": "other"}}])
    found = dump(lane, route("test-v1", weighted(stable=100)), stable="127.20.1.0", canary="127.20.1.1")
    assert lacks(0, found, LANE) == "has other routes than VirtualService dubbo/provider"


def test_old_or_unasked_for_endpoints_are_seen() -> None:
    for canary in ({"canary": "127.20.1.9"}, {}):
        found = dump(route("test-v1", weighted(stable=95, canary=5)), stable="127.20.1.0", **canary)
        assert lacks(5, found) == f"has other endpoints for {CANARY}"


def test_a_client_of_the_host_without_its_routes_is_seen() -> None:
    assert lacks(5, dump()) == "has no route of VirtualService dubbo/provider"


def test_a_client_of_other_hosts_is_not_concerned() -> None:
    assert difference(wanted(5), Held(hosts=frozenset({"elsewhere"})), "dubbo") == ""


def test_routes_of_a_virtual_service_that_is_gone_are_seen() -> None:
    nothing = expected("dubbo", [], [RULE], [SERVICE], ENTRIES)
    found = held(dump(route("test-v1", weighted(stable=100)), stable="127.20.1.0"))
    assert difference(nothing, found, "dubbo") == "still has routes of VirtualService dubbo/provider"
