"""Operations on a running delivery, written to the Rollout as Argo's own kubectl plug-in writes them.

Every patch carries the resourceVersion that it was decided on. When the Rollout has changed since, it is read again:
a promotion is for the step that was seen first, and never for the one after it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from meshroll.delivery.looks import find_rollout
from meshroll.delivery.model import FIELD_MANAGER
from meshroll.delivery.promotion import CurrentStep, Promotion, promotion
from meshroll.delivery.rollouts import GROUP_VERSION, is_observed
from meshroll.errors import BadInputError, ConflictError
from meshroll.kube import Api, ApiError

Object = dict[str, Any]
_TRIES = 10


@dataclass(frozen=True)
class PromotionRequest:
    """What to promote: one step or all that remain, and the step (from 1) at which the Rollout must stand."""

    full: bool = False
    step: int | None = None


def promote(worker: Api, namespace: str, service: str, full: bool, *, step: int | None = None) -> str:
    """Lift the pause (or go past the step) of a service's Rollout; `full` skips all remaining steps.

    Returns the sentence for the user. Raises BadInputError when there is no such Rollout, ConflictError when it was
    aborted, does not stand at `step` (counted from 1) or moved on before it could be promoted.
    """
    request = PromotionRequest(full, step)
    first = look(worker, namespace, service, request)
    done = carry_out(worker, namespace, first, lambda found: promotion(found, full=full))
    return f"{first['metadata']['name']} in {worker.name} {done.sentence}"


def look(worker: Api, namespace: str, service: str, request: PromotionRequest) -> Object:
    """The Rollout that a request is for. Raises BadInputError, or ConflictError where the request does not fit it."""
    where = f"cluster {worker.name}"
    found = find_rollout(worker, namespace, service)
    if found is None:
        raise BadInputError(f"there is no Rollout {service} in namespace {namespace}", where=where)
    name, now = found["metadata"]["name"], CurrentStep.of(found)
    if not is_observed(found):
        raise ConflictError(f"Rollout {name} has not taken up its new spec yet; try again", where=where)
    if request.step is not None and (not now.moving or now.number != request.step):
        raise ConflictError(f"Rollout {name} is not at step {request.step}: it {now.sentence}", where=where)
    if now.aborted and not request.full:
        raise ConflictError(f"Rollout {name} was aborted", where=where, expected="a new version, or --full")
    return found


def carry_out(worker: Api, namespace: str, first: Object, decide: Callable[[Object], Promotion]) -> Promotion:
    """Write what is decided on a Rollout as it was read first, and what was decided.

    Raises ConflictError when it stands at another step by the time of the write.
    """
    name, seen, found = first["metadata"]["name"], CurrentStep.of(first), first
    where = f"cluster {worker.name}"
    for _ in range(_TRIES):
        wanted, version = decide(found), found["metadata"]["resourceVersion"]
        try:
            if wanted.status:
                after = _patch(worker, namespace, name, version, {"status": wanted.status}, subresource="status")
                version = after["metadata"]["resourceVersion"]
            elif wanted.spec:
                _patch(worker, namespace, name, version, {"spec": wanted.spec})
        except ApiError as error:
            if error.status != HTTPStatus.CONFLICT:
                raise
        else:
            if wanted.status and wanted.spec:
                _write_spec(worker, namespace, name, seen.pod_hash, version, wanted.spec)
            return wanted
        found = look(worker, namespace, name, PromotionRequest(full=True))
        if seen.is_left(CurrentStep.of(found)):
            sentence = f"Rollout {name} moved on meanwhile: it {CurrentStep.of(found).sentence}; look and promote again"
            raise ConflictError(sentence, where=where)
    raise ConflictError(f"Rollout {name} changes faster than it can be promoted; try again", where=where)


def _write_spec(worker: Api, namespace: str, name: str, pod_hash: str, version: str, spec: Object) -> None:
    """The second half of a promotion: the step is passed, and the same pod template must be let go on."""
    for _ in range(_TRIES):
        try:
            _patch(worker, namespace, name, version, {"spec": spec})
        except ApiError as error:
            if error.status != HTTPStatus.CONFLICT:
                raise
        else:
            return
        found = look(worker, namespace, name, PromotionRequest(full=True))
        if CurrentStep.of(found).pod_hash != pod_hash:
            break
        version = found["metadata"]["resourceVersion"]
    raise ConflictError(
        f"Rollout {name} is promoted, but changed before spec.paused could be lifted; look and promote again",
        where=f"cluster {worker.name}",
    )


def _patch(worker: Api, namespace: str, name: str, version: str, patch: Object, *, subresource: str = "") -> Object:
    body = {"metadata": {"resourceVersion": version}, **patch}
    return worker.patch(
        GROUP_VERSION, "Rollout", name, namespace, body, field_manager=FIELD_MANAGER, subresource=subresource
    )
