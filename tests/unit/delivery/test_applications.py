"""Applications as Argo CD writes them, judged from one commit."""

from __future__ import annotations

from typing import Any

import pytest

from meshroll.delivery.applications import REFRESH, ApplicationState, Sync, application_state, wants_refresh

COMMIT, LATER, OTHER = "c0ffee01" * 5, "1a7e4000" * 5, "0bad0000" * 5


def is_descendant(revision: str, commit: str) -> bool:
    return (revision, commit) == (LATER, COMMIT)


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
            ApplicationState(Sync.WAITING, COMMIT, "is syncing c0ffee01: waiting for healthy state of Rollout"),
        ),
        (
            SYNCED,
            {"operation": {"sync": {"revision": COMMIT}}},
            ApplicationState(Sync.WAITING, COMMIT, "is syncing c0ffee01: sync under way"),
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
    assert application_state(application(status, **more), COMMIT, is_descendant) == expected


def test_a_refresh_is_asked_for_while_the_application_is_elsewhere_and_nobody_has_asked() -> None:
    elsewhere = application({"sync": {"status": "Synced", "revision": OTHER}})
    assert wants_refresh(elsewhere, COMMIT, is_descendant)
    asked = elsewhere | {"metadata": {"annotations": {REFRESH: "normal"}}}
    assert not wants_refresh(asked, COMMIT, is_descendant)
    assert not wants_refresh(application(SYNCED), COMMIT, is_descendant)
    assert wants_refresh(application({"sync": {"status": "Unknown", "revision": COMMIT}}), COMMIT, is_descendant)
