"""History: what was released and undone, read from the branch's commits, and what follows for the next release."""

from meshroll.gitops.history.events import Event, newest_known, read_events
from meshroll.gitops.history.holds import (
    HeldError,
    Hold,
    Origin,
    ServiceAddress,
    find_holds,
    seen_in,
    unless_undone,
    without_held,
)
from meshroll.gitops.history.lineage import Lineage, Relation, relation
from meshroll.gitops.history.rollback import Rollback, locator, plan_rollback
from meshroll.gitops.history.undone import undone_at, undone_by

__all__ = [
    "Event",
    "HeldError",
    "Hold",
    "Lineage",
    "Origin",
    "Relation",
    "Rollback",
    "ServiceAddress",
    "find_holds",
    "locator",
    "newest_known",
    "plan_rollback",
    "read_events",
    "relation",
    "seen_in",
    "undone_at",
    "undone_by",
    "unless_undone",
    "without_held",
]
