"""Which versions of a service were undone, and whether that is still in effect. Pure: events in, events out."""

from __future__ import annotations

from collections.abc import Sequence

from meshroll.gitops.history.events import Event, at, version_changes
from meshroll.gitops.plans import related


def undone_by(events: Sequence[Event], version: str | None, place: str) -> Event | None:
    """The undo of a service's version that is in effect at a place; `events` are newest first.

    It is in effect until a newer release comes to this place or to its own, or brings the undone version anywhere.
    """
    later: list[Event] = []
    for event in version_changes(events):
        if event.is_undo:
            if event.old == version and not at(later, event.path):
                return event
        elif event.new == version or related(event.path, place):
            return None
        else:
            later.append(event)
    return None


def undone_at(events: Sequence[Event], place: str) -> tuple[str, ...]:
    """The versions of one service whose undo is in effect at a place."""
    there = at(events, place)
    versions = dict.fromkeys(event.old for event in there if event.is_undo and event.old)
    return tuple(version for version in versions if undone_by(there, version, place))
