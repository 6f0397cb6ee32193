"""Waiting for an Application to have a commit, against clusters that play back what real ones wrote."""

from __future__ import annotations

from meshroll.delivery.wait import Progress
from meshroll.errors import UnavailableError
from meshroll.gitops.history.lineage import Lineage, Relation
from tests.support.delivery.clusters import PlayedCluster
from tests.support.delivery.waiting import (
    BEFORE,
    COMMIT,
    REFRESH_PATCH,
    application,
    failure,
    run,
    syncing,
)


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


def test_a_sync_of_the_commit_that_failed_is_an_error_at_once() -> None:
    failed = {"phase": "Failed", "message": "objects failed to apply", "syncResult": {"revision": COMMIT}}
    host = PlayedCluster("host", {"Application": [application(COMMIT, "OutOfSync", operationState=failed)]})
    said = failure(UnavailableError, host, PlayedCluster("worker-1", {}), "synced", timeout=600)
    assert said == (
        "Application dubbo-worker-1 could not sync c0ffee01: objects failed to apply; Argo CD does not try again; "
        "expected `argocd app sync dubbo-worker-1` once that is mended"
    )


def test_an_application_that_does_not_exist_is_an_error_at_once() -> None:
    host = PlayedCluster("host", {"Application": [None]})
    said = failure(UnavailableError, host, PlayedCluster("worker-1", {}), "synced", timeout=600)
    assert said == (
        "Application dubbo-worker-1 does not exist in namespace argocd of cluster host; "
        "expected `pulumi up --refresh`, which makes it again"
    )


def test_synced_waits_for_the_hooks_too() -> None:
    host = PlayedCluster("host", {"Application": [syncing("dubbo3-provider"), application(COMMIT)]})
    _, said = run(host, PlayedCluster("worker-1", {}), "synced")
    assert said[-1] == "Application dubbo-worker-1 is synced to c0ffee01"


def test_a_repository_that_is_away_during_the_wait_is_waited_for() -> None:
    answers: list[Lineage | Exception] = [UnavailableError("no route"), Lineage(Relation.HOLDS, "")]

    def away(_revision: str) -> Lineage:
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer

    host = PlayedCluster("host", {"Application": [application(COMMIT)]})
    _, said = run(host, PlayedCluster("worker-1", {}), "synced", lineage=away)
    assert said == [
        "Application dubbo-worker-1 cannot be read (no route)",
        "Application dubbo-worker-1 is synced to c0ffee01",
    ]
