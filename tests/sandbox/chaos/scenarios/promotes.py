"""`meshroll promote` at 5%: twice at once, and while something is away that it needs."""

from __future__ import annotations

from tests.sandbox.chaos.load import RATE
from tests.sandbox.chaos.parts import stopped
from tests.sandbox.chaos.scenario import Expected, Run, Scenario

# Argo Rollouts keeps the pods of the version before for 30 s after a promotion in full.
OLD_PODS_GO_SECONDS = 40


def _two_at_once(run: Run) -> None:
    one, other = run.start_promote(), run.start_promote()
    run.judge(one)
    run.judge(other)


def _full_without_synchronizer(run: Run) -> None:
    with stopped(run, "synchronizer"):
        if run.judge(run.start_promote("--full")).succeeded:
            run.load.wait_for_requests(round(RATE * OLD_PODS_GO_SECONDS))


def _step_without_synchronizer(run: Run) -> None:
    with stopped(run, "synchronizer"):
        run.judge(run.start_promote())


def _without_rollouts(run: Run) -> None:
    with stopped(run, "worker-1/rollouts"):
        run.judge(run.start_promote())


def scenarios(draws: int) -> tuple[Scenario, ...]:
    """Two at once go one step; one that cannot reach the proxies is refused."""
    half = Expected("any", says=("5% -> 50%",), git=("before",), at_last="before", weights=(50, 50))
    refused = Expected("failure", says=("control plane|copy|synchroni",), git=("before",), at_last="before")
    return (
        *(
            Scenario(f"two promote at once, draw {number + 1}", _two_at_once, half, start="at 5%")
            for number in range(draws)
        ),
        Scenario("promote --full while the synchronizer is away", _full_without_synchronizer, refused, start="at 5%"),
        Scenario("promote while the synchronizer is away", _step_without_synchronizer, refused, start="at 5%"),
        Scenario("promote while Argo Rollouts is away", _without_rollouts, half, start="at 5%"),
    )
