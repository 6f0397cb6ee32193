"""Making a plan so: one commit, pushed only onto the commit it was made for.

The first push goes onto the plan's own base where the cache knows nothing newer: if the branch has moved, the server
refuses it. Then the addressed values decide: as planned, the edits are computed anew on the new head; already as
requested, there is nothing to do; otherwise someone else changed them, and the error says who, to what and in which
commit. Tries are bounded.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from meshroll.errors import ConflictError, MeshrollError
from meshroll.gitops.git import (
    ContendedError,
    Message,
    Remote,
    Style,
    Transport,
    Trees,
    last_change,
    make_commit,
    open_cache,
    retried,
    tree_of,
)
from meshroll.gitops.plans.message import Command, Undo, commit_message
from meshroll.gitops.plans.model import Plan
from meshroll.gitops.plans.replay import MovedError, replay_edits, value_at

APPLY_SECONDS = 120.0
MAX_CONTENDED = 10  # pushes in a row that did not go through though nobody else's did

Guard = Callable[[Transport], None]
"""Asked before every push, on the head that it names: raises when there must be no commit."""


@dataclass(frozen=True)
class Applied:
    """The branch's commit that holds the plan (empty for no plan in an empty repository), and whether we made it."""

    commit: str
    made: bool


def apply_plan(
    remote: Remote,
    plan: Plan,
    *,
    stack: str,
    command: Command = "",
    style: Style | None = None,
    undo: Undo | None = None,
    guard: Guard | None = None,
    cache: Path | None = None,
) -> Applied:
    """Commit and push. Raises ConflictError when an addressed value is neither as planned nor as requested.

    `command` is the one that a person called; the commit says so.
    """
    style = style or Style()
    message = commit_message(plan, stack, style.template, undo, command)
    deadline = time.monotonic() + APPLY_SECONDS
    attempt = contended = 0
    while time.monotonic() < deadline:
        try:
            applied = retried(lambda: _attempt(remote, plan, message, style, guard, cache))
            contended = 0
        except ContendedError:
            applied, contended = None, contended + 1
            if contended == MAX_CONTENDED:
                raise
        if applied:
            return applied
        attempt += 1
        # Competing releases must not move in step, and each that tries in vain slows the one that would get through.
        time.sleep(random.uniform(0, min(2.0, 0.1 * 2**attempt)))  # noqa: S311 - no secret
    raise ConflictError(f"the branch {remote.branch} moved {attempt} times during the push", where=remote.where)


def _attempt(
    remote: Remote, plan: Plan, message: Message, style: Style, guard: Guard | None, cache: Path | None
) -> Applied | None:
    with open_cache(remote, cache) as git:
        transport = Transport(git, remote)
        if plan.base and transport.known_head() == plan.base:
            # Nothing newer is known, and the push itself finds out whether anything is.
            commit = _commit_on_known(transport, plan, message, style, guard)
            if commit and transport.push(commit, plan.base):
                return Applied(commit, made=True)
        head = transport.fetch()
        try:
            commit = _commit(transport, head, plan, message, style, guard)
        except MovedError as moved:
            raise _conflict(transport, moved) from None
        if not commit:
            return Applied(head, made=False)
        return Applied(commit, made=True) if transport.push(commit, head) else None


def _commit_on_known(transport: Transport, plan: Plan, message: Message, style: Style, guard: Guard | None) -> str:
    """The commit on the plan's own base; empty where only the newest head can tell what to do."""
    try:
        return _commit(transport, plan.base, plan, message, style, guard)
    except (MovedError, MeshrollError):
        return ""


def _commit(transport: Transport, head: str, plan: Plan, message: Message, style: Style, guard: Guard | None) -> str:
    """The plan's commit on a head of the cache; empty where the head holds what is planned."""
    git = transport.git
    trees, tree = Trees(git), tree_of(git, head)
    changes = replay_edits(trees, tree, plan)
    if not changes:
        return ""
    if guard:
        guard(transport)  # judges the very head that the push names
    return make_commit(git, trees.write(tree, changes), head, message, style)


def _conflict(transport: Transport, moved: MovedError) -> ConflictError:
    edit = moved.edit
    by_value = not edit.whole and not moved.exact

    def same(one: bytes, other: bytes) -> bool:
        return value_at(one, edit) == value_at(other, edit)

    change = last_change(transport, edit.file, same if by_value else None)
    by = f" by {change}" if change else ""
    if not by_value:
        return ConflictError(f"it was changed{by} since it was planned", where=moved.place, expected="a new plan")
    what = f"was changed to {moved.found!r}{by}" if moved.found is not None else f"was removed{by}"
    return ConflictError(
        f"{edit.pointer} {what} since it was planned",
        where=moved.place,
        expected=f"{edit.old!r} as in the plan, or a new plan",
    )
