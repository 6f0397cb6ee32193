"""Waiting for a commit, against clusters that play back what real ones wrote."""

from __future__ import annotations

from typing import Any

import pytest

from meshroll.delivery.rollouts import Phase, RolloutState
from meshroll.delivery.wait import Progress, wait_for
from meshroll.errors import TimedOutError, UnavailableError
from meshroll.kube import ApiError
from meshroll.settings.model import Wait

from .clusters import Object, PlayedCluster
from .rollouts import ENDLESS, paused, replica_set, rollout

COMMIT, BEFORE = "c0ffee01" * 5, "0bad0000" * 5
REFRESH_PATCH = (
    "Application",
    "dubbo-worker-1",
    {"metadata": {"annotations": {"argocd.argoproj.io/refresh": "normal"}}},
    "",
)


def application(revision: str, status: str = "Synced", **more: Any) -> Object:
    return {
        "metadata": {},
        "spec": {"syncPolicy": {"automated": {}}},
        "status": {"sync": {"status": status, "revision": revision}, **more},
    }


def run(
    argocd: PlayedCluster, worker: PlayedCluster, until: Wait, *, timeout: float = 5.0, optional: bool = False
) -> tuple[Progress, list[str]]:
    said: list[str] = []
    progress = wait_for(
        argocd,
        "argocd",
        [("dubbo-worker-1", worker)],
        "dubbo",
        COMMIT,
        ["dubbo3-provider"],
        until,
        timeout,
        lambda revision, commit: revision == commit,
        said.append,
        stack="sandbox",
        optional=optional,
        poll_seconds=0.001,
    )
    return progress, said


def test_committed_asks_no_cluster() -> None:
    nowhere = PlayedCluster("host", {})
    assert run(nowhere, nowhere, "committed") == (Progress({}, {}, ()), [])


def test_synced_asks_for_a_refresh_once_and_waits_for_the_commit() -> None:
    host = PlayedCluster("host", {"Application": [application(BEFORE), application(BEFORE), application(COMMIT)]})
    progress, said = run(host, PlayedCluster("worker-1", {}), "synced")
    assert progress == Progress({"dubbo-worker-1": COMMIT}, {}, ())
    assert host.patches == [REFRESH_PATCH]
    assert said == [
        "Application dubbo-worker-1 is at 0bad0000",
        "Application dubbo-worker-1 is synced to c0ffee01",
    ]


def test_a_comparison_error_before_the_first_commit_and_an_unreachable_server_pass() -> None:
    error = [{"type": "ComparisonError", "message": "unable to resolve 'main' to a commit SHA"}]
    states = [application("", "Unknown", conditions=error), UnavailableError("no answer"), application(COMMIT)]
    host = PlayedCluster("host", {"Application": states})
    _, said = run(host, PlayedCluster("worker-1", {}), "synced")
    assert said == [
        (
            "Application dubbo-worker-1 has not read the repository yet: "
            "ComparisonError: unable to resolve 'main' to a commit SHA"
        ),
        "Application dubbo-worker-1 cannot be read (no answer)",
        "Application dubbo-worker-1 is synced to c0ffee01",
    ]


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
            "go on with `meshroll promote dubbo3-provider -s sandbox`"
        ),
    )


def test_a_degraded_rollout_is_an_error_at_once() -> None:
    host = PlayedCluster("host", {"Application": [application(COMMIT)]})
    worker = PlayedCluster(
        "worker-1", {"Rollout": [rollout("Degraded", message="RolloutAborted")], "ReplicaSet": [replica_set()]}
    )
    with pytest.raises(UnavailableError) as caught:
        run(host, worker, "finished", timeout=600)
    assert str(caught.value) == "Rollout worker-1/dubbo3-provider is degraded: RolloutAborted"


def test_a_sync_of_the_commit_that_failed_is_an_error_at_once() -> None:
    failed = {"phase": "Failed", "message": "objects failed to apply", "syncResult": {"revision": COMMIT}}
    host = PlayedCluster("host", {"Application": [application(COMMIT, "OutOfSync", operationState=failed)]})
    with pytest.raises(UnavailableError) as caught:
        run(host, PlayedCluster("worker-1", {}), "synced", timeout=600)
    assert str(caught.value) == "Application dubbo-worker-1 could not sync c0ffee01: objects failed to apply"


def test_the_deadline_says_what_was_seen_last() -> None:
    host = PlayedCluster("host", {"Application": [application(BEFORE)]})
    with pytest.raises(TimedOutError) as caught:
        run(host, PlayedCluster("worker-1", {}), "synced", timeout=0.01)
    assert str(caught.value) == (
        "Application dubbo-worker-1 is at 0bad0000, and the 0.01 s of delivery.timeout are over"
    )


def test_an_application_that_does_not_exist_is_an_error_at_once() -> None:
    host = PlayedCluster("host", {"Application": [None]})
    with pytest.raises(UnavailableError) as caught:
        run(host, PlayedCluster("worker-1", {}), "synced", timeout=600)
    assert str(caught.value) == "Application dubbo-worker-1 does not exist in namespace argocd of cluster host"


def test_an_api_server_that_stumbles_passes_and_one_that_refuses_does_not() -> None:
    def answer(status: int) -> ApiError:
        return ApiError("no", status=status, reason="", where="cluster host")

    for status in (409, 429, 500, 503):
        host = PlayedCluster("host", {"Application": [answer(status), application(COMMIT)]})
        assert run(host, PlayedCluster("worker-1", {}), "synced")[1][0].startswith(
            "Application dubbo-worker-1 cannot be"
        )
    with pytest.raises(ApiError):
        run(PlayedCluster("host", {"Application": [answer(403)]}), PlayedCluster("worker-1", {}), "synced")


def test_a_service_without_a_rollout_has_no_steps_to_wait_for() -> None:
    host = PlayedCluster("host", {"Application": [application(COMMIT)]})
    progress, said = run(host, PlayedCluster("worker-1", {"Rollout": [None]}), "step", optional=True)
    assert progress == Progress({"dubbo-worker-1": COMMIT}, {}, ())
    assert said[-1] == (
        "Rollout worker-1/dubbo3-provider does not exist in namespace dubbo: the service has no steps to wait for"
    )
