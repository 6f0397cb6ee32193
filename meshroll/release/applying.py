"""Applying a plan that was made earlier: only to the repository it is for, and without what waits for a person."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from meshroll.errors import BadInputError, Parameter
from meshroll.gitops.git import Remote, Style, Transport, check_past
from meshroll.gitops.history import unless_undone
from meshroll.gitops.plans import HELD, Applied, Guard, Plan, apply_plan
from meshroll.release.access import agreed_remote
from meshroll.release.agreed import check_agreed
from meshroll.release.binding import check_bound
from meshroll.release.wording import holds_as_sentences

if TYPE_CHECKING:
    from meshroll.settings import Stack


def apply_agreed(
    plan: Plan, stack: Stack | None, where: str, *, repository: str | None, environ: Mapping[str, str], exact: bool
) -> Applied:
    """Commit and push a plan, whose file is `where`. `stack` is the one that the plan names, if it names one.

    `repository` is the URL that a person named, `environ` holds what opens it where no stack does, and MESHROLL_PLAN;
    `exact` refuses a file that moved at all. Raises BadInputError for a plan of another repository, of several waves,
    with what waits for a person, or that says what its edits do not make; ConflictError for one not agreed on.
    """
    check_agreed(plan, environ)
    held = next((finding for finding in plan.findings if finding.kind in HELD), None)
    if held is not None:
        raise BadInputError(f"the plan holds {held}", where=where, expected="a plan without it")
    if stack is not None:
        remote, style = _of_stack(plan, stack, where, repository)
    else:
        remote, style = agreed_remote(plan.url, plan.branch, repository, where, environ), None
    check_bound(plan, stack, remote, where)
    plan = replace(plan, exact=plan.exact or exact)
    with holds_as_sentences():
        return apply_plan(remote, plan, stack=plan.stack, command="apply", style=style, guard=_guard(plan))


def _guard(plan: Plan) -> Guard:
    """Asked on the head that is pushed onto: nothing that was undone, and no plan that was made on another branch."""
    undone = unless_undone(plan)

    def ask(transport: Transport) -> None:
        check_past(transport, plan.base)
        undone(transport)

    return ask


def _of_stack(plan: Plan, stack: Stack, where: str, repository: str | None) -> tuple[Remote, Style | None]:
    from meshroll.release.target import stack_repository  # what reads and plans for stacks
    from meshroll.release.waves import check_one_wave

    if repository is not None:
        what = f"stack {stack.name} says where"
        raise BadInputError(what, where=where, expected=("no ", Parameter("repository")))
    remote, style = stack_repository(stack)
    if (remote.url, remote.branch) != (plan.url, plan.branch):
        raise BadInputError(
            f"the plan is for branch {plan.branch} of {plan.url}",
            where=where,
            expected=f"one for branch {remote.branch} of {remote.url}, which stack {stack.name} has",
        )
    check_one_wave(stack, plan, where)
    return remote, style
