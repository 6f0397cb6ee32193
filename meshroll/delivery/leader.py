"""A promotion in the work cluster whose Istio resources steer a hosted mesh.

Argo Rollouts trusts that what it writes to a VirtualService acts at once, and takes the old pods away when the canary
is over. In a hosted mesh routes act only when the control plane has a copy of them. So a promotion begins with equal
copies and ends with equal copies; a full one first goes to the last weight before the end where the canary rests, as
all pods are still there in case the control plane does not follow.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from meshroll.delivery.copies import SYNCHRONIZER, await_copies, is_passing, routing_of, stale_copies
from meshroll.delivery.model import FIELD_MANAGER
from meshroll.delivery.operate import PromotionRequest, carry_out, look
from meshroll.delivery.promotion import CurrentStep, Promotion, has_reached, promotion, to_last_weight
from meshroll.errors import ConflictError, MeshrollError, UnavailableError
from meshroll.kube import Api

Object = dict[str, Any]
# When Argo Rollouts takes the pods of an old ReplicaSet away (pkg/apis/rollouts/v1alpha1/types.go).
DEADLINE = "scale-down-deadline"
DEFAULT_DELAY_SECONDS = 30
KEPT = timedelta(hours=1)
_LOOKS_FOR_DEADLINE = 10


class NotFollowedError(UnavailableError):
    """The promotion was written, and the control plane was not seen to follow it."""


@dataclass(frozen=True)
class Pace:
    """Seconds: for copies of an earlier change, for those of a promotion, for the promotion itself, between looks."""

    lag: float = 10.0
    follow: float = 20.0
    timeout: float = 600.0
    poll: float = 0.3


class Leader:
    """The work cluster whose Istio resources the control plane has copies of.

    `announce` gets a sentence for each thing done, `report` what is waited for.
    """

    def __init__(
        self,
        worker: Api,
        host: Api,
        namespace: str,
        announce: Callable[[str], None],
        report: Callable[[str], None],
        pace: Pace,
    ) -> None:
        self._worker, self._host, self._namespace, self._pace = worker, host, namespace, pace
        self._announce, self._report = announce, report
        self._where = f"cluster {worker.name}"
        self._synchronizer = f"a running synchronizer ({SYNCHRONIZER} of cluster {host.name})"

    def promote(self, service: str, request: PromotionRequest) -> None:
        """Promote a service's Rollout, and return when the control plane has its new routes.

        Raises UnavailableError when the control plane does not follow, NotFollowedError when that was seen only after
        the promotion; beside them what `operate.promote` raises.
        """
        first = look(self._worker, self._namespace, service, request)
        stale = self._await_copies(first, self._pace.lag)
        if stale:
            problem = f"nothing is promoted, as {'; '.join(stale)}"
            raise UnavailableError(problem, where=self._where, expected=self._synchronizer)
        if request.full and routing_of(first, self._namespace) and to_last_weight(first) is not None:
            first = self._to_last_weight(first)
        done = self._carry_out(first, lambda found: promotion(found, full=request.full))
        self._check_followed(first, self._await_reached(first, done))

    def _to_last_weight(self, first: Object) -> Object:
        """The Rollout at the last weight where it rests, once the control plane has the routes of that weight."""
        name = first["metadata"]["name"]
        done = self._carry_out(first, lambda found: to_last_weight(found) or promotion(found, full=True))
        there = self._await_reached(first, done)
        stale = self._await_copies(there, self._pace.follow)
        if stale:
            problem = f"{name} goes no further than {done.weight}%, as {'; '.join(stale)}"
            expected = f"{self._synchronizer}, and then the same command again"
            raise UnavailableError(problem, where=self._where, expected=expected)
        return there

    def _check_followed(self, first: Object, now: Object) -> None:
        """Raises NotFollowedError while the copies differ; old pods that the mesh still routes to get more time."""
        over = not CurrentStep.of(now).moving
        delay = _delay(first)
        seconds = min(self._pace.follow, delay / 2) if over and delay else self._pace.follow
        stale = self._await_copies(now, seconds)
        if not stale:
            return
        fate = f"; {self._keep_old_pods(first)}" if over else ""
        problem = f"{first['metadata']['name']} is promoted, but {'; '.join(stale)}{fate}"
        expected = f"{self._synchronizer} before {'that' if over else 'the next promotion'}"
        raise NotFollowedError(problem, where=self._where, expected=expected)

    def _carry_out(self, first: Object, decide: Callable[[Object], Promotion]) -> Promotion:
        done = carry_out(self._worker, self._namespace, first, decide)
        self._announce(f"{first['metadata']['name']} in {self._worker.name} {done.sentence}")
        return done

    def _await_copies(self, rollout: Object, seconds: float) -> tuple[str, ...]:
        return await_copies(
            lambda: stale_copies(self._worker, self._host, self._namespace, rollout), seconds, self._pace.poll
        )

    def _await_reached(self, first: Object, done: Promotion) -> Object:
        """The Rollout when it has gone where the promotion takes it. Raises NotFollowedError when it does not."""
        name, seen = first["metadata"]["name"], CurrentStep.of(first)
        if not routing_of(first, self._namespace) or not seen.moving:
            return first
        self._report(f"waiting until {name} has its new routes in {self._worker.name} and in the control plane")
        deadline = time.monotonic() + self._pace.timeout
        while True:
            found, sentence = self._read(name)
            if found is not None:
                now = CurrentStep.of(found)
                if now.pod_hash != seen.pod_hash:
                    raise self._not_followed(name, "another version came meanwhile")
                if now.aborted and not seen.aborted:
                    raise self._not_followed(name, "then it was aborted")
                if has_reached(found, done):
                    return found
                sentence = f"it {now.sentence}"
            if time.monotonic() >= deadline:
                raise self._not_followed(name, f"{sentence} after {self._pace.timeout:g} s, without its new routes")
            time.sleep(self._pace.poll)

    def _read(self, name: str) -> tuple[Object | None, str]:
        """The Rollout, or why it cannot be told where it stands."""
        try:
            return look(self._worker, self._namespace, name, PromotionRequest(full=True)), ""
        except MeshrollError as error:
            if is_passing(error) or isinstance(error, ConflictError):
                return None, f"it cannot be told where it stands ({error.what})"
            raise self._not_followed(name, error.what) from error

    def _not_followed(self, name: str, problem: str) -> NotFollowedError:
        return NotFollowedError(f"{name} is promoted, but {problem}", where=self._where)

    def _keep_old_pods(self, first: Object) -> str:
        """Let the pods live on to which the control plane still routes; what becomes of them, for a person."""
        name = f"{first['metadata']['name']}-{(first.get('status') or {}).get('stableRS')}"
        try:
            for _ in range(_LOOKS_FOR_DEADLINE):
                found = self._worker.get("apps/v1", "ReplicaSet", name, self._namespace) or {}
                noted = ((found.get("metadata") or {}).get("annotations") or {}).get(DEADLINE)
                if noted:
                    until = (datetime.fromisoformat(noted) + KEPT).isoformat().replace("+00:00", "Z")
                    body = {"metadata": {"annotations": {DEADLINE: until}}}
                    self._worker.patch(
                        "apps/v1", "ReplicaSet", name, self._namespace, body, field_manager=FIELD_MANAGER
                    )
                    return f"the old version's pods are kept until {until}"
                time.sleep(self._pace.poll)
        except (ValueError, MeshrollError):
            pass  # without the right to change a ReplicaSet it stays as Argo Rollouts has it
        return f"the old version's pods go {_delay(first)} s after the promotion (scaleDownDelaySeconds)"


def _delay(rollout: Object) -> int:
    """For how many seconds Argo Rollouts keeps the old pods when the canary is over."""
    canary = rollout["spec"]["strategy"].get("canary") or {}
    return 0 if canary.get("dynamicStableScale") else int(canary.get("scaleDownDelaySeconds", DEFAULT_DELAY_SECONDS))
