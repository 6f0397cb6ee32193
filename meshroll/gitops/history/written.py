"""What `pulumi up` wrote last at a place: Pulumi's state has it, or a commit that the state does not know yet.

An `up` that was killed, or whose wait failed, has committed, and the state may still hold what the one before it wrote.
Its commit names the command: the newest such commit after the version in the state is what `up` wrote last.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from meshroll.gitops.history.events import Event, at, version_changes
from meshroll.gitops.plans import UP


@dataclass(frozen=True)
class Written:
    """What `up` wrote last."""

    version: str
    newest: bool = False  # its commit is the newest of all releases and undos at the place
    complete: bool = True  # whether the events go back to the version in the state


def last_written(events: Sequence[Event], place: str, *, stack: str, state: str) -> Written:
    """What `up` of a stack wrote last at a place, where the state holds `state`.

    `events` are one service's, newest first. Commits of `up` count that came after the state's version, whatever was
    between them: `up` replaces nothing that it has not seen. Where that version is not in the past, as after the branch
    was moved back, the state is all there is.
    """
    there = at(version_changes(events), place)
    own: Event | None = None  # the newest commit of `up` after the state
    for event in there:
        if event.new != state and own is None and stack:
            own = event if (event.command, event.stack, event.is_undo) == (UP, stack, False) else None
        if state in (event.new, event.old):
            return Written(own.new or state, newest=own is there[0]) if own else Written(state)
    return Written(state, complete=False)
