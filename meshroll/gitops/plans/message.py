"""What a commit says: a subject and lines that a person reads, and trailers that a program reads.

A trailer `Meshroll-Service: NAME FROM -> TO in PATH` stands for each service and place, such as a cluster's folder: `-`
where Git held no version, no path for the root, and white space in a word by its bytes, as in a URL. An undo names the
commits it undoes and their plans: a commit that was rebased or squashed since is still found by its plan. The command
that made the commit tells what `pulumi up` wrote itself from what a person put there.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Literal
from urllib.parse import quote, unquote

from meshroll.errors import BadInputError
from meshroll.gitops.git import Message
from meshroll.gitops.plans.model import Plan, VersionChange
from meshroll.text import one_line

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
"""Which command made a commit; empty where nobody says so, as in commits of before there was the trailer."""

_WORD = re.compile(r"\{(subject|stack|services|changes)\}")


@dataclass(frozen=True)
class Undo:
    """What a commit takes back: the releases, newest first, each as the way back from its version."""

    steps: tuple[VersionChange, ...]
    commits: tuple[str, ...]
    plans: tuple[str, ...]
    reason: str = ""


def commit_message(
    plan: Plan, stack: str, template: str = "", undo: Undo | None = None, command: Command = ""
) -> Message:
    """The message of a plan's commit; `template` is the stack's own text around our words. Raises BadInputError."""
    changes = undo.steps if undo else plan.changes
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
            raise BadInputError(f"{value!r} cannot stand in a commit message", where=name)
    subject = _undo_subject(plan, undo.reason) if undo else _subject(plan, stack)
    lines = [f"- {line}" for line in dict.fromkeys(map(str, plan.changes))]
    text = "\n".join([subject, "", *(lines if len(lines) > 1 else [])]).rstrip()
    if template:
        words = {
            "subject": subject.partition("\n")[0],
            "stack": stack,
            "services": ", ".join(dict.fromkeys(change.service for change in plan.changes)),
            "changes": plan.summary,
        }
        text = _WORD.sub(lambda found: words[found[1]], template).strip()
    return Message(text + "\n", tuple(trailers))


def quoted(word: str | None) -> str:
    """A word of a trailer: `-` for none; white space, `%` and what cannot be printed by their bytes, as in a URL."""
    if not word:
        return "-"
    kept = (character if _stays(character) else quote(character, safe="") for character in word)
    return "%2D" if word == "-" else "".join(kept)


def unquoted(word: str) -> str | None:
    """The word that `quoted` made into this, fit to be shown."""
    return None if word == "-" else one_line(unquote(word))


def _fields(plan: Plan) -> list[tuple[str, str]]:
    found: dict[tuple[str, str], None] = {}
    for change in plan.changes:
        decided = plan.settings.get(change.service, [])
        for one in decided if isinstance(decided, list) else [decided]:
            found.update(((change.service, field), None) for field in one.get("fields", ()))
    return list(found)


def _stays(character: str) -> bool:
    return character.isprintable() and not character.isspace() and character != "%"


def _service(change: VersionChange) -> str:
    words = f"{quoted(change.service)} {quoted(change.old)} -> {quoted(change.new)}"
    return f"{words} in {change.path}" if change.path else words


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
