"""A plan: what a release changes in the rollout repository, as plain values.

An edit changes one scalar of a file (`pointer`) or, in rendered repositories, a whole file. The hash covers what is
decided: the places with their old and new values, the settings that find them, the changes of versions, the stack, the
Applications and the canaries. The base commit, lines, the diff and findings follow from that and from the repository: a
plan stays the same while others commit elsewhere. The blob a file had counts only in an exact plan.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal, get_args

from meshroll.errors import ConflictError
from meshroll.gitops.plans.scope import Scope
from meshroll.gitops.plans.settings import Settings, merged, settings_value
from meshroll.gitops.plans.timelines import Canary, canary_value
from meshroll.text import one_line


@dataclass(frozen=True, order=True)
class Edit:
    """One change. `old` and `new` are the scalar's text, or a whole file's blob ids; empty where there is none."""

    file: str
    pointer: str  # its first segment is the document's index in the file; empty for the whole file
    old: str
    new: str
    service: str = ""
    line: int = 0  # for people
    blob: str = ""  # the file's blob at the base; it counts only in an exact plan
    anchor: str = ""  # the pointer by names (see `named_pointers`), to find the place again in a file that moved
    written: str | None = None  # the characters that stood for `new` before, quotes included; None to write it anew

    @property
    def key(self) -> tuple[str, str, str, str]:
        """What the edit is, wherever it was computed."""
        return (self.file, self.pointer, self.old, self.new)

    @property
    def whole(self) -> bool:
        """Whether the file is created, replaced or removed as a whole."""
        return not self.pointer


@dataclass(frozen=True)
class VersionChange:
    """A service whose files change at one place; None where Git holds no version of it."""

    service: str
    old: str | None
    new: str | None
    path: str = ""  # the folder or file below which it is looked for, such as a cluster's

    @property
    def moves(self) -> bool:
        """Whether it brings another version; else it changes parameters or fields alone."""
        return self.old != self.new

    def __str__(self) -> str:
        what = f"{self.old or '-'} -> {self.new or '-'}" if self.moves else f"{self.new or ''} changed".lstrip()
        return one_line(f"{self.service} {what}")


SUMMARIZED = 5  # changes that a summary names, and one more rather than "and 1 more"

HoldKind = Literal["undone", "newer-in-git", "other-in-git"]
"""Why a service is kept out of a plan until a person decides."""

FindingKind = Literal[
    HoldKind,
    "state-unread",
    "image-unchanged",
    "fields-disagree",
    "left-out",
    "by-hand",
    "unreadable",
    "lint",
    "follower",
    "ignore-differences",
]
HELD: tuple[HoldKind, ...] = get_args(HoldKind)


@dataclass(frozen=True)
class Finding:
    """Something a reviewer should know. One of the lint names its rule, the severity and the place in the object."""

    kind: FindingKind
    message: str
    service: str = ""
    file: str = ""
    line: int = 0
    rule: str = ""
    severity: str = ""  # error, harm or note
    pointer: str = ""

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        return one_line(": ".join(part for part in (self.service, place, self.message) if part))


@dataclass(frozen=True)
class Move:
    """An Application that will move, its cluster, and in which wave, from 1."""

    application: str
    cluster: str
    wave: int


FORMAT = 2  # of a plan's document
EARLIER = 1  # whose hash covered the edits and the settings alone


@dataclass(frozen=True)
class Plan:
    """What `apply_plan` will do. Nothing to do has no edits and an empty diff."""

    url: str
    branch: str
    base: str
    edits: tuple[Edit, ...]
    changes: tuple[VersionChange, ...]
    diff: str
    contents: Mapping[str, bytes] = field(default_factory=dict, repr=False)  # of every whole file, by its path
    findings: tuple[Finding, ...] = ()
    applications: tuple[Move, ...] = ()
    timeline: tuple[Canary, ...] = ()
    exact: bool = False
    stack: str = ""
    settings: Settings = field(default_factory=dict)  # by service
    releases: Mapping[str, str] = field(default_factory=dict)  # the hash of each Release's part, of a stack
    format: int = FORMAT  # of the document that it came from: it decides what the hash covers

    @property
    def scope(self) -> Scope:
        """Whose events on its services count."""
        return Scope(self.stack, tuple(dict.fromkeys(change.path for change in self.changes)))

    @property
    def held(self) -> bool:
        """Whether a service was left out that waits for a person."""
        return any(finding.kind in HELD for finding in self.findings)

    @property
    def moves(self) -> dict[str, dict[tuple[str | None, str | None], list[str]]]:
        """The places of each service by the versions it goes from and to."""
        moves: dict[str, dict[tuple[str | None, str | None], list[str]]] = {}
        for change in self.changes:
            moves.setdefault(change.service, {}).setdefault((change.old, change.new), []).append(change.path)
        return moves

    @property
    def summary(self) -> str:
        """Its changes in a line, each once however many clusters it moves; of many, the first few and how many more."""
        changes = list(dict.fromkeys(map(str, self.changes)))
        more = len(changes) - SUMMARIZED
        return f"{', '.join(changes[:SUMMARIZED])} and {more} more" if more > 1 else ", ".join(changes)

    @property
    def every_change(self) -> str:
        """The same with all of them."""
        return ", ".join(dict.fromkeys(map(str, self.changes)))

    @property
    def hash(self) -> str:
        """The same for the same edits to the same branch, whoever computes it and when."""
        edits = [_covered(edit, exact=self.exact) for edit in sorted(self.edits)]
        touched = {edit.service for edit in self.edits}
        settings = {
            service: tuple(each.agreed for each in own) for service, own in self.settings.items() if service in touched
        }
        covered: list[Any] = [self.url, self.branch, self.exact, edits, settings_value(settings)]
        if self.format != EARLIER:
            services = [edit.service for edit in sorted(self.edits)]
            changes = [[change.service, change.old, change.new, change.path] for change in self.changes]
            moves = [[move.application, move.cluster, move.wave] for move in self.applications]
            covered += [self.stack, services, sorted(changes, key=str), moves, [*map(canary_value, self.timeline)]]
        document = json.dumps(covered, ensure_ascii=True, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(document.encode()).hexdigest()

    def bound_to(self, edits: Collection[Edit]) -> Plan:
        """The same release with edits agreed on earlier: what is not among them stays out of the commit.

        Raises ConflictError when a value agreed on is not to be changed any more while others are: it may be
        elsewhere now.
        """
        known = {edit.key: edit for edit in self.edits}
        agreed = {edit.key for edit in edits}
        gone = [edit for edit in edits if edit.key not in known and not edit.whole]
        if gone and not known.keys() <= agreed:
            raise ConflictError(
                f"{gone[0].pointer} is not what is planned now", where=gone[0].file, expected="another preview"
            )
        kept = ((known.get(edit.key, edit), edit.blob) for edit in edits if edit not in gone)
        bound = tuple(sorted(replace(edit, blob=blob or edit.blob) for edit, blob in kept))
        services = {edit.service for edit in bound}
        return replace(
            self,
            edits=bound,
            changes=tuple(item for item in self.changes if item.service in services),
            timeline=tuple(item for item in self.timeline if item.service in services),
        )


def _covered(edit: Edit, *, exact: bool) -> list[str]:
    """What of an edit the hash of its plan covers."""
    written = [] if edit.written is None else [edit.written]
    return [*edit.key, *written, *([edit.blob] if exact else [])]


def joined(plans: Iterable[Plan]) -> Plan:
    """One plan of several for the same branch and base, such as those of each cluster's folder."""
    every = list(plans)
    if len(every) == 1:
        return every[0]
    return replace(
        every[0],
        edits=tuple(sorted({edit for plan in every for edit in plan.edits})),
        changes=tuple(dict.fromkeys(change for plan in every for change in plan.changes)),
        diff="".join(dict.fromkeys(file for plan in every for file in _files_of(plan.diff))),
        contents={file: content for plan in every for file, content in plan.contents.items()},
        findings=tuple(dict.fromkeys(finding for plan in every for finding in plan.findings)),
        applications=tuple(dict.fromkeys(move for plan in every for move in plan.applications)),
        timeline=tuple(dict.fromkeys(canary for plan in every for canary in plan.timeline)),
        settings=merged([(plan.settings, frozenset(edit.service for edit in plan.edits)) for plan in every]),
    )


def _files_of(diff: str) -> list[str]:
    """A diff file by file: clusters may share one."""
    return re.split("(?m)^(?=diff --git )", diff)
