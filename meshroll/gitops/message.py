"""What a commit says: a subject and lines that a person reads, and trailers that a program reads.

A trailer `Meshroll-Service: NAME FROM -> TO` stands for each service; `-` where Git held no version. An undo names the
commits it undoes and their plans: a commit that was rebased or squashed since is still found by its plan.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from meshroll.errors import BadInputError
from meshroll.gitops.plan import Plan, VersionChange

STACK = "Meshroll-Stack"
PATH = "Meshroll-Path"  # without a stack
SERVICE = "Meshroll-Service"
PLAN = "Meshroll-Plan"
UNDO = "Meshroll-Undo"
UNDO_PLAN = "Meshroll-Undo-Plan"
REASON = "Meshroll-Reason"
_WORD = re.compile(r"\{(subject|stack|services|changes)\}")


@dataclass(frozen=True)
class Undo:
    """What a commit takes back: the releases, newest first, each as the way back from its version."""

    steps: tuple[VersionChange, ...]
    commits: tuple[str, ...]
    plans: tuple[str, ...]
    reason: str = ""


@dataclass(frozen=True)
class Message:
    """A commit's words; Git itself joins the two when the commit is made."""

    text: str
    trailers: tuple[tuple[str, str], ...]


def commit_message(plan: Plan, stack: str, template: str = "", undo: Undo | None = None) -> Message:
    """The message of a plan's commit; `template` is the stack's own text around our words. Raises BadInputError."""
    changes = undo.steps if undo else plan.changes
    trailers = [(STACK, stack)] if stack else [(PATH, plan.scope)] if plan.scope else []
    trailers += [(SERVICE, str(change)) for change in changes]
    trailers.append((PLAN, plan.hash))
    if undo:
        trailers += [(UNDO, commit) for commit in undo.commits] + [(UNDO_PLAN, known) for known in undo.plans]
        trailers += [(REASON, undo.reason)] if undo.reason else []
    for name, value in trailers:
        if not value.isprintable() or not value.strip():
            raise BadInputError(f"{value!r} cannot stand in a commit message", where=name)
    for change in changes:
        _check_words(change)
    subject = _undo_subject(plan.changes, undo.reason) if undo else _subject(plan.changes, stack)
    lines = [f"- {change}" for change in plan.changes] if len(plan.changes) > 1 else []
    text = "\n".join([subject, "", *lines]).rstrip()
    if template:
        words = {
            "subject": subject.partition("\n")[0],
            "stack": stack,
            "services": ", ".join(dict.fromkeys(change.service for change in plan.changes)),
            "changes": ", ".join(map(str, plan.changes)),
        }
        text = _WORD.sub(lambda found: words[found[1]], template).strip()
    return Message(text + "\n", tuple(trailers))


def _check_words(change: VersionChange) -> None:
    for word in (change.service, change.old or "-", change.new or "-"):
        if not word or any(character.isspace() for character in word):
            raise BadInputError(f"{word!r} cannot stand in a commit message", where=SERVICE, expected="no spaces")


def _subject(changes: Sequence[VersionChange], stack: str) -> str:
    if len(changes) != 1:
        return f"Release {len(changes)} services of {stack}" if stack else f"Release {len(changes)} services"
    only = changes[0]
    if only.old == only.new:
        return f"Change {only.service} {only.new or ''}".rstrip()
    return f"Release {only}" if only.old else f"Release {only.service} {only.new or ''}".rstrip()


def _undo_subject(changes: Sequence[VersionChange], reason: str) -> str:
    subject = f"Undo {', '.join(map(str, changes))}"
    return f"{subject}\n\n{reason}" if reason else subject
