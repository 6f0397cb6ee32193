"""Other people commit to the same repository while `pulumi up` runs, or take its commit back."""

from __future__ import annotations

from tests.sandbox.chaos.observation import application_seen, rollout_seen
from tests.sandbox.chaos.parts import silent
from tests.sandbox.chaos.scenario import Expected, Run, Scenario
from tests.support.sandbox.stacks import CONSUMER, PROVIDER

CONTROLLER, ROLLOUTS = "argocd/application-controller", "worker-1/rollouts"


def _before_argo_cd(service: str, run: Run) -> None:
    """The controller looks at the branch only when both commits are there."""
    with silent(run, CONTROLLER):
        running = run.release()
        running.until_committed()
        run.commit(service, run.theirs)
    run.judge(running)


def _after_argo_cd(service: str, run: Run) -> None:
    """Ours is in the cluster, and the Rollout is not at its step yet when the other commit arrives."""
    with silent(run, ROLLOUTS):
        running = run.release()
        running.until_committed()
        ours = run.rig.head()
        running.until(lambda: _has(run, ours) and _asks_for(run, PROVIDER, run.wanted))
        theirs = run.commit(service, run.theirs)
        running.until(lambda: _has(run, theirs) and _asks_for(run, service, run.theirs), seconds=30)
    run.judge(running)


def _between_commits(service: str, run: Run) -> None:
    """The other commit is there before the run begins."""
    run.commit(service, run.theirs)
    run.judge(run.release())


def _forced_back(run: Run) -> None:
    """The branch is set back to before our commit, and the same `up` runs again."""
    before = run.rig.head()
    run.heard(run.release().wait())
    run.rig.rollouts.git("update-ref", "refs/heads/main", before)
    run.rig.rest()
    run.judge(run.start_up())


def _has(run: Run, commit: str) -> bool:
    seen = application_seen(run.rig.stack)
    return seen is not None and seen.revision == commit


def _asks_for(run: Run, service: str, version: str) -> bool:
    seen = rollout_seen(run.rig.stack, service)
    return seen is not None and seen.version == version


def scenarios() -> tuple[Scenario, ...]:
    """A competing commit on the same service and on another, before and after Argo CD had ours; a force-push."""
    overtaken = Expected("failure", says=("Ada",), git=("theirs",), at_last="theirs")
    held = Expected("any", says=(r"Git holds \S+", "Ada"), git=("theirs",), at_last="theirs")
    back = Expected("any", says=(r"Git holds \S+",), never_says=("newer than",), git=("before",), at_last="before")
    return (
        Scenario(
            "somebody commits on the service before Argo CD had ours",
            lambda run: _before_argo_cd(PROVIDER, run),
            overtaken,
        ),
        Scenario(
            "somebody commits on the service after Argo CD had ours",
            lambda run: _after_argo_cd(PROVIDER, run),
            overtaken,
        ),
        Scenario("somebody committed on the service before", lambda run: _between_commits(PROVIDER, run), held),
        Scenario(
            "somebody commits on another service before Argo CD had ours",
            lambda run: _before_argo_cd(CONSUMER, run),
            Expected(),
        ),
        Scenario(
            "somebody commits on another service after Argo CD had ours",
            lambda run: _after_argo_cd(CONSUMER, run),
            Expected(),
        ),
        Scenario("a force-push takes our commit back", _forced_back, back),
    )
