"""What an Argo CD Application says about one commit. Pure: a dictionary in, a state out.

An Application has a commit when its comparison was made at a revision that holds what the commit released, the answer
was Synced, and no sync is under way. Which revisions hold it is Git's answer (`meshroll.gitops.history.lineage`): a
descendant in which somebody else released another version does not. A comparison error is not a failure here: before
the first commit of a repository it is the rule, and a repository that is unreachable now may be back in a second.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any

from meshroll.gitops.history import Lineage, Relation

Object = dict[str, Any]
LineageOf = Callable[[str], Lineage]  # how a revision stands to the commit that is waited for

GROUP_VERSION = "argoproj.io/v1alpha1"
REFRESH = "argocd.argoproj.io/refresh"  # removed by Argo CD once it has looked again
_NAMED_RESOURCES = 3


class Sync(Enum):
    """How far an Application is with a commit."""

    WAITING = "waiting"
    SYNCING = "syncing"  # the sync of this commit is under way: objects may be applied, hooks may run
    SYNCED = "synced"
    FAILED = "failed"  # the sync of this commit ended in failure and is not tried again
    OVERTAKEN = "overtaken"  # somebody else's release came instead, or the commit was taken from the branch


@dataclass(frozen=True)
class ApplicationState:
    """An Application seen from one commit; `sentence` says it to a person, without the Application's name."""

    sync: Sync
    revision: str
    sentence: str


def application_state(application: Object, lineage: LineageOf) -> ApplicationState:
    """Judge an Application as read from the API."""
    status = application.get("status") or {}
    compared = status.get("sync") or {}
    revision = compared.get("revision") or ""
    problem = _condition(status)
    known = _lineage_of(revision, lineage)
    if known.relation in (Relation.OVERTAKEN, Relation.ELSEWHERE):
        return ApplicationState(Sync.OVERTAKEN, revision, f"is at {revision[:8]}: {known.sentence}")
    if known.relation is not Relation.HOLDS:
        at = f"is at {revision[:8]}" if revision else "has not read the repository yet"
        return ApplicationState(Sync.WAITING, revision, at + (f": {problem}" if problem else ""))
    operation = status.get("operationState") or {}
    phase = operation.get("phase") or ""
    synced = _operation_revision(operation)
    if application.get("operation") or phase in ("Running", "Terminating"):
        message = operation.get("message") or "the sync is under way"
        ours = phase == "Running" and _lineage_of(synced, lineage).relation is Relation.HOLDS
        state = Sync.SYNCING if ours else Sync.WAITING
        return ApplicationState(state, revision, f"is syncing {(synced or revision)[:8]}: {message}")
    if compared.get("status") == "Synced":
        return ApplicationState(Sync.SYNCED, revision, f"is synced to {revision[:8]}")
    if phase in ("Failed", "Error") and synced == revision:
        message = operation.get("message") or phase
        return ApplicationState(Sync.FAILED, revision, f"could not sync {revision[:8]}: {message}")
    status_name = compared.get("status") or "Unknown"
    reason = problem or _out_of_sync(status)
    if not _automated(application):
        reason = "automated sync is off, so a person has to sync it"
    return ApplicationState(
        Sync.WAITING, revision, f"is {status_name} at {revision[:8]}" + (f": {reason}" if reason else "")
    )


def is_applied(application: Object, kind: str, name: str) -> bool:
    """Whether the sync that is under way has applied an object already; its hooks may still run."""
    operation = (application.get("status") or {}).get("operationState") or {}
    results = (operation.get("syncResult") or {}).get("resources") or []
    return any((r.get("kind"), r.get("name"), r.get("status")) == (kind, name, "Synced") for r in results)


def wants_refresh(application: Object, lineage: LineageOf) -> bool:
    """Whether asking Argo CD to look at the repository again makes sense: it is elsewhere, and nobody has asked."""
    annotations = application.get("metadata", {}).get("annotations") or {}
    compared = (application.get("status") or {}).get("sync") or {}
    there = _lineage_of(compared.get("revision") or "", lineage).relation is not Relation.BEFORE
    return REFRESH not in annotations and not (there and compared.get("status") != "Unknown")


def _lineage_of(revision: str, lineage: LineageOf) -> Lineage:
    return lineage(revision) if revision else Lineage(Relation.BEFORE, "")


def _operation_revision(operation: Object) -> str:
    result = operation.get("syncResult") or {}
    asked = (operation.get("operation") or {}).get("sync") or {}
    return result.get("revision") or asked.get("revision") or ""


def _condition(status: Object) -> str:
    errors = [c for c in status.get("conditions") or [] if str(c.get("type", "")).endswith("Error")]
    return "; ".join(f"{c['type']}: {c.get('message', '')}" for c in errors)


def _out_of_sync(status: Object) -> str:
    found = [r for r in status.get("resources") or [] if r.get("status") == "OutOfSync"]
    names = [f"{r.get('kind')} {r.get('name')}" for r in found]
    more = f" and {len(names) - _NAMED_RESOURCES} more" if len(names) > _NAMED_RESOURCES else ""
    return ", ".join(names[:_NAMED_RESOURCES]) + more


def _automated(application: Object) -> bool:
    policy = (application.get("spec") or {}).get("syncPolicy") or {}
    automated = policy.get("automated")
    return automated is not None and automated.get("enabled") is not False
