"""A part of the sandbox is away: while a canary waits at 5%, in the middle of a run, or for longer than it waits."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext

from tests.sandbox.chaos.parts import GATEWAY, PARTS, killed, silent
from tests.sandbox.chaos.rig import TIMEOUT
from tests.sandbox.chaos.scenario import Expected, Run, Scenario

DELIVERING = (
    "etcd",
    "host/kube-apiserver",
    "worker-1/kube-apiserver",
    "argocd/application-controller",
    "argocd/repo-server",
    "valkey",
    "istiod",
    "synchronizer",
    "worker-1/rollouts",
    "worker-1/runner",
    "worker-1/kube-scheduler",
    "worker-1/kube-controller-manager",
)
# The parts without which a run cannot be far enough, and what it must name then.
NEEDED = {
    "argocd/application-controller": "Application",
    "argocd/repo-server": "Application",
    "worker-1/rollouts": "Rollout",
    "worker-1/runner": "Rollout",
    "synchronizer": "control plane|copy|copied",
}
SILENT = ("host/kube-apiserver", "worker-1/kube-apiserver")
SOME_REQUESTS, MORE_REQUESTS = 90, 240


def _at_a_pause(part: str) -> Callable[[Run], None]:
    def act(run: Run) -> None:
        with run.serving_away("the gateway") if part == GATEWAY else nullcontext(), killed(run, part):
            run.load.wait_for_requests(run.random.randint(60, 150))

    return act


def _in_a_run(part: str) -> Callable[[Run], None]:
    def act(run: Run) -> None:
        running = run.release()
        running.until_committed()
        with killed(run, part):
            run.load.wait_for_requests(SOME_REQUESTS)
        run.judge(running)

    return act


def _too_long(part: str) -> Callable[[Run], None]:
    def act(run: Run) -> None:
        run.rig.stack.put("/delivery/timeout", "6s")
        with killed(run, part):  # a stop in order would end the pods with their runner
            run.judge(run.release())

    return act


def _usual_time_out(run: Run) -> None:
    run.rig.stack.put("/delivery/timeout", TIMEOUT)


def _silent_in_a_run(part: str) -> Callable[[Run], None]:
    def act(run: Run) -> None:
        running = run.release()
        running.until_committed()
        with silent(run, part):
            run.load.wait_for_requests(MORE_REQUESTS)
        run.judge(running)

    return act


def scenarios() -> tuple[Scenario, ...]:
    """Every part at a pause; those that a delivery needs in a run; those that it waits for, too long."""
    pause = Expected("any", git=("before",), at_last="before", weights=(95, 5))
    made = [Scenario(f"{part} is killed at 5%", _at_a_pause(part), pause, start="at 5%") for part in PARTS]
    made += [Scenario(f"{part} is killed right after the commit", _in_a_run(part), Expected()) for part in DELIVERING]
    made += [Scenario(f"{part} is silent during the wait", _silent_in_a_run(part), Expected()) for part in SILENT]
    for part, names in NEEDED.items():
        expected = Expected("failure", says=(names, "delivery.timeout"), kept=True)
        made.append(Scenario(f"{part} is away for the whole wait", _too_long(part), expected, mend=_usual_time_out))
    return tuple(made)
