"""Plays one scenario: the act, a second run, the next version, with a load all the while."""

from __future__ import annotations

import random
import time
from collections.abc import Sequence

from meshroll.sandbox import PartState
from tests.sandbox.chaos.commands import Done, end_plugins, plugins
from tests.sandbox.chaos.expectations import problems
from tests.sandbox.chaos.load import Load, Outcome, traffic
from tests.sandbox.chaos.record import Record, Step, Versions
from tests.sandbox.chaos.rig import Rig
from tests.sandbox.chaos.scenario import Event, Run, Scenario
from tests.sandbox.chaos.waiting import within

PLUGINS_SECONDS = 10.0
ANSWERS_AT_THE_END = 30
FAILURES_SHOWN = 20


def play(rig: Rig, scenario: Scenario, seed: int) -> Record:
    """The record of one scenario. Its stack is replaced before the next one when anything is wrong."""
    try:
        record = _play(rig, scenario, seed)
    except BaseException:
        rig.spoil()
        raise
    if problems(record):
        rig.spoil()
    return record


def _play(rig: Rig, scenario: Scenario, seed: int) -> Record:
    rig.known(scenario.start)
    began = time.monotonic()
    versions = Versions(rig.version(), rig.fresh_version(), rig.fresh_version(), rig.fresh_version())
    with Load(rig.url) as load:
        assert load.wait_for_answers(10), "no request is answered before the scenario begins"
        dice = random.Random(f"{seed} {scenario.name}")  # noqa: S311 - the same moments for the same seed
        run = Run(rig, load, dice, rig.head(), versions.before, versions.wanted, versions.theirs, versions.next)
        try:
            scenario.act(run)
        finally:
            rig.make_whole()
        act = _step("after the act", run)
        scenario.mend(run)
        second = _second(run) if scenario.second_run else None
        run.ask_for(versions.next)
        _up(run)
        run.comes_back()
        following = _step("the next version", run)
        flows = load.wait_for_answers(ANSWERS_AT_THE_END)
        left = _left(rig)
    return Record(
        scenario,
        seed,
        versions,
        judged=tuple(run.judged),
        ends=tuple(run.ends),
        act=act,
        second=second,
        next=following,
        traffic=traffic(load.outcomes, run.away),
        flows=flows,
        left=left,
        timeline=(*_timeline(run, load.outcomes, began), *_dead(rig)),
        seconds=time.monotonic() - began,
    )


def _second(run: Run) -> Step:
    """The same `up` again, and the way that it names where somebody else's version is in Git."""
    done = _up(run)
    way = run.way_named(done)
    if way:
        run.heard(run.rig.run(*way))
        _up(run)
    run.comes_back()
    return _step("the second run", run)


def _up(run: Run) -> Done:
    """`pulumi up`, after `pulumi cancel` where it says that the stack is locked."""
    done = run.heard(run.rig.up())
    if done.left_a_lock:
        run.heard(run.rig.cancel())
        done = run.heard(run.rig.up())
    return done


def _step(name: str, run: Run) -> Step:
    run.rig.rest()
    return Step(name, run.take_said(), run.observe())


def _left(rig: Rig) -> int:
    """How many plug-ins still run some time after the last command; they are ended."""
    kubeconfig = rig.project.environment["MESHROLL_KUBECONFIG"]
    within(PLUGINS_SECONDS, lambda: not plugins(kubeconfig))
    left = plugins(kubeconfig)
    end_plugins(left)
    return len(left)


def _timeline(run: Run, outcomes: Sequence[Outcome], began: float) -> list[str]:
    """The events in their order, the failures of requests among them as far as they are few."""
    failed = [Event(outcome.ended, f"failed: {outcome.failure}") for outcome in outcomes if outcome.failure]
    shown = sorted([*run.events, *failed[:FAILURES_SHOWN]], key=lambda event: event.at)
    return [f"{event.at - began:7.2f} s  {event.what}" for event in shown]


def _dead(rig: Rig) -> list[str]:
    return [
        f"{row.name} is {row.state.value} at the end"
        for row in rig.sandbox.status()
        if row.state is not PartState.READY
    ]
