"""Waiting for a Rollout to reach its step, as far as the stack says."""

from __future__ import annotations

import pytest

from meshroll.delivery.rollouts import Phase, RolloutState
from meshroll.delivery.wait import Progress, await_rollout
from meshroll.errors import UnavailableError
from tests.support.delivery.clusters import PlayedCluster
from tests.support.delivery.rollouts import ENDLESS, paused, replica_set, rollout
from tests.support.delivery.waiting import (
    COMMIT,
    application,
    by_reference,
    failure,
    run,
    syncing,
)


def test_step_ends_at_the_first_pause_of_the_new_template() -> None:
    host = PlayedCluster("host", {"Application": [application(COMMIT)]})
    worker = PlayedCluster(
        "worker-1",
        {
            "Rollout": [None, rollout("Healthy"), rollout("Progressing"), paused(1)],
            "ReplicaSet": [replica_set("v1"), replica_set("v2")],
        },
    )
    progress, said = run(host, worker, "step")
    state = RolloutState(Phase.PAUSED, 2, 4, 5, "10m", "CanaryPauseStep")
    sentence = "is paused at step 2 of 4 (weight 5) for 10m"
    assert progress == Progress(
        {"dubbo-worker-1": COMMIT},
        {"worker-1/dubbo3-provider": state},
        (f"dubbo3-provider in worker-1 {sentence} and then goes on by itself",),
    )
    assert said[1:] == [
        "Rollout worker-1/dubbo3-provider does not exist in namespace dubbo yet",
        "Rollout worker-1/dubbo3-provider has not taken up its new spec yet",
        "Rollout worker-1/dubbo3-provider is on its way at step 1 of 4",
        f"Rollout worker-1/dubbo3-provider {sentence}",
    ]


def test_finished_passes_timed_pauses() -> None:
    host = PlayedCluster("host", {"Application": [application(COMMIT)]})
    worker = PlayedCluster("worker-1", {"Rollout": [paused(1), rollout("Healthy")], "ReplicaSet": [replica_set()]})
    progress, _ = run(host, worker, "finished")
    assert progress.rollouts["worker-1/dubbo3-provider"].phase is Phase.HEALTHY
    assert progress.notes == ()


def test_finished_succeeds_at_a_pause_without_end_and_says_how_to_go_on() -> None:
    host = PlayedCluster("host", {"Application": [application(COMMIT)]})
    worker = PlayedCluster("worker-1", {"Rollout": [paused(2, steps=ENDLESS)], "ReplicaSet": [replica_set()]})
    progress, _ = run(host, worker, "finished")
    assert progress.notes == (
        (
            "dubbo3-provider in worker-1 is paused at step 3 of 3 (weight 5) until it is promoted: "
            "go on with `meshroll promote dubbo3-provider -s sandbox --cluster worker-1 --step 3`"
        ),
    )


def test_a_degraded_rollout_is_an_error_at_once() -> None:
    host = PlayedCluster("host", {"Application": [application(COMMIT)]})
    worker = PlayedCluster(
        "worker-1", {"Rollout": [rollout("Degraded", message="RolloutAborted")], "ReplicaSet": [replica_set()]}
    )
    said = failure(UnavailableError, host, worker, "finished", timeout=600)
    assert said == "Rollout worker-1/dubbo3-provider is degraded: RolloutAborted"


REFUSED = rollout(
    "Degraded", message='InvalidSpec: virtualservices "x" not found', conditions=[{"type": "InvalidSpec"}]
)


def test_a_rollout_that_was_applied_before_what_it_names_is_waited_for() -> None:
    host = PlayedCluster("host", {"Application": [application(COMMIT)]})
    worker = PlayedCluster(
        "worker-1", {"Rollout": [REFUSED, REFUSED, rollout("Healthy")], "ReplicaSet": [replica_set()]}
    )
    progress, said = run(host, worker, "finished")
    assert progress.rollouts["worker-1/dubbo3-provider"].phase is Phase.HEALTHY
    assert said[1] == 'Rollout worker-1/dubbo3-provider is degraded: InvalidSpec: virtualservices "x" not found'


def test_a_spec_that_is_refused_when_it_is_looked_at_again_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("meshroll.delivery.looks.REFUSED_SECONDS", 0.05)
    host = PlayedCluster("host", {"Application": [application(COMMIT)]})
    worker = PlayedCluster("worker-1", {"Rollout": [REFUSED], "ReplicaSet": [replica_set()]})
    said = failure(UnavailableError, host, worker, "finished", timeout=600)
    assert said == 'Rollout worker-1/dubbo3-provider is degraded: InvalidSpec: virtualservices "x" not found'


def test_a_service_without_a_rollout_has_no_steps_to_wait_for() -> None:
    host = PlayedCluster("host", {"Application": [application(COMMIT)]})
    progress, said = run(host, PlayedCluster("worker-1", {"Rollout": [None]}), "step", optional=True)
    assert progress == Progress({"dubbo-worker-1": COMMIT}, {}, ())
    assert said[-1] == (
        "Rollout worker-1/dubbo3-provider does not exist in namespace dubbo: the service has no steps to wait for"
    )


def test_a_rollout_that_refers_to_the_services_workload_is_waited_for() -> None:
    made, deployment = by_reference()
    behind = {**deployment, "metadata": {"generation": 5}}
    host = PlayedCluster("host", {"Application": [application(COMMIT)]})
    worker = PlayedCluster(
        "worker-1",
        {"Rollout": [None], "Rollouts": [made], "Deployment": [behind, deployment], "ReplicaSet": [replica_set()]},
    )
    _, said = run(host, worker, "step")
    assert said[1:] == [
        "Rollout worker-1/dubbo3-provider has not taken up its new spec yet",
        "Rollout worker-1/dubbo3-provider is paused at step 2 of 3 (weight 5) until it is promoted",
    ]


def test_one_rollout_alone_is_waited_for_without_an_application() -> None:
    worker = PlayedCluster("worker-1", {"Rollout": [rollout("Progressing"), paused(1)], "ReplicaSet": [replica_set()]})
    state = await_rollout(worker, "dubbo", "dubbo3-provider", "step", 5.0, poll_seconds=0.001)
    assert state == RolloutState(Phase.PAUSED, 2, 4, 5, "10m", "CanaryPauseStep")


def test_a_rollout_that_the_sync_has_yet_to_make_is_waited_for() -> None:
    host = PlayedCluster("host", {"Application": [syncing(), syncing(), application(COMMIT)]})
    worker = PlayedCluster("worker-1", {"Rollout": [None, paused(1)], "ReplicaSet": [replica_set()]})
    _, reported = run(host, worker, "step", optional=True)
    assert reported[1:] == [
        "Rollout worker-1/dubbo3-provider does not exist in namespace dubbo yet",
        "Rollout worker-1/dubbo3-provider is paused at step 2 of 4 (weight 5) for 10m",
    ]
