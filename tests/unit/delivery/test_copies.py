"""What is said of the control plane's copies of a work cluster's Istio resources."""

from __future__ import annotations

import pytest

from meshroll.delivery.copies import Routing, await_copies, routing_of, stale_copies
from meshroll.errors import UnavailableError
from meshroll.kube import ApiError
from tests.support.delivery.rollouts import paused
from tests.support.delivery.routing import destination_rule, routed, virtual_service
from tests.support.delivery.store import Object, Store

ROLLOUT = routed(paused(1))
RULE = destination_rule("57d9b8c6f", "6b5f7c9d4")


def stale(worker: list[Object], host: list[Object]) -> tuple[str, ...]:
    return stale_copies(Store("worker-1", *worker), Store("host", *host), "dubbo", ROLLOUT)


def test_equal_copies_are_not_stale() -> None:
    # What a copy is called by its labels is the synchronizer's matter.
    copy = virtual_service(95, 5)
    copy["metadata"]["labels"] = {"mspider.io/origin-cluster": "worker-1"}
    assert stale([virtual_service(95, 5), RULE], [copy, RULE]) == ()


def test_both_weights_are_said() -> None:
    assert stale([virtual_service(50, 50), RULE], [virtual_service(95, 5), RULE]) == (
        "the control plane's copy of VirtualService provider says 95/5 where worker-1 says 50/50",
    )


def test_a_weight_that_one_side_leaves_out_is_none() -> None:
    bare = virtual_service(100, 0)
    del bare["spec"]["http"][0]["route"][1]["weight"]
    assert stale([bare, RULE], [virtual_service(95, 5), RULE]) == (
        "the control plane's copy of VirtualService provider says 95/5 where worker-1 says 100/0",
    )


def test_each_missing_copy_is_said() -> None:
    assert stale([virtual_service(95, 5), RULE], []) == (
        "the control plane in cluster host has no VirtualService provider",
        "the control plane in cluster host has no DestinationRule dubbo-provider",
    )


def test_another_difference_is_said_by_its_place() -> None:
    header = virtual_service(95, 5)
    header["spec"]["http"].insert(0, {"name": "test-v2", "match": [{"headers": {"lane": {"exact": "test-v2"}}}]})
    over = destination_rule("6b5f7c9d4", "6b5f7c9d4")
    assert stale([header, over], [virtual_service(95, 5), RULE]) == (
        "the control plane's copy of VirtualService provider is not as in worker-1 at /spec/http/0/match",
        (
            "the control plane's copy of DestinationRule dubbo-provider is not as in worker-1 at "
            "/spec/subsets/0/labels/rollouts-pod-template-hash"
        ),
    )


def test_a_weight_of_something_else_than_a_route_is_said_by_its_place() -> None:
    other = destination_rule("57d9b8c6f", "6b5f7c9d4")
    other["spec"]["trafficPolicy"] = {"weight": 1}
    more = destination_rule("57d9b8c6f", "6b5f7c9d4")
    more["spec"]["trafficPolicy"] = {"weight": 2}
    assert stale([virtual_service(95, 5), more], [virtual_service(95, 5), other]) == (
        (
            "the control plane's copy of DestinationRule dubbo-provider is not as in worker-1 at "
            "/spec/trafficPolicy/weight"
        ),
    )


def test_a_resource_that_the_work_cluster_lacks_is_said() -> None:
    assert stale([RULE], [virtual_service(95, 5), RULE]) == (
        "cluster worker-1 has no VirtualService provider, which the Rollout names",
    )


def test_without_istio_nothing_is_looked_at() -> None:
    assert stale_copies(Store("worker-1"), Store("host"), "dubbo", paused(1)) == ()


@pytest.mark.parametrize(
    ("istio", "expected"),
    [
        ({"virtualService": {"name": "provider"}}, [("VirtualService", "dubbo", "provider")]),
        # As Argo Rollouts reads it: the last part is the namespace.
        ({"virtualService": {"name": "provider.shop"}}, [("VirtualService", "shop", "provider")]),
        ({"virtualService": {"name": "a.b.shop.cluster.local"}}, [("VirtualService", "shop", "a.b")]),
        (
            {"virtualServices": [{"name": "one"}, {"name": "two.shop"}], "destinationRule": {"name": "rule"}},
            [
                ("VirtualService", "dubbo", "one"),
                ("VirtualService", "shop", "two"),
                ("DestinationRule", "dubbo", "rule"),
            ],
        ),
    ],
)
def test_the_rollout_names_its_resources(istio: Object, expected: list[tuple[str, str, str]]) -> None:
    assert routing_of(routed(paused(1), **istio), "dubbo") == tuple(Routing(*one) for one in expected)


def played(*looks: tuple[str, ...] | Exception) -> tuple[str, ...]:
    """The end of a wait that sees these one after the other, and the last for ever."""
    left = list(looks)

    def look() -> tuple[str, ...]:
        seen = left.pop(0) if len(left) > 1 else left[0]
        if isinstance(seen, Exception):
            raise seen
        return seen

    return await_copies(look, 0.0 if len(looks) == 1 else 60.0, 0.0)


def test_a_wait_ends_with_the_first_equal_copies() -> None:
    away = UnavailableError("it cannot be reached", where="cluster host")
    busy = ApiError("too many", status=429, reason="TooManyRequests", where="cluster host")
    broken = ApiError("etcd is away", status=503, reason="ServiceUnavailable", where="cluster host")
    assert played(("95/5",), away, busy, broken, ()) == ()


def test_a_wait_ends_with_what_is_stale_then() -> None:
    assert played(("95/5",)) == ("95/5",)
    assert played(UnavailableError("it cannot be reached", where="cluster host")) == (
        "it cannot be told whether the control plane has the routes (cluster host: it cannot be reached)",
    )


def test_a_refusal_ends_a_wait() -> None:
    forbidden = ApiError("virtualservices is forbidden", status=403, reason="Forbidden", where="cluster host")
    with pytest.raises(ApiError, match=r"^cluster host: virtualservices is forbidden$"):
        played(("95/5",), forbidden)


def test_what_typed_clients_add_or_leave_out_in_a_copy_is_not_a_difference() -> None:
    copy = virtual_service(100, 0)
    del copy["spec"]["http"][0]["route"][1]["weight"]
    copy["spec"]["exportTo"] = ["*"]
    assert stale([virtual_service(100, 0), RULE], [copy, RULE]) == ()
    assert stale([copy, RULE], [virtual_service(100, 0), RULE]) == (
        "the control plane's copy of VirtualService provider is not as in worker-1 at /spec/exportTo",
    )
