"""Every expectation of a scenario finds what it is there for, in an otherwise perfect record."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.sandbox.chaos.commands import Done
from tests.sandbox.chaos.expectations import problems
from tests.sandbox.chaos.load import Traffic
from tests.sandbox.chaos.observation import (
    ApplicationSeen,
    CommitSeen,
    GitSeen,
    Observation,
    RolloutSeen,
    StateSeen,
)
from tests.sandbox.chaos.record import Record, Step, Versions
from tests.sandbox.chaos.scenario import Expected, Scenario
from tests.support.sandbox.stacks import CONSUMER, PROVIDER

OK = Done("pulumi up", 0, "Resources:\n    ~ 1 updated\n")
FAILED = Done("pulumi up", 255, "error: the 1 s of delivery.timeout are over\n")


def versions_of(version: str) -> dict[str, str]:
    return {PROVIDER: version, CONSUMER: "v1"}


def seen(version: str, *commits: CommitSeen) -> Observation:
    """Everything agrees on a version of the provider, which waits at 5%."""
    versions = versions_of(version)
    return Observation(
        git=GitSeen("c0ffee", versions, commits),
        namespace=True,
        rollouts={
            PROVIDER: RolloutSeen(version, "Paused", 2, "new", "old"),
            CONSUMER: RolloutSeen("v1", "Healthy", 5, "one", "one"),
        },
        weights=(95, 5),
        copied_weights=(95, 5),
        application=ApplicationSeen("c0ffee", "Synced", "Suspended", "Succeeded"),
        state=StateSeen(versions, versions, "c0ffee", (), (), versions, "c0ffee"),
    )


def commit(before: str, after: str, author: str = "us") -> CommitSeen:
    return CommitSeen(f"{before}{after}", author, f"Release {after}", before, after)


GOOD = Record(
    Scenario("nothing happens", lambda _: None, Expected(says=("updated",), never_says=("newer",))),
    seed=0,
    versions=Versions("v1", "v2", "v3", "v4"),
    judged=(OK,),
    ends=((OK, seen("v2")),),
    act=Step("after the act", (OK,), seen("v2")),
    second=Step("the second run", (OK,), seen("v2")),
    next=Step("the next version", (OK,), seen("v4", commit("v2", "v4"), commit("v1", "v2"))),
    traffic=Traffic(100, {"v1": 95, "v2": 5}, {}, {}),
    flows=True,
    left=0,
    timeline=(),
    seconds=1.0,
)


def test_a_record_without_fault_has_no_problem() -> None:
    assert problems(GOOD) == ()


def expecting(**changes: object) -> Record:
    return replace(GOOD, scenario=replace(GOOD.scenario, expected=replace(GOOD.scenario.expected, **changes)))  # type: ignore[arg-type]


def second(**changes: object) -> Record:
    return replace(GOOD, second=replace(GOOD.second, **changes))  # type: ignore[type-var]


def at_second(change: Callable[[Observation], Observation]) -> Record:
    return second(seen=change(seen("v2")))


def with_state(**changes: object) -> Record:
    return at_second(lambda one: replace(one, state=replace(one.state, **changes)))  # type: ignore[type-var]


LOCKED = Done("pulumi up", 255, "the stack is currently locked by 1 lock(s)")
FAULTS: dict[str, tuple[Record, tuple[str, ...]]] = {
    "an exit code": (expecting(exit="failure"), ("`pulumi up` ended with 0, expected failure",)),
    "a missing sentence": (expecting(says=("Ada",)), ("nothing says /Ada/",)),
    "a wrong sentence": (expecting(never_says=("updated",)), ("something says /updated/",)),
    "a traceback": (
        replace(GOOD, act=replace(GOOD.act, said=(Done("pulumi up", 1, "Traceback (most recent call last):"),))),
        ("after the act: `pulumi up` shows a traceback",),
    ),
    "a success that is not true": (
        replace(GOOD, ends=((OK, replace(seen("v2"), rollouts=seen("v3").rollouts)),)),
        (f"`pulumi up` succeeded while Rollout {PROVIDER} asks for v3, Git holds v2",),
    ),
    "outputs of a success that are not true": (
        replace(GOOD, ends=((OK, replace(seen("v3"), state=seen("v2").state)),)),
        (f"`pulumi up` succeeded with outputs {versions_of('v2')} while Git holds {versions_of('v3')}",),
    ),
    "another version in Git": (expecting(git=("before",)), ("after the act Git holds v2, expected v1",)),
    "weights": (
        expecting(weights=(50, 50)),
        ("after the act the weights are (95, 5) and (95, 5), expected (50, 50)",),
    ),
    "a state that forgot a failed wait": (
        replace(expecting(kept=True), act=Step("after the act", (OK,), replace(seen("v2"), state=seen("v1").state))),
        (
            "after a wait that failed the Release's outputs say v1, expected v2",
            "after a wait that failed the state has no initialization error",
        ),
    ),
    "a lock": (second(said=(LOCKED, OK)), ("the second run found a lock",)),
    "a second run that fails": (second(said=(FAILED,)), ("the second run: `pulumi up` ended with 255",)),
    "a second run that does not finish": (second(seen=seen("v1")), ("after the second run Git holds v1, expected v2",)),
    "outputs of the Release": (
        with_state(released=versions_of("v1")),
        (f"after the second run the Release's outputs say {versions_of('v1')}, Git holds {versions_of('v2')}",),
    ),
    "pending operations": (
        with_state(pending=("updating Release",)),
        ("after the second run operations are pending: updating Release",),
    ),
    "initialization errors": (
        with_state(initialization_errors=("late",)),
        ("after the second run initialization errors are left: late",),
    ),
    "an Application elsewhere": (
        at_second(lambda one: replace(one, application=ApplicationSeen("decade", "OutOfSync", "", ""))),
        ("after the second run the Application is OutOfSync at decade, the branch at c0ffee",),
    ),
    "no Application": (
        at_second(lambda one: replace(one, application=None)),
        ("after the second run the Application is not there",),
    ),
    "no Rollout": (
        at_second(lambda one: replace(one, rollouts={**one.rollouts, PROVIDER: None})),
        (f"after the second run there is no Rollout {PROVIDER}",),
    ),
    "a control plane's copy that is old": (
        at_second(lambda one: replace(one, copied_weights=(100, 0))),
        ("after the second run the weights are (95, 5) in the worker and (100, 0) in the host",),
    ),
    "a next version that is not released": (
        replace(GOOD, next=replace(GOOD.next, seen=seen("v2"))),
        ("the next version is not released: Git holds v2, expected v4",),
    ),
    "a next version that does not wait": (
        replace(GOOD, next=replace(GOOD.next, seen=replace(GOOD.next.seen, weights=(100, 0), copied_weights=(100, 0)))),
        ("the next version is Paused with weights (100, 0), expected Paused with (95, 5)",),
    ),
    "two commits for one version": (
        replace(
            GOOD,
            next=replace(GOOD.next, seen=seen("v4", commit("v1", "v4"), commit("v2", "v1", "Ada"), commit("v1", "v4"))),
        ),
        ("2 commits release v4",),
    ),
    "lost requests": (
        replace(GOOD, traffic=replace(GOOD.traffic, lost={"reset": 1})),
        ("requests are lost: {'reset': 1}",),
    ),
    "no traffic": (replace(GOOD, flows=False), ("no request is answered at the end",)),
    "processes": (replace(GOOD, left=2), ("2 processes of plug-ins outlive their `pulumi`",)),
}


@pytest.mark.parametrize(("record", "expected"), FAULTS.values(), ids=FAULTS)
def test_a_fault_is_told(record: Record, expected: tuple[str, ...]) -> None:
    assert problems(record) == expected
