"""A commit's message: a subject and lines for people, and trailers for programs.

A trailer `Meshroll-Service: NAME FROM -> TO in PATH` names each service and place, such as a cluster's folder: `-` for
no version in Git, no path for the root, and white space in a value by its bytes, as in a URL. An undo names the
commits it undoes and their plans: a commit that was rebased or squashed since is still found by its plan. The command
that made the commit distinguishes what `pulumi up` wrote itself from what a person put there.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Literal

from meshroll.errors import BadInputError
from meshroll.gitops.git import Message
from meshroll.gitops.plans.model import Plan, VersionChange
from meshroll.text.trailers import quoted

STACK = "Meshroll-Stack"
COMMAND = "Meshroll-Command"
SERVICE = "Meshroll-Service"
FIELD = "Meshroll-Field"  # of a service that has others than those found anyway
PLAN = "Meshroll-Plan"
UNDO = "Meshroll-Undo"
UNDO_PLAN = "Meshroll-Undo-Plan"
REASON = "Meshroll-Reason"
UP: Final = "up"
Command = Literal["", "up", "apply", "rollback", "retry"]
"""Which command made a commit; empty where it is not known, as in commits from before there was the trailer."""

_PLACEHOLDER = re.compile(r"\{(subject|stack|services|changes)\}")


@dataclass(frozen=True)
class Undo:
    """What a commit undoes: the releases, newest first, each as the change back from its version."""

    changes: tuple[VersionChange, ...]
    commits: tuple[str, ...]
    plans: tuple[str, ...]
    reason: str = ""


def commit_message(
    plan: Plan, stack: str, template: str = "", undo: Undo | None = None, command: Command = ""
) -> Message:
    """The message of a plan's commit; `template` is the stack's own text around ours. Raises BadInputError."""
    changes = undo.changes if undo else plan.changes
    trailers = [(STACK, stack)] if stack else []
    trailers += [(COMMAND, command)] if command else []
    trailers += [(SERVICE, _service(change)) for change in changes]
    trailers += [(FIELD, f"{quoted(service)} {field}") for service, field in _fields(plan)]
    trailers.append((PLAN, plan.hash))
    if undo:
        trailers += [(UNDO, commit) for commit in undo.commits] + [(UNDO_PLAN, known) for known in undo.plans]
        trailers += [(REASON, undo.reason)] if undo.reason else []
    for name, value in trailers:
        if not value.isprintable() or not value.strip():
            raise BadInputError(f"{value!r} cannot be part of a commit message", where=name)
    subject = _undo_subject(plan, undo.reason) if undo else _subject(plan, stack)
    lines = [f"- {line}" for line in dict.fromkeys(map(str, plan.changes))]
    text = "\n".join([subject, "", *(lines if len(lines) > 1 else [])]).rstrip()
    if template:
        values = {
            "subject": subject.partition("\n")[0],
            "stack": stack,
            "services": ", ".join(dict.fromkeys(change.service for change in plan.changes)),
            "changes": plan.summary,
        }
        text = _PLACEHOLDER.sub(lambda found: values[found[1]], template).strip()
    return Message(text + "\n", tuple(trailers))


def _fields(plan: Plan) -> list[tuple[str, str]]:
    """Service and field, for the services whose fields were named."""
    services = dict.fromkeys(change.service for change in plan.changes)
    every = ((service, own) for service in services for own in plan.settings.get(service, ()))
    return list(dict.fromkeys((service, field) for service, own in every for field in own.fields or ()))


def _service(change: VersionChange) -> str:
    text = f"{quoted(change.service)} {quoted(change.old)} -> {quoted(change.new)}"
    return f"{text} in {change.path}" if change.path else text


def _subject(plan: Plan, stack: str) -> str:
    services = dict.fromkeys(change.service for change in plan.changes)
    moved = [change for change in plan.changes if change.moves]
    does = "Release" if moved else "Change"
    if len(services) != 1:
        return f"{does} {len(services)} services of {stack}" if stack else f"{does} {len(services)} services"
    olds, news = ({getattr(change, side) for change in plan.changes} for side in ("old", "new"))
    service, new = plan.changes[0].service, plan.changes[0].new or ""
    if moved and len(olds) == len(news) == 1 and None not in olds:
        return f"Release {plan.changes[0]}"
    return f"{does} {service} {new if len(news) == 1 else ''}".rstrip()


def _undo_subject(plan: Plan, reason: str) -> str:
    subject = f"Undo {plan.summary}"
    return f"{subject}\n\n{reason}" if reason else subject
