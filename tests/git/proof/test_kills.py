"""kill -9 during apply: the remote is as before or as after, and a second apply finishes or has nothing to do.

Every call of Git is a step; the process is killed before each and while each runs, and then at random moments, 40 of
them here and MESHROLL_KILLS in `make soak`.
"""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from meshroll.gitops.git import child
from meshroll.gitops.planners import plan_rendered, read_versions
from meshroll.gitops.plans import Applied, Plan, apply_plan
from tests.support.git.repositories import Repository, release

KILLS = int(os.environ.get("MESHROLL_KILLS", "40"))
SEED = int(os.environ.get("SEED", "20"))
SECONDS = 60.0


def planned(repository: Repository, version: str) -> Plan:
    return plan_rendered(repository.remote, "live", release(provider=version), cache=repository.cache)


def applied(repository: Repository, plan: Plan) -> Applied:
    return apply_plan(repository.remote, plan, stack="sandbox", cache=repository.cache)


def in_child(work: Callable[[], object]) -> int:
    """Start the work in a process of its own, without a new interpreter's start; its id."""
    pid = os.fork()
    if pid == 0:
        try:
            work()
            os._exit(0)
        except BaseException:
            os._exit(1)
    return pid


def outcome(pid: int) -> int:
    """How the process ended: its exit code, or the signal's number below zero."""
    deadline = time.monotonic() + SECONDS
    while True:
        done, status = os.waitpid(pid, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        if time.monotonic() > deadline:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
            pytest.fail("the process hangs")
        time.sleep(0.005)


def check(repository: Repository, before: str, wanted: str, plan: Plan) -> None:
    """The remote is whole, as before or as after; applying again brings the one to the other."""
    # A push that outlived its parent holds the cache's lock, so this waits for it.
    seen = read_versions(repository.remote, "live", ("provider",), cache=repository.cache)[1]["provider"]
    assert seen in (before, wanted)
    repository.git("fsck", "--strict", "--connectivity-only", "--no-dangling", "main")
    count = len(repository.log())
    again = applied(repository, plan)
    assert again.made == (seen == before)
    assert again.commit == repository.head()
    assert len(repository.log()) == count + again.made
    assert repository.read("live/provider/rollout.yaml") == release(provider=wanted)["provider"]["rollout.yaml"]


def cut_at(step: int, *, running: bool) -> None:
    """Kill this process at the given call of Git: before it starts, or as soon as it runs."""
    real, calls = child.Child, 0

    def start(*arguments: Any, **options: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == step and not running:
            os.kill(os.getpid(), signal.SIGKILL)
        process = real(*arguments, **options)
        if calls == step:
            os.kill(os.getpid(), signal.SIGKILL)
        return process

    child.Child = start  # type: ignore[misc, assignment]


@pytest.mark.parametrize("running", [False, True], ids=["before the step", "while it runs"])
def test_a_kill_at_every_step(repository: Repository, *, running: bool) -> None:
    applied(repository, planned(repository, "v0"))
    step, code = 0, -signal.SIGKILL
    while code == -signal.SIGKILL:
        step += 1
        before, wanted = f"v{step - 1}", f"v{step}"
        plan = planned(repository, wanted)

        def work(step: int = step, plan: Plan = plan) -> None:
            cut_at(step, running=running)
            applied(repository, plan)

        code = outcome(in_child(work))
        check(repository, before, wanted, plan)
    assert code == 0
    assert step > 5  # asking, reading, storing, writing, committing, pushing
    assert len(repository.log()) == step + 1


def test_a_kill_at_any_moment(repository: Repository) -> None:
    dice = random.Random(SEED)  # noqa: S311 - the same cuts each time
    # Of a few, since one may be slow for reasons of the machine: the cuts are to fall into an apply, not behind it.
    length = min(seconds_of_an_apply(repository, version) for version in ("v-2", "v-1", "v0"))
    cut = 0
    for number in range(1, KILLS + 1):
        plan = planned(repository, f"v{number}")
        pid = in_child(partial(applied, repository, plan))
        time.sleep(dice.uniform(0, length))  # the moment is what is tested
        os.kill(pid, signal.SIGKILL)
        cut += outcome(pid) == -signal.SIGKILL
        check(repository, f"v{number - 1}", f"v{number}", plan)
    assert cut > KILLS // 4
    assert len(repository.log()) == 3 + KILLS


def seconds_of_an_apply(repository: Repository, version: str) -> float:
    plan = planned(repository, version)
    began = time.monotonic()
    applied(repository, plan)
    return time.monotonic() - began
