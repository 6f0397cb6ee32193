"""What is waited for is this release's and nobody else's."""

from __future__ import annotations

from meshroll.delivery.model import Released
from meshroll.delivery.rollouts import Phase
from meshroll.errors import ConflictError, TimedOutError
from tests.support.delivery.clusters import PlayedCluster
from tests.support.delivery.rollouts import ENDLESS, paused, replica_set, rollout
from tests.support.delivery.waiting import (
    BEFORE,
    COMMIT,
    THEIRS,
    application,
    failure,
    run,
    syncing,
)


def test_the_release_of_somebody_else_ends_the_wait_and_is_named() -> None:
    host = PlayedCluster("host", {"Application": [application(BEFORE), application(THEIRS)]})
    assert failure(ConflictError, host, PlayedCluster("worker-1", {}), "step", timeout=600) == (
        "Application dubbo-worker-1 is at 7e1e5000: dubbo3-provider v3 came instead of v2: Ada in 7e1e50007e1e (hotfix)"
    )


def test_a_pause_counts_only_while_the_application_has_the_commit() -> None:
    # Between the Application's first look and the Rollout's, another release was applied: its pause is not ours.
    host = PlayedCluster("host", {"Application": [application(COMMIT), application(THEIRS)]})
    worker = PlayedCluster("worker-1", {"Rollout": [paused(1, version="v3")], "ReplicaSet": [replica_set("v3")]})
    said = failure(ConflictError, host, worker, "step", timeout=600, services=(Released("dubbo3-provider", "v2"),))
    assert said.startswith("Application dubbo-worker-1 is at 7e1e5000: dubbo3-provider v3 came instead of v2: ")


def test_a_pause_of_a_version_edited_in_the_cluster_is_not_ours() -> None:
    edit = {"manager": "kubectl-edit", "time": "2026-11-25T10:00:00Z", "fieldsV1": {"f:spec": {"f:template": {}}}}
    edited = paused(1, version="v3")
    edited["metadata"]["managedFields"] = [edit, {**edit, "manager": "argocd", "time": "2026-11-25T09:00:00Z"}]
    host = PlayedCluster("host", {"Application": [application(COMMIT)]})
    worker = PlayedCluster("worker-1", {"Rollout": [edited], "ReplicaSet": [replica_set("v3")]})
    assert failure(TimedOutError, host, worker, "step", timeout=0.01) == (
        "Rollout worker-1/dubbo3-provider has version: v3 in the cluster, "
        "written by kubectl-edit at 2026-11-25T10:00:00Z, not v2, and the 0.01 s of delivery.timeout are over"
    )


def test_another_pod_template_under_the_same_version_ends_the_wait() -> None:
    on_its_way, later = rollout("Progressing"), paused(1)
    later["status"]["currentPodHash"] = "0therhash"
    host = PlayedCluster("host", {"Application": [application(COMMIT)]})
    worker = PlayedCluster("worker-1", {"Rollout": [on_its_way, later], "ReplicaSet": [replica_set()]})
    assert failure(ConflictError, host, worker, "step", timeout=600) == (
        "Rollout worker-1/dubbo3-provider: someone changed its pod template while v2 was on its way "
        "(pod hash 0therhash, not 6b5f7c9d4); expected `pulumi up` again, to wait for what Git has now"
    )


def test_another_pod_template_under_the_old_hash_is_not_taken_for_this_one() -> None:
    changed = paused(1)
    changed["spec"]["template"]["spec"]["containers"][0]["env"] = [{"name": "MODE", "value": "new"}]
    host = PlayedCluster("host", {"Application": [application(COMMIT)]})
    worker = PlayedCluster("worker-1", {"Rollout": [changed], "ReplicaSet": [replica_set()]})
    assert failure(TimedOutError, host, worker, "step", timeout=0.01) == (
        "Rollout worker-1/dubbo3-provider has not taken up its new spec yet, "
        "and the 0.01 s of delivery.timeout are over"
    )


def test_a_hash_of_before_binds_nothing() -> None:
    behind = rollout("Progressing", currentPodHash="0ldhash")
    host = PlayedCluster("host", {"Application": [application(COMMIT)]})
    states = {"Rollout": [behind, paused(1)], "ReplicaSet": [replica_set("v1"), replica_set()]}
    progress, _ = run(host, PlayedCluster("worker-1", states), "step")
    assert progress.rollouts["worker-1/dubbo3-provider"].phase is Phase.PAUSED


def test_a_hook_that_waits_for_the_pause_does_not_keep_the_wait_from_seeing_it() -> None:
    host = PlayedCluster("host", {"Application": [syncing(), syncing("dubbo3-provider")]})
    worker = PlayedCluster("worker-1", {"Rollout": [paused(1, steps=ENDLESS)], "ReplicaSet": [replica_set()]})
    progress, said = run(host, worker, "step")
    under_way = "Application dubbo-worker-1 is syncing c0ffee01: waiting for completion of hook batch/Job/smoke"
    assert progress.notes[0] == under_way
    assert said == [
        under_way,
        "Rollout worker-1/dubbo3-provider is paused at step 2 of 3 (weight 5) until it is promoted",
    ]
