"""What a delivery needs of the clusters: without it nothing is committed, and nothing passes for unchanged."""

from __future__ import annotations

from typing import Any

import pytest

from meshroll.delivery.applications import REFRESH
from meshroll.delivery.model import SharedMesh
from meshroll.delivery.needs import obstacles, stale_routes, undelivered
from meshroll.kube import ApiError
from meshroll.settings.model import Wait
from tests.support.delivery.clusters import Object, PlayedCluster
from tests.support.delivery.rollouts import HASH, paused, replica_set, rollout
from tests.support.delivery.waiting import (
    BEFORE,
    COMMIT,
    REFRESH_PATCH,
    THEIRS,
    application,
    by_reference,
    copies,
    delivery,
    routed,
    syncing,
)

NAMESPACE: Object = {"metadata": {"name": "dubbo"}}


def there(found: Object, cluster: str = "worker-1") -> Object:
    """An Application that deploys where the stack says."""
    found["spec"]["destination"] = {"name": cluster, "namespace": "dubbo"}
    return found


def host(found: Object | None) -> PlayedCluster:
    return PlayedCluster("host", {"Application": [found]})


def worker(**states: Any) -> PlayedCluster:
    return PlayedCluster("worker-1", {"Namespace": [NAMESPACE], "ReplicaSet": [replica_set()], **states})


def test_nothing_is_missing_where_the_application_and_the_namespace_are_there() -> None:
    assert obstacles(delivery(host(there(application(BEFORE))), worker(), "synced")) == ()


@pytest.mark.parametrize(
    ("found", "namespace", "sentence"),
    [
        (
            None,
            NAMESPACE,
            (
                "Application dubbo-worker-1 does not exist in namespace argocd of cluster host; "
                "expected `pulumi up --refresh`, which makes it again"
            ),
        ),
        (
            there(application(COMMIT) | {"metadata": {"deletionTimestamp": "now"}}),
            NAMESPACE,
            (
                "Application dubbo-worker-1 is being deleted from namespace argocd of cluster host; "
                "expected `pulumi up --refresh`, which makes it again"
            ),
        ),
        (
            application(COMMIT),
            NAMESPACE,
            (
                "Application dubbo-worker-1 deploys to namespace None, not dubbo; "
                "expected `pulumi up --refresh`, which makes it again"
            ),
        ),
        (
            there(application(COMMIT), cluster="worker-2"),
            NAMESPACE,
            (
                "Application dubbo-worker-1 deploys to cluster worker-2, not worker-1; "
                "expected `pulumi up --refresh`, which makes it again"
            ),
        ),
        (
            there(
                application(
                    COMMIT,
                    conditions=[
                        {"type": "InvalidSpecError", "message": "there are no clusters with this name: worker-1"}
                    ],
                )
            ),
            NAMESPACE,
            "Application dubbo-worker-1 cannot deploy: there are no clusters with this name: worker-1",
        ),
        (
            there(application(COMMIT)),
            None,
            "there is no namespace dubbo in cluster worker-1; expected `pulumi up --refresh`, which makes it again",
        ),
        (
            there(application(COMMIT)),
            {"metadata": {"deletionTimestamp": "now"}},
            (
                "namespace dubbo in cluster worker-1 is being deleted; "
                "expected `pulumi up --refresh`, which makes it again"
            ),
        ),
    ],
)
def test_what_is_missing_is_named_with_what_to_run(
    found: Object | None, namespace: Object | None, sentence: str
) -> None:
    of = PlayedCluster("worker-1", {"Namespace": [namespace]})
    assert obstacles(delivery(host(found), of, "synced")) == (sentence,)
    assert undelivered(delivery(host(found), of, "committed")) == sentence


def invalid(**annotations: str) -> Object:
    condition = {"type": "InvalidSpecError", "message": "Application referencing project dubbo which does not exist"}
    return there(application(COMMIT, conditions=[condition]) | {"metadata": {"annotations": annotations}})


@pytest.mark.parametrize(
    ("after", "sentences"),
    [
        pytest.param(there(application(COMMIT)), (), id="mended"),
        pytest.param(
            invalid(),
            ("Application dubbo-worker-1 cannot deploy: Application referencing project dubbo which does not exist",),
            id="still invalid",
        ),
        pytest.param(invalid(**{REFRESH: "normal"}), (), id="not looked at"),
    ],
)
def test_what_argo_cd_says_of_an_application_is_asked_anew(after: Object, sentences: tuple[str, ...]) -> None:
    argocd = PlayedCluster("host", {"Application": [invalid(), invalid(**{REFRESH: "normal"}), after]})
    assert obstacles(delivery(argocd, worker(), "synced"), refresh_seconds=0.5) == sentences
    assert argocd.patches == [REFRESH_PATCH]


@pytest.mark.parametrize(
    ("found", "rollouts", "until", "sentence"),
    [
        (application(COMMIT), [rollout("Healthy")], "finished", ""),
        (application(COMMIT), [rollout("Progressing", stableRS=HASH)], "finished", ""),  # its pods come and go
        (
            application(COMMIT),
            [paused(1)],
            "finished",
            "Rollout dubbo3-provider in worker-1 is paused at step 2 of 4 (weight 5) for 10m",
        ),
        (syncing("dubbo3-provider"), [paused(1)], "step", ""),
        (
            syncing("dubbo3-provider"),
            [],
            "synced",
            "Application dubbo-worker-1 is syncing c0ffee01: waiting for completion of hook batch/Job/smoke",
        ),
        (application(COMMIT), [paused(1)], "step", ""),
        (application(BEFORE), [], "committed", ""),
        (application(BEFORE), [], "synced", "Application dubbo-worker-1 is at 0bad0000"),
        (
            application(THEIRS),
            [],
            "synced",
            (
                "Application dubbo-worker-1 is at 7e1e5000: dubbo3-provider v3 came instead of v2: "
                "Ada in 7e1e50007e1e (hotfix)"
            ),
        ),
        (application(COMMIT), [], "synced", ""),
        (application(COMMIT), [], "step", "there is no Rollout dubbo3-provider in namespace dubbo of worker-1"),
        (
            application(COMMIT),
            [paused(1, version="v3")],
            "step",
            "Rollout dubbo3-provider in worker-1 has version: v3 in the cluster, written by someone, not v2",
        ),
        (
            application(COMMIT),
            [rollout("Healthy", version="v3")],
            "step",
            "Rollout dubbo3-provider in worker-1 has version: v3 in the cluster, written by someone, not v2",
        ),
        (application(COMMIT), [rollout("Degraded")], "step", "Rollout dubbo3-provider in worker-1 is degraded"),
        (
            application(COMMIT),
            [rollout("Healthy", observedGeneration="6")],
            "step",
            "Rollout dubbo3-provider in worker-1 has not taken up its new spec yet",
        ),
    ],
)
def test_what_is_not_delivered_is_named_as_far_as_the_stack_waits(
    found: Object, rollouts: list[Object], until: Wait, sentence: str
) -> None:
    assert undelivered(delivery(host(there(found)), worker(Rollouts=rollouts), until)) == sentence


def test_a_cluster_that_may_not_be_listed_is_read_by_name() -> None:
    class Guarded(PlayedCluster):
        def list(self, api_version: str, kind: str, namespace: str | None = None) -> list[Object]:
            raise ApiError("forbidden", status=403, reason="Forbidden", where="cluster worker-1")

    states = {"Namespace": [NAMESPACE], "ReplicaSet": [replica_set()], "Rollout": [rollout("Degraded")]}
    found = undelivered(delivery(host(there(application(COMMIT))), Guarded("worker-1", states), "step"))
    assert found == "Rollout dubbo3-provider in worker-1 is degraded"


def test_a_rollout_that_refers_to_the_services_workload_is_looked_at() -> None:
    made, deployment = by_reference()
    states = {"Rollouts": [made], "Deployment": [deployment]}
    assert undelivered(delivery(host(there(application(COMMIT))), worker(**states), "step")) == ""
    made["status"]["phase"] = "Degraded"
    assert undelivered(delivery(host(there(application(COMMIT))), worker(**states), "step")) == (
        "Rollout dubbo3-provider in worker-1 is degraded: CanaryPauseStep"
    )


def test_what_the_work_cluster_lacks_itself_keeps_no_commit_back() -> None:
    nothing = {"VirtualService": [None], "DestinationRule": [None]}
    leader = worker(Rollouts=[routed(paused(3, weight=50))], **nothing)
    control_plane = PlayedCluster("host", nothing)
    assert (
        stale_routes(delivery(control_plane, leader, "step", mesh=SharedMesh(control_plane, leader)), settle_seconds=0)
        == ()
    )


def test_an_adopted_service_may_have_another_workload_than_a_rollout() -> None:
    assert undelivered(delivery(host(there(application(COMMIT))), worker(), "step", optional=True)) == ""


def test_the_mesh_is_behind_while_its_copy_says_something_else() -> None:
    control_plane = PlayedCluster("host", {"Application": [there(application(COMMIT))], **copies(5)})
    leader = worker(Rollouts=[routed(paused(3, weight=50))], **copies(50))
    of = delivery(control_plane, leader, "step", mesh=SharedMesh(control_plane, leader))
    sentence = "the control plane's copy of VirtualService provider says 95/5 where worker-1 says 50/50"
    assert stale_routes(of, settle_seconds=0) == (sentence,)
    assert stale_routes(delivery(control_plane, leader, "step"), settle_seconds=0) == ()  # a stack without a mesh


def test_a_follower_has_no_copies_to_compare() -> None:
    control_plane = PlayedCluster("host", copies(5))
    follower = worker(Rollouts=[routed(paused(3, weight=50))], **copies(50))
    mesh = SharedMesh(control_plane, PlayedCluster("worker-2", {}))
    assert stale_routes(delivery(control_plane, follower, "step", mesh=mesh), settle_seconds=0) == ()


def test_a_copy_that_is_a_moment_late_is_no_trouble() -> None:
    late = {kind: [*copies(5)[kind], *copies(50)[kind]] for kind in ("VirtualService", "DestinationRule")}
    control_plane = PlayedCluster("host", late)
    leader = worker(Rollouts=[routed(paused(3, weight=50))], **copies(50))
    assert (
        stale_routes(delivery(control_plane, leader, "step", mesh=SharedMesh(control_plane, leader)), settle_seconds=5)
        == ()
    )
