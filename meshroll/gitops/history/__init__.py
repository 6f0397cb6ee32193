"""History: what was released and undone, read from the branch's commits, and what follows for the next release."""

from typing import TYPE_CHECKING

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
from meshroll.gitops.history.undone import undone_at, undone_by
from meshroll.lazy import names_of

if TYPE_CHECKING:
    from meshroll.gitops.history.lineage import Lineage, Relation, relation
    from meshroll.gitops.history.rollback import Rollback, locator, plan_rollback
else:  # a rollback plans as the planners do, and the others need none of these
    __getattr__ = names_of(
        __name__,
        {
            "Lineage": "lineage",
            "Relation": "lineage",
            "Rollback": "rollback",
            "locator": "rollback",
            "plan_rollback": "rollback",
            "relation": "lineage",
        },
    )

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
