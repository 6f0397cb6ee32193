"""The commit's message: one subject line a person reads, and trailers a program reads."""

from __future__ import annotations

from collections.abc import Sequence

from meshroll.errors import BadInputError
from meshroll.gitops.plan import Plan, VersionChange

STACK = "Meshroll-Stack"
SERVICE = "Meshroll-Service"
PLAN = "Meshroll-Plan"


def commit_message(plan: Plan, stack: str) -> str:
    """Subject, a line for each service when there are several, and the trailers. Raises BadInputError."""
    lines = [_subject(plan.changes, stack)]
    if len(plan.changes) > 1:
        lines += ["", *(f"- {change}" for change in plan.changes)]
    trailers = [(STACK, stack), *((SERVICE, str(change)) for change in plan.changes), (PLAN, plan.hash)]
    for name, value in trailers:
        if not value.isprintable() or not value.strip():
            raise BadInputError(f"{value!r} cannot stand in a commit message", where=name)
    return "\n".join([*lines, "", *(f"{name}: {value}" for name, value in trailers)]) + "\n"


def _subject(changes: Sequence[VersionChange], stack: str) -> str:
    if len(changes) != 1:
        return f"Release {len(changes)} services of {stack}"
    only = changes[0]
    if only.old == only.new:
        return f"Change {only.service} {only.new or ''}".rstrip()
    return f"Release {only}" if only.old else f"Release {only.service} {only.new or ''}".rstrip()
