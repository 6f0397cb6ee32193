"""Something that a delivery needs is deleted by hand, and `pulumi up` runs, with the same or with a new version."""

from __future__ import annotations

from collections.abc import Callable

from tests.sandbox.chaos.commands import PULUMI
from tests.sandbox.chaos.scenario import Expected, Run, Scenario
from tests.sandbox.chaos.waiting import within
from tests.support.sandbox.stacks import PROVIDER
from tests.support.sandbox.watching import ARGO, NETWORKING

GONE_SECONDS = 60.0


def _application(run: Run) -> None:
    stack = run.rig.stack
    run.goes_away("the pods")
    stack.host.delete(ARGO, "Application", stack.application, "argocd")
    assert within(GONE_SECONDS, lambda: stack.host.get(ARGO, "Application", stack.application, "argocd") is None)


def _namespace(run: Run) -> None:
    stack = run.rig.stack
    run.goes_away("the pods")
    stack.worker.delete("v1", "Namespace", stack.namespace)
    assert within(GONE_SECONDS, lambda: stack.worker.get("v1", "Namespace", stack.namespace) is None)


def _rollout(run: Run) -> None:
    run.goes_away("the pods")
    run.rig.stack.worker.delete(ARGO, "Rollout", PROVIDER, run.rig.stack.namespace)


def _virtual_service(run: Run) -> None:
    run.rig.stack.worker.delete(NETWORKING, "VirtualService", PROVIDER, run.rig.stack.namespace)


def _then_up(delete: Callable[[Run], None], *, new: bool) -> Callable[[Run], None]:
    def act(run: Run) -> None:
        delete(run)
        run.judge(run.release() if new else run.start_up())
        run.comes_back(5.0)

    return act


def _refresh(run: Run) -> None:
    """What a person does about deleted objects."""
    run.heard(run.rig.run(*PULUMI, "refresh", "--yes", "--skip-preview", "--stack", run.rig.stack.name))


def scenarios() -> tuple[Scenario, ...]:
    """What Pulumi made must be missed before a commit; what Argo CD applied comes back by itself."""
    made = []
    for what, delete, names in (
        ("Application", _application, "Application"),
        ("namespace", _namespace, "[Nn]amespace"),
    ):
        missed = Expected("failure", says=(names, "refresh"), git=("before",), at_last="before")
        new = Expected("failure", says=(names, "refresh"), git=("before",))
        made += [
            Scenario(f"the {what} is deleted, then up", _then_up(delete, new=False), missed, mend=_refresh),
            Scenario(f"the {what} is deleted, then a new version", _then_up(delete, new=True), new, mend=_refresh),
        ]
    for what, delete in (("Rollout", _rollout), ("VirtualService", _virtual_service)):
        same = Expected("any", git=("before",), at_last="before")
        made += [
            Scenario(f"the {what} is deleted, then up", _then_up(delete, new=False), same),
            Scenario(f"the {what} is deleted, then a new version", _then_up(delete, new=True), Expected()),
        ]
    return tuple(made)
