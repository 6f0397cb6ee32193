"""Holds and remedies in the words that `pulumi up` and the command line share."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

from meshroll.errors import BadInputError, Remedy
from meshroll.gitops.git import DEFAULT_BRANCH
from meshroll.gitops.history import HeldError, Hold, Origin, ServiceAddress
from meshroll.gitops.plans import Finding, Plan

SHORT = 12  # characters of a commit's id


def hold_sentence(hold: Hold) -> str:
    """Why a service is held, by whose commit, and the command that helps."""
    return f"{hold.service}: {_reason(hold)}"


def hold_finding(hold: Hold) -> Finding:
    """The same in a plan."""
    return Finding(hold.kind, _reason(hold), hold.service)


def with_holds(plan: Plan, held: Sequence[Hold]) -> Plan:
    """A plan with a finding for each hold."""
    return replace(plan, findings=(*plan.findings, *map(hold_finding, held)))


def unread_finding(trouble: str) -> Finding:
    """That Pulumi's state could not be read, and why."""
    message = f"what {command(Remedy('up'))} wrote last cannot be read ({trouble}): Git's history alone was asked"
    return Finding("state-unread", message)


def is_unread(finding: Finding) -> bool:
    """Whether a finding is the one of `unread_finding`, whatever the trouble."""
    before, after = unread_finding("\0").message.split("\0")
    trouble = finding.message.removeprefix(before).removesuffix(after)
    return finding == unread_finding(trouble)


@contextmanager
def holds_as_sentences() -> Iterator[None]:
    """A HeldError inside becomes a BadInputError with the hold's sentence."""
    try:
        yield
    except HeldError as error:
        raise BadInputError(hold_sentence(error.hold)) from error


def command(remedy: Remedy, address: ServiceAddress | None = None) -> str:
    """The command line of a remedy, in backquotes; with an address it acts there."""
    words = {
        "history": f"meshroll history {remedy.service}",
        "release": f"meshroll plan --set {remedy.service}={remedy.version}",
        "retry": f"meshroll retry {remedy.service} {remedy.version}",
        "set-from-git": f"meshroll set --from-git {remedy.service}",
        "up": "pulumi up",
    }[remedy.action]
    return f"`{words}{f' {_options(address)}' if address else ''}`"


def _reason(hold: Hold) -> str:
    remedy = command(hold.remedy, hold.address)
    if hold.kind == "undone":
        why = f": {hold.reason}" if hold.reason else ""
        return f"{hold.version} was undone by {_origin(hold.origin)}{why}; {remedy} releases it again"
    up, by = command(Remedy("up")), _origin(hold.origin)
    then = f"{remedy} and then {up} bring the stack in line, and the next version goes on from there"
    if hold.kind == "other-in-git":
        gone = f"{hold.written}, which {up} wrote last, is no longer in the history of {hold.address.branch}"
        return f"Git holds {hold.version}, and {gone}: {hold.version} was put there by {by}; {then}"
    than = f" than {hold.written}, which {up} wrote last" if hold.written else ""
    return f"Git holds {hold.version}, newer{than}: {by}; {then}"


def _origin(origin: Origin | None) -> str:
    if origin is None:
        return "someone"
    when = f" at {origin.day}" if origin.day else f" ({origin.subject})"
    return f"{origin.author} in {origin.commit[:SHORT]}{when}"


def _options(address: ServiceAddress) -> str:
    """What a command line needs to act on the same service."""
    if address.stack:
        return f"-s {address.stack}"
    words = ["--repository", address.url]
    words += ["--branch", address.branch] if address.branch != DEFAULT_BRANCH else []
    words += ["--path", address.path]
    words += [word for field in address.fields for word in ("--field", field)]
    return shlex.join(words)
