"""After a commit: wait until the clusters are as far as the stack wants, and say what is seen on the way.

A pause without end is success with a word on how to go on. A failed sync and a degraded Rollout are errors at once.
Everything else, an API server that does not answer included, may pass until the deadline.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Protocol

from meshroll.delivery.applications import GROUP_VERSION as ARGO
from meshroll.delivery.applications import REFRESH, IsDescendant, Sync, application_state, wants_refresh
from meshroll.delivery.rollouts import Phase, RolloutState, replica_set_name, rollout_state
from meshroll.errors import TimedOutError, UnavailableError
from meshroll.kube import ApiError
from meshroll.settings.model import Wait

Object = dict[str, Any]
FIELD_MANAGER = "meshroll"
POLL_SECONDS = 0.3
REFRESH_SECONDS = 5.0
# What an API server may answer once and not again, beside all of 5xx.
_PASSING = (HTTPStatus.CONFLICT, HTTPStatus.TOO_MANY_REQUESTS)


class Api(Protocol):
    """The part of `meshroll.kube.Kube` that waiting needs."""

    name: str

    def get(self, api_version: str, kind: str, name: str, namespace: str | None = None) -> Object | None:
        """One object, or None."""

    def patch(
        self,
        api_version: str,
        kind: str,
        name: str,
        namespace: str | None,
        patch: Object,
        *,
        field_manager: str,
        subresource: str = "",
    ) -> Object:
        """JSON merge patch."""


@dataclass(frozen=True)
class Progress:
    """Where the wait ended: revision by Application, state by "cluster/rollout", and what a person should know."""

    revisions: Mapping[str, str]
    rollouts: Mapping[str, RolloutState]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class _Seen:
    """One look at one thing: whether it is far enough, and the sentence for it."""

    done: bool
    sentence: str
    revision: str = ""
    state: RolloutState | None = None


def wait_for(
    argocd: Api,
    argocd_namespace: str,
    applications: Sequence[tuple[str, Api]],
    namespace: str,
    commit: str,
    rollouts: Sequence[str],
    until: Wait,
    timeout: float,
    is_descendant: IsDescendant,
    report: Callable[[str], None],
    *,
    stack: str = "",
    optional: bool = False,
    poll_seconds: float = POLL_SECONDS,
) -> Progress:
    """Wait for a commit in every (Application, work cluster) and, as `until` says, for the Rollouts it changes.

    `is_descendant(revision, commit)` tells whether a revision was made on top of the commit. Raises UnavailableError
    for a failed sync or a degraded Rollout, TimedOutError after `timeout` seconds with what was seen last. With
    `optional` a service may have another workload than a Rollout, and then has no steps to wait for.
    """
    if until == "committed":
        return Progress({}, {}, ())
    deadline = time.monotonic() + timeout
    known: dict[str, bool] = {}

    def descends(revision: str, of: str) -> bool:
        if revision not in known:
            known[revision] = is_descendant(revision, of)
        return known[revision]

    looks: dict[str, Callable[[], _Seen]] = {}
    for application, worker in applications:
        refresher = _Refresher(argocd, argocd_namespace, application)
        looks[f"Application {application}"] = _application_look(refresher, commit, descends)
        if until != "synced":
            for name in rollouts:
                looks[f"Rollout {worker.name}/{name}"] = _rollout_look(
                    worker, namespace, name, until, optional=optional
                )
    seen: dict[str, _Seen] = {}
    for what, look in looks.items():
        seen[what] = _until_done(what, look, report, deadline=deadline, timeout=timeout, poll=poll_seconds)
    return _progress(seen, stack)


def await_rollout(
    worker: Api,
    namespace: str,
    name: str,
    until: Wait,
    timeout: float,
    report: Callable[[str], None] = lambda _: None,
    *,
    poll_seconds: float = POLL_SECONDS,
) -> RolloutState:
    """Wait for one Rollout alone: "step" ends at any pause, "finished" at one without end; both when it is healthy.

    Raises UnavailableError when it is degraded, TimedOutError after `timeout` seconds; a server that asks for
    patience may add 20.
    """
    look = _rollout_look(worker, namespace, name, until)
    deadline = time.monotonic() + timeout
    seen = _until_done(
        f"Rollout {worker.name}/{name}", look, report, deadline=deadline, timeout=timeout, poll=poll_seconds
    )
    assert seen.state is not None  # noqa: S101 - a done look at a Rollout has its state
    return seen.state


class _Refresher:
    """Asks Argo CD to look at the repository now instead of at its next poll, and again while it has not."""

    def __init__(self, argocd: Api, namespace: str, application: str) -> None:
        self._argocd, self._namespace, self._application = argocd, namespace, application
        self._asked = float("-inf")

    def read(self, commit: str, is_descendant: IsDescendant) -> Object:
        """The Application, after asking for a refresh where that makes sense."""
        found = self._argocd.get(ARGO, "Application", self._application, self._namespace)
        if found is None:
            raise _FailedError(f"does not exist in namespace {self._namespace} of cluster {self._argocd.name}")
        now = time.monotonic()
        if now - self._asked >= REFRESH_SECONDS and wants_refresh(found, commit, is_descendant):
            self._asked = now
            patch = {"metadata": {"annotations": {REFRESH: "normal"}}}
            self._argocd.patch(
                ARGO, "Application", self._application, self._namespace, patch, field_manager=FIELD_MANAGER
            )
        return found


def _application_look(refresher: _Refresher, commit: str, is_descendant: IsDescendant) -> Callable[[], _Seen]:
    def look() -> _Seen:
        state = application_state(refresher.read(commit, is_descendant), commit, is_descendant)
        if state.sync is Sync.FAILED:
            raise _FailedError(state.sentence)
        return _Seen(state.sync is Sync.SYNCED, state.sentence, revision=state.revision)

    return look


def _rollout_look(
    worker: Api, namespace: str, name: str, until: Wait, *, optional: bool = False
) -> Callable[[], _Seen]:
    def look() -> _Seen:
        rollout = worker.get(ARGO, "Rollout", name, namespace)
        if rollout is None and optional:
            return _Seen(True, f"does not exist in namespace {namespace}: the service has no steps to wait for")
        if rollout is None:
            return _Seen(False, f"does not exist in namespace {namespace} yet")
        of = replica_set_name(rollout)
        state = rollout_state(rollout, worker.get("apps/v1", "ReplicaSet", of, namespace) if of else None)
        if state.phase is Phase.DEGRADED:
            raise _FailedError(state.sentence)
        at_step = until == "step" and state.phase is Phase.PAUSED
        done = state.phase is Phase.HEALTHY or state.waits_for_person or at_step
        return _Seen(done, state.sentence, state=state)

    return look


class _FailedError(Exception):
    """A look found a state that no waiting mends."""


def _until_done(
    what: str,
    look: Callable[[], _Seen],
    report: Callable[[str], None],
    *,
    deadline: float,
    timeout: float,
    poll: float,
) -> _Seen:
    said = ""
    while True:
        try:
            seen = look()
        except _FailedError as failure:
            raise UnavailableError(f"{what} {failure}") from None
        except UnavailableError as error:
            seen = _Seen(False, f"cannot be read ({error})")
        except ApiError as error:
            if error.status not in _PASSING and error.status < HTTPStatus.INTERNAL_SERVER_ERROR:
                raise
            seen = _Seen(False, f"cannot be read ({error})")
        if seen.sentence != said:
            report(f"{what} {seen.sentence}")
            said = seen.sentence
        if seen.done:
            return seen
        left = deadline - time.monotonic()
        if left <= 0:
            raise TimedOutError(f"{what} {seen.sentence}, and the {timeout:g} s of delivery.timeout are over")
        time.sleep(min(poll, left))


def _progress(seen: Mapping[str, _Seen], stack: str) -> Progress:
    states = {what.removeprefix("Rollout "): s.state for what, s in seen.items() if s.state}
    notes = []
    for place, state in states.items():
        cluster, name = place.split("/")
        if state.waits_for_person:
            command = f"meshroll promote {name}" + (f" -s {stack}" if stack else "")
            notes.append(f"{name} in {cluster} {state.sentence}: go on with `{command}`")
        elif state.phase is Phase.PAUSED:
            notes.append(f"{name} in {cluster} {state.sentence} and then goes on by itself")
    revisions = {what.removeprefix("Application "): s.revision for what, s in seen.items() if s.revision}
    return Progress(revisions, states, tuple(notes))
