"""Making a plan so: one commit, pushed only onto the commit it was made for.

When the branch moved meanwhile, the addressed files decide: as planned, the commit is made anew on the new head;
already as wished, there is nothing to do; otherwise someone else changed them, and the error says who. Tries are
bounded.
"""

from __future__ import annotations

import random
import time
from dataclasses import dataclass
from pathlib import Path

from meshroll.errors import ConflictError
from meshroll.gitops.cache import open_cache, retried
from meshroll.gitops.command import Git
from meshroll.gitops.history import last_change
from meshroll.gitops.message import commit_message
from meshroll.gitops.plan import Edit, Plan
from meshroll.gitops.release import FILE_MODE, tree_of
from meshroll.gitops.remote import Remote
from meshroll.gitops.transport import Transport
from meshroll.gitops.trees import Entry, Trees

APPLY_SECONDS = 120.0
FALLBACK = {"NAME": "Meshroll", "EMAIL": "meshroll@localhost"}


@dataclass(frozen=True)
class Applied:
    """The branch's commit that holds the plan (empty for no plan in an empty repository), and whether we made it."""

    commit: str
    made: bool


def apply_plan(remote: Remote, plan: Plan, *, stack: str, cache: Path | None = None) -> Applied:
    """Commit and push. Raises ConflictError when an addressed file is neither as planned nor as wished."""
    message = commit_message(plan, stack)
    deadline = time.monotonic() + APPLY_SECONDS
    attempt = 0
    while time.monotonic() < deadline:
        applied = retried(lambda: _attempt(remote, plan, message, cache))
        if applied:
            return applied
        attempt += 1
        # Competing releases must not move in step.
        time.sleep(random.uniform(0, min(2.0, 0.05 * 2**attempt)))  # noqa: S311 - no secret
    raise ConflictError(f"the branch {remote.branch} moved {attempt} times during the push", where=remote.where)


def _attempt(remote: Remote, plan: Plan, message: str, cache: Path | None) -> Applied | None:
    with open_cache(remote, cache) as git:
        transport = Transport(git, remote)
        head = transport.fetch()
        trees, tree = Trees(git), tree_of(git, head)
        changes: dict[str, tuple[str, str] | None] = {}
        for edit in plan.edits:
            entry = trees.find(tree, edit.file)
            if _is(entry, edit.new):
                continue
            if not _is(entry, edit.old):
                raise _conflict(transport, edit)
            changes[edit.file] = (entry.mode if entry else FILE_MODE, _stored(trees, plan, edit)) if edit.new else None
        if not changes:
            return Applied(head, made=False)
        commit = _commit(git, trees.write(tree, changes), head, message)
        return Applied(commit, made=True) if transport.push(commit, head) else None


def _stored(trees: Trees, plan: Plan, edit: Edit) -> str:
    blob = trees.store(plan.contents.get(edit.file, b""))
    if blob != edit.new:
        raise ConflictError("what is rendered now is not what was planned", where=edit.file, expected="a new plan")
    return blob


def _is(entry: Entry | None, blob: str) -> bool:
    return entry.oid == blob if entry is not None else not blob


def _conflict(transport: Transport, edit: Edit) -> ConflictError:
    change = last_change(transport, edit.file)
    by = f" by {change}" if change else ""
    return ConflictError(f"it was changed{by} since it was planned", where=edit.file, expected="a new plan")


def _commit(git: Git, tree: str, parent: str, message: str) -> str:
    parents = ("-p", parent) if parent else ()
    return git.text("commit-tree", tree, *parents, "-F", "-", stdin=message.encode(), environment=_identity(git))


def _identity(git: Git) -> dict[str, str]:
    """Git's own answer stands where the user gave one; Git's guess from the machine's name does not."""
    missing: dict[str, str] = {}
    for role in ("AUTHOR", "COMMITTER"):
        if git.run("-c", "user.useConfigOnly=true", "var", f"GIT_{role}_IDENT").code:
            missing |= {f"GIT_{role}_{part}": value for part, value in FALLBACK.items()}
    return missing
