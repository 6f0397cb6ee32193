"""A plan: what a release changes in the rollout repository, as plain values.

Each edit names a file and the blob (Git's id of its bytes) before and after, empty where there is none. The hash covers
the edits and the place they go to, not the base commit: a plan stays the same while others commit elsewhere.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace


@dataclass(frozen=True, order=True)
class Edit:
    """One file's change: created without `old`, removed without `new`."""

    file: str
    old: str
    new: str


@dataclass(frozen=True)
class VersionChange:
    """A service whose files change; None where Git holds no version of it."""

    service: str
    old: str | None
    new: str | None

    def __str__(self) -> str:
        return f"{self.service} {self.old or '-'} -> {self.new or '-'}"


@dataclass(frozen=True)
class Plan:
    """What `apply_plan` will do. Nothing to do has no edits and an empty diff."""

    url: str
    branch: str
    base: str
    edits: tuple[Edit, ...]
    changes: tuple[VersionChange, ...]
    diff: str
    contents: Mapping[str, bytes] = field(repr=False)  # of every rendered file, by its path in the repository

    @property
    def hash(self) -> str:
        """The same for the same edits to the same branch, whoever computes it and when."""
        edits = [[edit.file, edit.old, edit.new] for edit in sorted(self.edits)]
        document = json.dumps([self.url, self.branch, edits], ensure_ascii=True, separators=(",", ":"))
        return hashlib.sha256(document.encode()).hexdigest()

    def bound_to(self, edits: Collection[Edit]) -> Plan:
        """The same release with edits agreed on earlier: what is not among them stays out of the commit."""
        files = tuple(f"/{edit.file}" for edit in edits)
        changes = tuple(change for change in self.changes if any(f"/{change.service}/" in file for file in files))
        return replace(self, edits=tuple(sorted(edits)), changes=changes)
