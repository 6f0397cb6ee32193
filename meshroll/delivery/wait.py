"""After a commit: wait until the clusters are as far as the stack wants, and say what is seen on the way.

A pause without end is success with a note on how to go on. A failed sync, a degraded Rollout and somebody else's
release are errors at once. Everything else, a server that does not answer included, may pass until the deadline.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Protocol

from meshroll.delivery.asking import SILENT_SECONDS, answered
from meshroll.delivery.judgement import is_far_enough
from meshroll.delivery.looks import (
    ApplicationLook,
    FailedError,
    RolloutLook,
    Seen,
    find_rollout,
    read_state,
)
from meshroll.delivery.model import Awaited
from meshroll.delivery.rollouts import Phase, RolloutState
from meshroll.errors import TimedOutError, UnavailableError
from meshroll.kube import Api, ApiError
from meshroll.settings.model import Wait

POLL_SECONDS = 0.3
# What an API server may answer once and not again, beside all of 5xx.
_PASSING = (HTTPStatus.CONFLICT, HTTPStatus.TOO_MANY_REQUESTS)
Report = Callable[[str], None]


@dataclass(frozen=True)
class Progress:
    """Where the wait ended: revision by Application, state by "cluster/rollout", and what a person should know."""

    revisions: Mapping[str, str]
    rollouts: Mapping[str, RolloutState]
    notes: tuple[str, ...]


class _Look(Protocol):
    @property
    def what(self) -> str: ...

    def __call__(self) -> Seen: ...


@dataclass(frozen=True)
class _Pace:
    deadline: float
    timeout: float
    poll: float
    silent: float = SILENT_SECONDS


def wait_for(
    delivery: Awaited, report: Report, *, poll_seconds: float = POLL_SECONDS, silent_seconds: float = SILENT_SECONDS
) -> Progress:
    """Wait for a commit in every Application and, as `until` says, for the Rollouts of the services it releases.

    Raises UnavailableError for what does not mend by waiting, ConflictError where another release or pod template came
    instead, TimedOutError after the delivery's timeout with what was seen last. A server that does not answer is named
    each `silent_seconds`.
    """
    if delivery.until == "committed":
        return Progress({}, {}, ())
    deadline = time.monotonic() + delivery.timeout
    pace = _Pace(deadline, delivery.timeout, poll_seconds, silent_seconds)
    looks: list[_Look] = []
    for target in delivery.targets:
        looks.append(ApplicationLook(delivery, target))
        if delivery.until != "synced":
            looks += [RolloutLook(delivery, target, released) for released in delivery.services]
    return _progress({look.what: _until_done(look.what, look, report, pace) for look in looks}, delivery.stack)


def await_rollout(
    worker: Api,
    namespace: str,
    name: str,
    until: Wait,
    timeout: float,
    report: Report = lambda _: None,
    *,
    poll_seconds: float = POLL_SECONDS,
) -> RolloutState:
    """Wait for one Rollout alone: "step" ends at any pause, "finished" at one without end; both when it is healthy.

    Raises UnavailableError when it is degraded, TimedOutError after `timeout` seconds.
    """
    what = f"Rollout {worker.name}/{name}"

    def look() -> Seen:
        rollout = find_rollout(worker, namespace, name)
        if rollout is None:
            return Seen(False, f"does not exist in namespace {namespace} yet")
        state, _, _ = read_state(worker, namespace, rollout)
        if state.phase is Phase.DEGRADED:
            raise FailedError(f"{what} {state.sentence}")
        return Seen(is_far_enough(state, until), state.sentence, state=state)

    seen = _until_done(what, look, report, _Pace(time.monotonic() + timeout, timeout, poll_seconds))
    assert seen.state is not None  # noqa: S101 - a done look at a Rollout has its state
    return seen.state


def _until_done(what: str, look: Callable[[], Seen], report: Report, pace: _Pace) -> Seen:
    reported = ""
    while True:
        seen = _look(what, look, report, pace)
        if seen.sentence != reported:
            report(f"{what} {seen.sentence}")
            reported = seen.sentence
        if seen.done:
            return seen
        left = pace.deadline - time.monotonic()
        if left <= 0:
            raise TimedOutError(f"{what} {seen.sentence}, and the {pace.timeout:g} s of delivery.timeout are over")
        time.sleep(min(pace.poll, left))


def _look(what: str, look: Callable[[], Seen], report: Report, pace: _Pace) -> Seen:
    """One look; what may pass is a sentence."""

    def silent(seconds: float) -> None:
        report(f"{what} cannot be read yet: no answer for {seconds:.0f} s")

    try:
        return answered(look, silent, deadline=pace.deadline, every=pace.silent)
    except FailedError as failure:
        raise UnavailableError(str(failure)) from None
    except TimedOutError as error:
        return Seen(False, f"cannot be read ({error})")
    except UnavailableError as error:
        return Seen(False, f"cannot be read ({error})")
    except ApiError as error:
        if error.status not in _PASSING and error.status < HTTPStatus.INTERNAL_SERVER_ERROR:
            raise
        return Seen(False, f"cannot be read ({error})")


def _progress(seen: Mapping[str, Seen], stack: str) -> Progress:
    states = {what.removeprefix("Rollout "): s.state for what, s in seen.items() if s.state}
    notes = list(dict.fromkeys(s.note for s in seen.values() if s.note))
    for place, state in states.items():
        cluster, name = place.split("/")
        if state.waits_for_person:
            # With the step it cannot promote a second time what somebody else promoted meanwhile.
            step = f" --step {state.step}" if state.step <= state.steps else ""
            command = f"meshroll promote {name}" + (f" -s {stack}" if stack else "") + f" --cluster {cluster}{step}"
            notes.append(f"{name} in {cluster} {state.sentence}: go on with `{command}`")
        elif state.phase is Phase.PAUSED:
            notes.append(f"{name} in {cluster} {state.sentence} and then goes on by itself")
    revisions = {what.removeprefix("Application "): s.revision for what, s in seen.items() if s.revision}
    return Progress(revisions, states, tuple(notes))
