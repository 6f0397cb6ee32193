"""Applications as Argo CD writes them, judged from one commit."""

from __future__ import annotations

from typing import Any

import pytest

from meshroll.delivery.applications import (
    REFRESH,
    ApplicationState,
    Sync,
    application_state,
    is_applied,
    wants_refresh,
)
from meshroll.gitops.history.lineage import Lineage, Relation

COMMIT, LATER, OTHER = "c0ffee01" * 5, "1a7e4000" * 5, "0bad0000" * 5
THEIRS, FORCED = "7e1e5000" * 5, "f0ced000" * 5


def lineage(revision: str) -> Lineage:
    if revision == THEIRS:
        return Lineage(Relation.OVERTAKEN, "shop v3 came instead of v2: Ada in 7e1e50007e1e (hotfix)")
    if revision == FORCED:
        return Lineage(Relation.ELSEWHERE, "c0ffee01c0ff is no longer in the history")
    return Lineage(Relation.HOLDS if revision in (COMMIT, LATER) else Relation.BEFORE, "")


def application(status: dict[str, Any], **more: Any) -> dict[str, Any]:
    spec = {"syncPolicy": {"automated": {"prune": True, "selfHeal": True}}}
    return {"metadata": {"name": "dubbo-worker-1"}, "spec": spec, "status": status, **more}


def operation(phase: str, revision: str, message: str) -> dict[str, Any]:
    return {"phase": phase, "message": message, "syncResult": {"revision": revision}}


SYNCED = {"sync": {"status": "Synced", "revision": COMMIT}}


@pytest.mark.parametrize(
    ("status", "more", "expected"),
    [
        ({}, {}, ApplicationState(Sync.WAITING, "", "has not read the repository yet")),
        (
            {
                "sync": {"status": "Unknown"},
                "conditions": [{"type": "ComparisonError", "message": "unable to resolve 'main' to a commit SHA"}],
            },
            {},
            ApplicationState(
                Sync.WAITING,
                "",
                "has not read the repository yet: ComparisonError: unable to resolve 'main' to a commit SHA",
            ),
        ),
        (
            {"sync": {"status": "Synced", "revision": OTHER}},
            {},
            ApplicationState(Sync.WAITING, OTHER, "is at 0bad0000"),
        ),
        (SYNCED, {}, ApplicationState(Sync.SYNCED, COMMIT, "is synced to c0ffee01")),
        (
            {"sync": {"status": "Synced", "revision": LATER}},
            {},
            ApplicationState(Sync.SYNCED, LATER, "is synced to 1a7e4000"),
        ),
        (
            SYNCED | {"operationState": operation("Running", COMMIT, "waiting for healthy state of Rollout")},
            {},
            ApplicationState(Sync.SYNCING, COMMIT, "is syncing c0ffee01: waiting for healthy state of Rollout"),
        ),
        (
            SYNCED | {"operationState": operation("Running", OTHER, "waiting for a hook")},
            {},
            ApplicationState(Sync.WAITING, COMMIT, "is syncing 0bad0000: waiting for a hook"),
        ),
        (
            SYNCED,
            {"operation": {"sync": {"revision": COMMIT}}},
            ApplicationState(Sync.WAITING, COMMIT, "is syncing c0ffee01: the sync is under way"),
        ),
        (
            {
                "sync": {"status": "OutOfSync", "revision": LATER},
                "operationState": operation("Failed", COMMIT, "boom"),
                "resources": [{"kind": "Rollout", "name": "shop", "status": "OutOfSync"}],
            },
            {},
            ApplicationState(Sync.WAITING, LATER, "is OutOfSync at 1a7e4000: Rollout shop"),
        ),
        (
            {"sync": {"status": "Synced", "revision": THEIRS}},
            {},
            ApplicationState(
                Sync.OVERTAKEN,
                THEIRS,
                "is at 7e1e5000: shop v3 came instead of v2: Ada in 7e1e50007e1e (hotfix)",
            ),
        ),
        (
            {"sync": {"status": "Synced", "revision": FORCED}},
            {},
            ApplicationState(Sync.OVERTAKEN, FORCED, "is at f0ced000: c0ffee01c0ff is no longer in the history"),
        ),
        (
            {
                "sync": {"status": "OutOfSync", "revision": COMMIT},
                "operationState": operation("Failed", COMMIT, "one or more objects failed to apply"),
            },
            {},
            ApplicationState(Sync.FAILED, COMMIT, "could not sync c0ffee01: one or more objects failed to apply"),
        ),
        (
            {
                "sync": {"status": "OutOfSync", "revision": COMMIT},
                "operationState": operation("Failed", OTHER, "an older failure"),
                "resources": [
                    {"kind": "Rollout", "name": "a", "status": "OutOfSync"},
                    {"kind": "Service", "name": "b", "status": "Synced"},
                    *({"kind": "Gateway", "name": str(n), "status": "OutOfSync"} for n in range(4)),
                ],
            },
            {},
            ApplicationState(
                Sync.WAITING, COMMIT, "is OutOfSync at c0ffee01: Rollout a, Gateway 0, Gateway 1 and 2 more"
            ),
        ),
        (
            {"sync": {"status": "OutOfSync", "revision": COMMIT}},
            {"spec": {"syncPolicy": {}}},
            ApplicationState(
                Sync.WAITING,
                COMMIT,
                "is OutOfSync at c0ffee01: automated sync is off, so a person has to sync it",
            ),
        ),
    ],
)
def test_an_application_is_judged_from_a_commit(
    status: dict[str, Any], more: dict[str, Any], expected: ApplicationState
) -> None:
    assert application_state(application(status, **more), lineage) == expected


def test_a_refresh_is_asked_for_while_the_application_is_elsewhere_and_nobody_has_asked() -> None:
    elsewhere = application({"sync": {"status": "Synced", "revision": OTHER}})
    assert wants_refresh(elsewhere, lineage)
    asked = elsewhere | {"metadata": {"annotations": {REFRESH: "normal"}}}
    assert not wants_refresh(asked, lineage)
    assert not wants_refresh(application(SYNCED), lineage)
    assert wants_refresh(application({"sync": {"status": "Unknown", "revision": COMMIT}}), lineage)
    assert not wants_refresh(application({"sync": {"status": "Synced", "revision": THEIRS}}), lineage)


def test_an_object_is_applied_once_the_sync_under_way_says_so() -> None:
    resources = [
        {"kind": "Rollout", "name": "shop", "status": "Synced"},
        {"kind": "Rollout", "name": "stock", "status": "SyncFailed"},
    ]
    seen = application({"operationState": {"phase": "Running", "syncResult": {"resources": resources}}})
    found = [is_applied(seen, "Rollout", name) for name in ("shop", "stock", "cart")]
    assert found == [True, False, False]
