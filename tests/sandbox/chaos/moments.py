"""When something happens to a running `pulumi up`: at a drawn moment, as far as its commit tells where it is."""

from __future__ import annotations

from collections.abc import Callable

from tests.sandbox.chaos.commands import Running
from tests.sandbox.chaos.scenario import Run

Moment = Callable[[Run, Running], None]


def before_the_commit(run: Run, running: Running) -> None:
    """A drawn moment of the time that an undisturbed run needs until its commit."""
    drawn = run.random.uniform(0.05, 0.95) * run.rig.pace.commit
    running.until(lambda: running.seconds >= drawn or running.committed is not None)
    run.happens(f"the drawn moment, {drawn:.2f} s after the start; a commit is usual after {run.rig.pace.commit:.2f} s")


def right_after_the_commit(run: Run, running: Running) -> None:
    """As soon as the branch has a new head."""
    running.until_committed()
    run.happens("the commit is seen")


def during_the_wait(run: Run, running: Running) -> None:
    """A drawn moment between the commit and the usual end."""
    running.until_committed()
    committed = running.seconds
    drawn = committed + run.random.uniform(0.05, 0.9) * max(0.2, run.rig.pace.whole - run.rig.pace.commit)
    running.until(lambda: running.seconds >= drawn)
    run.happens(f"the drawn moment, {drawn:.2f} s after the start; the commit was seen after {committed:.2f} s")


MOMENTS: dict[str, Moment] = {
    "before its commit": before_the_commit,
    "right after its commit": right_after_the_commit,
    "during its wait": during_the_wait,
}
