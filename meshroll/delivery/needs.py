"""What a delivery needs of the clusters, looked at before a commit is made and when there is nothing to commit.

Pulumi knows what it made and not what was deleted by hand since. A commit that nobody can deliver is not made, and an
`up` without a change does not pass for a delivery that serves.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from http import HTTPStatus

from meshroll.delivery.applications import GROUP_VERSION as ARGO
from meshroll.delivery.applications import REFRESH, Sync, application_state
from meshroll.delivery.copies import stale_copies
from meshroll.delivery.judgement import has_version, judge
from meshroll.delivery.looks import read_state
from meshroll.delivery.model import FIELD_MANAGER, REMEDY, Awaited, Target
from meshroll.delivery.rollouts import is_settled, pod_template, workload_reference
from meshroll.kube import Api, ApiError, Object

REFRESH_SECONDS = 10.0
SETTLE_SECONDS = 10.0  # how long a copy in the control plane may be behind a weight that has just changed
_POLL_SECONDS = 0.3


def obstacles(delivery: Awaited, *, refresh_seconds: float = REFRESH_SECONDS) -> tuple[str, ...]:
    """What keeps a commit from being delivered, a sentence each: Application, destination, namespace.

    An Application that Argo CD calls invalid is looked at anew first, for so many seconds at most: it keeps
    what it saw while it was starting.
    """
    return tuple(
        sentence
        for target in delivery.targets
        for sentence in (*_misdirected(delivery, target, refresh_seconds), *_no_namespace(delivery, target))
    )


def stale_routes(delivery: Awaited, *, settle_seconds: float = SETTLE_SECONDS) -> tuple[str, ...]:
    """What of the mesh does not follow the work cluster that leads it, a sentence each, after a moment to settle."""
    mesh = delivery.mesh
    if (
        mesh is None
        or delivery.until == "committed"
        or all(target.worker.name != mesh.leader.name for target in delivery.targets)
    ):
        return ()
    deadline = time.monotonic() + settle_seconds
    while True:
        rollouts = _rollouts(mesh.leader, delivery)
        at = (mesh.leader, mesh.host, delivery.namespace)
        stale = [phrase for each in rollouts.values() for phrase in stale_copies(*at, each, of_existing=True)]
        if not stale or time.monotonic() >= deadline:
            return tuple(stale)
        time.sleep(_POLL_SECONDS)


def undelivered(delivery: Awaited, *, settle_seconds: float = SETTLE_SECONDS) -> str:
    """Why the clusters are not where Git is, as far as the stack waits; "" when they are. One look, no waiting."""
    if missing := obstacles(delivery, refresh_seconds=0):
        return missing[0]
    if delivery.until == "committed":
        return ""
    checks: list[Callable[[Target], str]] = [lambda target: _not_synced(delivery, target)]
    if delivery.until != "synced":
        checks.append(lambda target: _not_at_rest(delivery, target))
    found = (check(target) for target in delivery.targets for check in checks)
    if delivery.until == "synced":
        return next((sentence for sentence in found if sentence), "")
    return next((sentence for sentence in found if sentence), "") or "; ".join(
        stale_routes(delivery, settle_seconds=settle_seconds)
    )


def _misdirected(delivery: Awaited, target: Target, refresh_seconds: float) -> list[str]:
    """Whether an Application is missing, or deploys elsewhere than meant or nowhere."""
    where = f"namespace {delivery.argocd_namespace} of cluster {delivery.argocd.name}"
    what, application = f"Application {target.application}", _application(delivery, target)
    if application is not None and _invalid(application):
        application = _refreshed(delivery, target, application, refresh_seconds)
    if application is None:
        return [f"{what} does not exist in {where}; {REMEDY}"]
    if application["metadata"].get("deletionTimestamp"):
        return [f"{what} is being deleted from {where}; {REMEDY}"]
    destination = (application.get("spec") or {}).get("destination") or {}
    if destination.get("namespace") != delivery.namespace:
        return [f"{what} deploys to namespace {destination.get('namespace')}, not {delivery.namespace}; {REMEDY}"]
    if destination.get("name") and destination["name"] != target.worker.name:
        return [f"{what} deploys to cluster {destination['name']}, not {target.worker.name}; {REMEDY}"]
    return [f"{what} cannot deploy: {message}" for message in _invalid(application)]


def _no_namespace(delivery: Awaited, target: Target) -> list[str]:
    namespace = target.worker.get("v1", "Namespace", delivery.namespace)
    where = f"namespace {delivery.namespace} in cluster {target.worker.name}"
    if namespace is None:
        return [f"there is no {where}; {REMEDY}"]
    return [f"{where} is being deleted; {REMEDY}"] if namespace["metadata"].get("deletionTimestamp") else []


def _refreshed(delivery: Awaited, target: Target, application: Object, seconds: float) -> Object | None:
    """The Application after Argo CD has looked at it again; as it was where there is no time for that.

    Where Argo CD does not look in time, nobody knows whether its conditions still hold: then without them.
    """
    if not seconds:
        return application
    patch = {"metadata": {"annotations": {REFRESH: "normal"}}}
    at = (ARGO, "Application", target.application, delivery.argocd_namespace)
    delivery.argocd.patch(*at, patch, field_manager=FIELD_MANAGER)
    deadline = time.monotonic() + seconds
    while (found := _application(delivery, target)) is not None:
        if REFRESH not in (found["metadata"].get("annotations") or {}):
            return found
        if time.monotonic() >= deadline:
            return {**found, "status": {}}
        time.sleep(_POLL_SECONDS)
    return None


def _invalid(application: Object) -> list[str]:
    conditions = (application.get("status") or {}).get("conditions") or []
    return [str(c.get("message", "")) for c in conditions if c.get("type") == "InvalidSpecError"]


def _application(delivery: Awaited, target: Target) -> Object | None:
    return delivery.argocd.get(ARGO, "Application", target.application, delivery.argocd_namespace)


def _not_synced(delivery: Awaited, target: Target) -> str:
    application = _application(delivery, target)
    if application is None:
        return f"Application {target.application} does not exist"
    state = application_state(application, delivery.lineage)
    hooks_may_run = state.sync is Sync.SYNCING and delivery.until != "synced"
    there = state.sync is Sync.SYNCED or hooks_may_run
    return "" if there else f"Application {target.application} {state.sentence}"


def _not_at_rest(delivery: Awaited, target: Target) -> str:
    found = _rollouts(target.worker, delivery)
    for released in delivery.services:
        rollout = found.get(released.service)
        if rollout is None:
            if delivery.optional:
                continue
            return f"there is no Rollout {released.service} in namespace {delivery.namespace} of {target.worker.name}"
        what = f"Rollout {released.service} in {target.worker.name}"
        if is_settled(rollout) and has_version(released, pod_template(rollout, None)):
            continue  # without reading its ReplicaSet
        state, template, _ = read_state(target.worker, delivery.namespace, rollout)
        judgement = judge(released, delivery.until, rollout, template, state)
        if not judgement.is_far_enough:
            return f"{what} {judgement.sentence}"
    return ""


def _rollouts(worker: Api, delivery: Awaited) -> Mapping[str, Object]:
    """The Rollouts of the delivery's services by service, read with one request where the cluster allows it."""
    names = {released.service for released in delivery.services}
    try:
        listed = worker.list(ARGO, "Rollout", delivery.namespace)
    except ApiError as error:
        if error.status != HTTPStatus.FORBIDDEN:
            raise
        read = {name: worker.get(ARGO, "Rollout", name, delivery.namespace) for name in names}
        return {name: rollout for name, rollout in read.items() if rollout is not None}
    found = {reference[2]: each for each in listed if (reference := workload_reference(each))}
    found |= {each["metadata"]["name"]: each for each in listed}
    return {name: found[name] for name in names if name in found}
