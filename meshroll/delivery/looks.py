"""One look at what a wait is for: an Application at a commit, a Rollout at its step, and the mesh that must follow.

A Rollout's state counts only between two looks at its Application that both have the commit: what was applied in
between is this commit's and nobody else's. From then on the state is bound to the pod template's hash first seen.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace

from meshroll.delivery.applications import GROUP_VERSION as ARGO
from meshroll.delivery.applications import (
    REFRESH,
    ApplicationState,
    Sync,
    application_state,
    is_applied,
    wants_refresh,
)
from meshroll.delivery.copies import stale_copies
from meshroll.delivery.followers import unreached
from meshroll.delivery.judgement import judge
from meshroll.delivery.model import FIELD_MANAGER, REMEDY, Awaited, Released, Target
from meshroll.delivery.rollouts import (
    Phase,
    RolloutState,
    carries,
    is_refused,
    pod_hash,
    pod_template,
    replica_set_name,
    rollout_state,
    template_editor,
    workload_reference,
)
from meshroll.errors import ConflictError
from meshroll.kube import Api, Object

REFRESH_SECONDS = 5.0
# Argo Rollouts looks at an invalid spec again 20 s later, since it may have been applied before a Service or
# VirtualService that it names (syncHandler in rollout/controller.go); the rest is for that look itself.
REFUSED_SECONDS = 30.0


@dataclass(frozen=True)
class Seen:
    """One look at one thing: whether it is far enough, and the sentence for it."""

    done: bool
    sentence: str
    revision: str = ""
    state: RolloutState | None = None
    note: str = ""  # what a person should know although it is far enough


class FailedError(Exception):
    """A look found a state that does not mend by waiting; the text is a whole sentence."""


class ApplicationLook:
    """Looks at an Application, and asks Argo CD to read the repository now instead of at its next poll."""

    def __init__(self, delivery: Awaited, target: Target) -> None:
        self._delivery, self._name = delivery, target.application
        self._asked = float("-inf")

    @property
    def what(self) -> str:
        """What is looked at, for sentences."""
        return f"Application {self._name}"

    def __call__(self) -> Seen:
        """Raises FailedError, or ConflictError where another release came instead."""
        found = self.read()
        now = time.monotonic()
        if now - self._asked >= REFRESH_SECONDS and wants_refresh(found, self._delivery.lineage):
            self._asked = now
            patch = {"metadata": {"annotations": {REFRESH: "normal"}}}
            self._delivery.argocd.patch(
                ARGO, "Application", self._name, self._delivery.argocd_namespace, patch, field_manager=FIELD_MANAGER
            )
        state = self.judge(found)
        # A hook may wait for the very pause that is waited for: then the Rollouts tell whether it is reached.
        enough = (Sync.SYNCED, Sync.SYNCING) if self._delivery.until != "synced" else (Sync.SYNCED,)
        return Seen(state.sync in enough, state.sentence, state.revision)

    def read(self) -> Object:
        """The Application. Raises FailedError when there is none."""
        delivery = self._delivery
        found = delivery.argocd.get(ARGO, "Application", self._name, delivery.argocd_namespace)
        if found is None:
            where = f"namespace {delivery.argocd_namespace} of cluster {delivery.argocd.name}"
            raise FailedError(f"{self.what} does not exist in {where}; {REMEDY}")
        return found

    def judge(self, found: Object) -> ApplicationState:
        """Its state. Raises FailedError, ConflictError."""
        state = application_state(found, self._delivery.lineage)
        if state.sync is Sync.FAILED:
            again = f"Argo CD does not try again; expected `argocd app sync {self._name}` once that is mended"
            raise FailedError(f"{self.what} {state.sentence}; {again}")
        if state.sync is Sync.OVERTAKEN:
            raise ConflictError(f"{self.what} {state.sentence}")
        return state


class RolloutLook:
    """Looks at the Rollout of a service in one work cluster."""

    def __init__(self, delivery: Awaited, target: Target, released: Released) -> None:
        self._delivery, self._worker, self._released = delivery, target.worker, released
        self._application = ApplicationLook(delivery, target)
        self._hash = ""
        self._refused_at: float | None = None

    @property
    def what(self) -> str:
        """What is looked at, for sentences."""
        return f"Rollout {self._worker.name}/{self._released.service}"

    def __call__(self) -> Seen:
        """Raises FailedError, or ConflictError where another release or pod template came instead."""
        namespace = self._delivery.namespace
        rollout = find_rollout(self._worker, namespace, self._released.service)
        if rollout is None:
            application = self._application.judge(self._application.read())
            if self._delivery.optional and application.sync is Sync.SYNCED:  # else the sync may be about to make it
                return Seen(True, f"does not exist in namespace {namespace}: the service has no steps to wait for")
            return Seen(False, f"does not exist in namespace {namespace} yet")
        state, template, is_current = read_state(self._worker, namespace, rollout)
        found = self._application.read()
        application = self._application.judge(found)
        if not self._is_applied(rollout, found, application, state):
            return Seen(False, f"waits for Argo CD, whose Application {application.sentence}")
        judgement = judge(self._released, self._delivery.until, rollout, template, state)
        if not judgement.is_released:
            return Seen(False, judgement.sentence)
        if is_current and state.phase is not Phase.UNOBSERVED:
            self._bind(rollout)
        if state.phase is Phase.DEGRADED and not self._may_be_too_early(rollout):
            raise FailedError(f"{self.what} {state.sentence}")
        if not judgement.is_far_enough:
            return Seen(False, judgement.sentence, state=state)
        note = f"{self._application.what} {application.sentence}" if application.sync is Sync.SYNCING else ""
        return replace(self._in_mesh(rollout, template, state), note=note)

    def _is_applied(self, rollout: Object, found: Object, application: ApplicationState, state: RolloutState) -> bool:
        """Whether the Rollout is as the commit has it; while hooks run beside it, for a pause alone."""
        if application.sync is Sync.SYNCED:
            return True
        name, reference = rollout["metadata"]["name"], workload_reference(rollout)
        applied = bool(self._released.labels) or is_applied(found, "Rollout", name)
        if reference is not None:
            applied = applied or is_applied(found, reference[1], reference[2])
        return application.sync is Sync.SYNCING and applied and state.phase is not Phase.HEALTHY

    def _may_be_too_early(self, rollout: Object) -> bool:
        """Whether the controller has yet to look again at a spec that it calls invalid."""
        if not is_refused(rollout):
            return False
        now = time.monotonic()
        self._refused_at = now if self._refused_at is None else self._refused_at
        return now - self._refused_at < REFUSED_SECONDS

    def _bind(self, rollout: Object) -> None:
        found = pod_hash(rollout)
        self._hash = self._hash or found
        if found != self._hash:
            raise ConflictError(
                f"{self.what}: {template_editor(rollout)} changed its pod template while {self._released.version} was "
                f"on its way (pod hash {found}, not {self._hash})",
                expected="`pulumi up` again, to wait for what Git has now",
            )

    def _in_mesh(self, rollout: Object, template: Object, state: RolloutState) -> Seen:
        mesh = self._delivery.mesh
        if mesh is None:
            return Seen(True, state.sentence, state=state)
        if self._worker.name == mesh.leader.name:
            stale = stale_copies(self._worker, mesh.host, self._delivery.namespace, rollout)
            sentence = f"{state.sentence}, but {'; '.join(stale)}" if stale else state.sentence
            return Seen(not stale, sentence, state=state)
        problem = unreached(
            mesh.leader, self._delivery.namespace, self._worker.name, rollout, template, self._released.labels
        )
        if problem:
            raise FailedError(f"{self.what} {state.sentence}, but {problem}")
        return Seen(True, state.sentence, state=state)


def find_rollout(worker: Api, namespace: str, service: str) -> Object | None:
    """The Rollout of a service: the one of its name, else the one that uses the workload of its name."""
    found = worker.get(ARGO, "Rollout", service, namespace)
    if found is not None:
        return found
    for rollout in worker.list(ARGO, "Rollout", namespace):
        reference = workload_reference(rollout)
        if reference is not None and reference[2] == service:
            return rollout
    return None


def read_state(worker: Api, namespace: str, rollout: Object) -> tuple[RolloutState, Object, bool]:
    """A Rollout's state, its pod template, and whether the pod hash in its status is of that template."""
    reference, of = workload_reference(rollout), replica_set_name(rollout)
    workload = worker.get(*reference, namespace) if reference else None
    replica_set = worker.get("apps/v1", "ReplicaSet", of, namespace) if of else None
    template = pod_template(rollout, workload)
    return rollout_state(rollout, replica_set, workload), template, carries(replica_set, template)
