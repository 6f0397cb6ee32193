"""What an Application ignores, word for word, by the Rollouts and the objects beside them."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from meshroll.manifests.argocd import ignore_differences

Object = dict[str, Any]
NETWORKING = "networking.istio.io"
HASH = '.spec.subsets[]?.labels["rollouts-pod-template-hash"]'
UNKNOWN = (
    'select(((.destination.host // "") | split(".")[0] | IN("shop", "shop-canary") | not)'
    ' and ((.destination.subset // "") | IN("stable", "canary") | not))'
)


def rollout(**canary: Any) -> Object:
    """A Rollout that splits route `primary` of VirtualService shop between two subsets; None takes a key away."""
    istio = {
        "virtualService": {"name": "shop", "routes": ["primary"]},
        "destinationRule": {"name": "shop", "stableSubsetName": "stable", "canarySubsetName": "canary"},
    }
    usual = {"stableService": "shop", "canaryService": "shop-canary", "trafficRouting": {"istio": istio}}
    spec = {"strategy": {"canary": {key: value for key, value in {**usual, **canary}.items() if value is not None}}}
    return {"apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout", "metadata": {"name": "shop"}, "spec": spec}


def steered(reference: Object, *, rule: bool = False, **routing: Any) -> Object:
    """A Rollout with another reference to its VirtualService."""
    found = rollout()
    istio = found["spec"]["strategy"]["canary"]["trafficRouting"]["istio"]
    istio["virtualService"] = reference
    if not rule:
        del istio["destinationRule"]
    found["spec"]["strategy"]["canary"]["trafficRouting"] |= routing
    return found


def route(*hosts: str, weight: int = 0, **more: Any) -> Object:
    return {**more, "route": [{"destination": {"host": host}, "weight": weight} for host in hosts]}


def virtual_service(**spec: Any) -> Object:
    return {
        "apiVersion": f"{NETWORKING}/v1",
        "kind": "VirtualService",
        "metadata": {"name": "shop"},
        "spec": {"hosts": ["shop"], **spec},
    }


def destination_rule(*subsets: Object) -> Object:
    return {
        "apiVersion": f"{NETWORKING}/v1beta1",
        "kind": "DestinationRule",
        "metadata": {"name": "shop"},
        "spec": {"host": "shop", "subsets": list(subsets)},
    }


def subset(name: str, **labels: str) -> Object:
    return {"name": name, "labels": labels} if labels else {"name": name}


def entry(kind: str, *paths: str, **more: str) -> Object:
    return {"group": NETWORKING, "kind": kind, "name": "shop", **more, "jqPathExpressions": list(paths)}


def weights(name: str) -> str:
    return f'.spec.http[]? | select(.name == "{name}") | .route[]?.weight'


def test_the_weight_template_has_its_weights_and_hashes_ignored(rendered):
    more = {"name": "dubbo3-provider", "namespace": "dubbo"}
    assert ignore_differences(rendered("weight")) == [
        entry("VirtualService", weights("test-v1"), **more),
        entry("DestinationRule", HASH, **more),
    ]


def test_the_header_template_has_its_route_ignored(rendered):
    more = {"name": "dubbo3-provider", "namespace": "dubbo"}
    assert ignore_differences(rendered("header")) == [
        entry("VirtualService", weights("test-v1"), '.spec.http[]? | select(.name == "test-v2")', **more),
    ]


def test_routes_of_the_stack_are_ignored_in_every_virtual_service_and_once():
    routes = ["test-v2", 'a"b\\(c)', "test-v2"]
    assert ignore_differences([], managed_routes=routes) == [
        {
            "group": NETWORKING,
            "kind": "VirtualService",
            "jqPathExpressions": [
                '.spec.http[]? | select(.name == "test-v2")',
                '.spec.http[]? | select(.name == "a\\"b\\\\(c)")',
            ],
        }
    ]


def test_without_a_rollout_nothing_is_ignored():
    objects = [virtual_service(http=[route("a", "b")]), destination_rule(subset("a")), {"kind": "Deployment"}, {}]
    assert ignore_differences(objects) == []


@pytest.mark.parametrize(
    ("reference", "spec", "paths"),
    [
        (
            {"name": "shop", "routes": ["a", "b"]},
            {"http": [route("shop", name="a"), route("x", name="c")]},
            [weights("a"), weights("b")],
        ),
        ({"name": "shop"}, {"http": [route("shop", name="only")]}, [weights("only")]),
        (
            {"name": "shop"},
            {"http": [route("shop", name="a"), route("shop")]},
            ['.spec.http[]? | select((.name // "") == "") | .route[]?.weight'],
        ),
        ({"name": "shop"}, {"http": [route("shop", name="a"), route("shop", name="b")]}, []),
        ({"name": "shop"}, {"tls": [route("shop")]}, [".spec.tls[]?.route[]?.weight"]),
        ({"name": "shop"}, {"tcp": [route("shop")]}, [".spec.tcp[]?.route[]?.weight"]),
        (
            {"name": "shop", "tlsRoutes": [{"port": 443, "sniHosts": ["b", "a"]}]},
            {"tls": [route("shop")]},
            [
                (
                    '.spec.tls[]? | select(([.match[]? | .sniHosts[]?] | unique) == ["a", "b"] and '
                    "([.match[]? | .port // 0] | unique | if . == [] then [0] else . end) == [443]) | .route[]?.weight"
                )
            ],
        ),
        (
            {"name": "shop", "tcpRoutes": [{"port": 9000}, {}]},
            {"tcp": [route("shop")]},
            [
                ".spec.tcp[]? | select(([.match[]? | .port // 0] | unique | if . == [] then [0] else . end) "
                f"== [{port}]) | .route[]?.weight"
                for port in (9000, 0)
            ],
        ),
        (
            {"name": "shop", "routes": ["a"], "tlsRoutes": []},
            {"http": [route("shop", name="a")], "tls": [route("shop")], "tcp": [route("shop")]},
            [weights("a"), ".spec.tls[]?.route[]?.weight", ".spec.tcp[]?.route[]?.weight"],
        ),
    ],
    ids=["named", "one", "unnamed", "two named", "tls", "tcp", "tls by hosts", "tcp by port", "all"],
)
def test_the_weights_of_the_routes_that_the_rollout_splits_are_ignored(reference, spec, paths):
    found = ignore_differences([steered(reference), virtual_service(**spec)])
    assert found == ([entry("VirtualService", *paths)] if paths else [])


def test_of_a_virtual_service_that_is_not_there_all_weights_are_ignored():
    assert ignore_differences([steered({"name": "shop"})]) == [
        entry("VirtualService", *(f".spec.{protocol}[]?.route[]?.weight" for protocol in ("http", "tls", "tcp")))
    ]


@pytest.mark.parametrize(
    ("name", "namespace", "expected"),
    [
        ("shop", "", {}),
        ("shop", "prod", {"namespace": "prod"}),
        ("shop.edge", "prod", {"namespace": "edge"}),
        ("shop.edge.cluster.local", "prod", {"namespace": "edge"}),
        ("shop.v2.edge", "prod", {"name": "shop.v2", "namespace": "edge"}),
    ],
)
def test_a_virtual_service_is_named_as_argo_rollouts_takes_its_name_apart(name, namespace, expected):
    item = steered({"name": name, "routes": ["a"]})
    item["metadata"]["namespace"] = namespace
    (found,) = ignore_differences([item])
    del found["jqPathExpressions"]
    assert found == {"group": NETWORKING, "kind": "VirtualService", "name": "shop", **expected}


def test_several_virtual_services_and_rollouts_have_an_entry_each_object():
    several = rollout()
    istio = several["spec"]["strategy"]["canary"]["trafficRouting"]["istio"]
    del istio["virtualService"], istio["destinationRule"]
    istio["virtualServices"] = [{"name": "a", "routes": ["x"]}, {"name": "shop", "routes": ["y"]}]
    found = ignore_differences(
        [several, steered({"name": "shop", "routes": ["z"]}), virtual_service(http=[route("a")])]
    )
    paths = {each["name"]: each["jqPathExpressions"] for each in found}
    assert paths == {"a": [weights("x"), *paths["a"][1:]], "shop": [weights("y"), weights("z")]}


def test_managed_and_mirror_routes_are_ignored_where_the_rollout_names_them():
    item = steered({"name": "shop", "routes": ["a"]}, managedRoutes=[{"name": "lane"}, {"name": "copy"}])
    objects = [item, virtual_service(http=[route("shop", name="lane"), route("shop", name="a")])]
    managed = [f'.spec.http[]? | select(.name == "{name}")' for name in ("lane", "copy")]
    assert ignore_differences(objects) == [entry("VirtualService", weights("a"), *managed)]


EXPERIMENT = [{"experiment": {"templates": [{"name": "x", "weight": 5}]}}]


@pytest.mark.parametrize(
    ("steps", "parts", "ignored"),
    [
        ([], [("shop", 100), ("shop-canary", 0)], False),
        ([], [("shop.prod.svc.cluster.local", 90), ("shop-canary", 0), ("third", 10)], True),
        ([], [("shop", 100), ("third", 0)], False),
        (EXPERIMENT, [("shop", 100), ("shop-canary", 0)], True),
        ([{"experiment": {"templates": [{"name": "x"}]}}], [("shop", 100)], False),
    ],
    ids=["known", "third", "third without weight", "experiment", "experiment without weight"],
)
def test_destinations_that_argo_rollouts_adds_or_deletes_are_ignored(steps, parts, ignored):
    http = [{"name": "primary", "route": [{"destination": {"host": host}, "weight": share} for host, share in parts]}]
    found = ignore_differences(
        [rollout(steps=steps), virtual_service(http=http), destination_rule(subset("stable", a="b"))]
    )
    expected = [weights("primary")]
    expected += [f'.spec.http[]? | select(.name == "primary") | .route[]? | {UNKNOWN}'] if ignored else []
    assert found[0] == entry("VirtualService", *expected)


OTHERS = '.spec.subsets[]? | select(.name | IN("stable", "canary") | not)'


@pytest.mark.parametrize(
    ("steps", "subsets", "paths"),
    [
        ([], [subset("stable", a="b"), subset("canary", a="b")], [HASH]),
        (
            [],
            [subset("stable", a="b"), subset("canary")],
            [HASH, '.spec.subsets[]? | select(.name == "canary") | .labels'],
        ),
        ([], [subset("stable", a="b"), subset("canary", a="b"), subset("old", a="c")], [HASH, OTHERS]),
        (EXPERIMENT, [subset("stable", a="b"), subset("canary", a="b")], [HASH, OTHERS]),
    ],
    ids=["labels", "without labels", "third", "experiment"],
)
def test_subset_labels_and_subsets_that_argo_rollouts_adds_or_deletes_are_ignored(steps, subsets, paths):
    found = ignore_differences([rollout(steps=steps), virtual_service(), destination_rule(*subsets)])
    assert found == [entry("DestinationRule", *paths)]


def test_ping_pong_services_are_known_destinations():
    item = rollout(stableService=None, canaryService=None, pingPong={"pingService": "ping", "pongService": "pong"})
    http = [{"name": "primary", "route": [{"destination": {"host": host}, "weight": 50} for host in ("ping", "pong")]}]
    assert ignore_differences([item, virtual_service(http=http)])[0] == entry("VirtualService", weights("primary"))


def scaler(api: str, kind: str, target: Object) -> Object:
    return {
        "apiVersion": api,
        "kind": kind,
        "metadata": {"name": "s", "namespace": "prod"},
        "spec": {"scaleTargetRef": target},
    }


ROLLOUT = {"apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout", "name": "shop"}


@pytest.mark.parametrize(
    ("item", "target"),
    [
        (scaler("autoscaling/v2", "HorizontalPodAutoscaler", ROLLOUT), ("argoproj.io", "Rollout")),
        (scaler("keda.sh/v1alpha1", "ScaledObject", ROLLOUT), ("argoproj.io", "Rollout")),
        (scaler("keda.sh/v1alpha1", "ScaledObject", {"name": "shop"}), ("apps", "Deployment")),
        (
            scaler("autoscaling/v1", "HorizontalPodAutoscaler", {"kind": "StatefulSet", "name": "shop"}),
            ("", "StatefulSet"),
        ),
        (scaler("autoscaling/v2", "HorizontalPodAutoscaler", {"name": "shop"}), None),
        (scaler("keda.sh/v1alpha1", "ScaledObject", {}), None),
    ],
    ids=["HPA", "KEDA", "KEDA without a kind", "HPA of a StatefulSet", "HPA without a kind", "KEDA without a name"],
)
def test_replicas_under_an_autoscaler_are_ignored(item, target):
    more = (
        {"kind": target[1], "name": "shop", "namespace": "prod", "jsonPointers": ["/spec/replicas"]} if target else {}
    )
    group = {"group": target[0]} if target and target[0] else {}
    assert ignore_differences([item]) == ([{**group, **more}] if target else [])


@pytest.mark.parametrize(
    ("scale_down", "ignored"), [("onsuccess", True), ("progressively", True), ("never", False), (None, False)]
)
def test_replicas_of_a_workload_that_the_rollout_scales_down_are_ignored(scale_down, ignored):
    reference = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "shop", "scaleDown": scale_down}
    item = {"kind": "Rollout", "metadata": {"name": "canary"}, "spec": {"workloadRef": reference}}
    found = {"group": "apps", "kind": "Deployment", "name": "shop", "jsonPointers": ["/spec/replicas"]}
    assert ignore_differences([item]) == ([found] if ignored else [])


def test_where_other_objects_come_of_those_in_git_entries_count_for_all_of_a_kind():
    item = steered({"name": "shop", "routes": ["a"]}, rule=True, managedRoutes=[{"name": "lane"}])
    usual = [f".spec.{protocol}[]?.route[]?.weight" for protocol in ("http", "tls", "tcp")]
    assert ignore_differences([item, virtual_service(http=[route("shop", name="a")])], known=False) == [
        {
            "group": NETWORKING,
            "kind": "VirtualService",
            "jqPathExpressions": [*usual, weights("a"), '.spec.http[]? | select(.name == "lane")'],
        },
        {"group": NETWORKING, "kind": "DestinationRule", "jqPathExpressions": [HASH]},
    ]


def test_objects_of_another_group_of_the_same_kind_count_for_nothing():
    other = virtual_service(tls=[route("shop")]) | {"apiVersion": "other.example/v1"}
    item = copy.deepcopy(rollout()) | {"apiVersion": "other.example/v1"}
    assert ignore_differences([item, other]) == []
    found = ignore_differences([other, steered({"name": "shop"}), virtual_service(http=[route("shop", name="a")])])
    assert found == [entry("VirtualService", weights("a"))]


@pytest.mark.parametrize(
    "canary",
    [
        {"trafficRouting": "x"},
        {"trafficRouting": {"istio": {"virtualService": "x", "destinationRule": []}}},
        {"trafficRouting": {"istio": {"virtualServices": "x"}, "managedRoutes": "x"}},
        {"trafficRouting": {"nginx": {"stableIngress": "x"}}},
    ],
)
def test_what_is_no_routing_by_istio_is_passed_over(canary):
    assert ignore_differences([rollout(**canary)]) == []
