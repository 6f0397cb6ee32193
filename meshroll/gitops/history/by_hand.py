"""Changes of a version that no release made: what people committed by hand between the events of a service.

Such a change is an event itself, from the version that the event before it left to the one that the next event found,
so that what lies below it can be returned to. Only values tell: an event may have spelled its version otherwise.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from meshroll.gitops.git import Git, change_of
from meshroll.gitops.history.events import Event, at, version_changes
from meshroll.gitops.history.lineage import last_with
from meshroll.gitops.history.values import Values

ReadAt = Callable[[str, Event], Values]
"""The addressed values of an event's place and fields in a commit; none where they are not clear."""


def with_changes_by_hand(git: Git, head: str, events: Sequence[Event], read: ReadAt) -> tuple[Event, ...]:
    """The events of one service, newest first, with the changes by hand among them and on top of them."""
    changes = version_changes(events)
    found: list[Event] = []
    for number, event in enumerate(changes):
        if not at(changes[:number], event.path) and (on_top := _on_top(git, head, event, read)):
            found.insert(0, on_top)
        found.append(event)
        before = next(iter(at(changes[number + 1 :], event.path)), None)
        if before and (between := _between(git, before, event, read)):
            found.append(between)
    return tuple(found)


def _on_top(git: Git, head: str, newest: Event, read: ReadAt) -> Event | None:
    """What was changed after the newest event of a place."""
    left, now = read(newest.commit, newest), read(head, newest)
    address = next((address for address in left if address in now and now[address] != left[address]), None)
    if newest.new is None or address is None or not address[1]:
        return None
    return _event(git, newest, head, read, _version_instead(left[address], newest.new, now[address]))


def _between(git: Git, before: Event, after: Event, read: ReadAt) -> Event | None:
    """What was changed between two events of a place, where the later one did not find what the earlier one left."""
    if None in (before.new, after.old) or before.new == after.old or before.commit == after.commit:
        return None
    if not after.parent or read(before.commit, before) == read(after.parent, before):
        return None
    return _event(git, before, after.parent, read, after.old or "")


def _event(git: Git, before: Event, until: str, read: ReadAt, version: str) -> Event | None:
    listed = git.text("rev-list", "--first-parent", until, f"^{before.commit}").splitlines()
    if not listed:  # on another branch
        return None
    values = read(until, before)
    author = change_of(git, listed[last_with(listed, lambda commit: read(commit, before) == values)])
    return Event(
        service=before.service,
        old=before.new,
        new=version,
        commit=author.commit,
        parent=before.commit,
        author=author.author,
        when="",
        path=before.path,
        fields=before.fields,
        by_hand=True,
    )


def _version_instead(text: str, version: str, other: str) -> str:
    """What stands in another text where a version stands in this one; the whole text where it is of another shape."""
    before, _, after = text.partition(version)
    found = re.fullmatch(f"{re.escape(before)}(.+){re.escape(after)}", other)
    return found[1] if found else other
