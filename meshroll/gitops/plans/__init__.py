"""Plans: what a release changes in the rollout repository, as values; shown to people, kept in files, and applied."""

from meshroll.gitops.plans.apply import Applied, Guard, apply_plan
from meshroll.gitops.plans.format import as_markdown, as_text
from meshroll.gitops.plans.message import (
    COMMAND,
    FIELD,
    PLAN,
    REASON,
    SERVICE,
    STACK,
    UNDO,
    UNDO_PLAN,
    UP,
    Undo,
)
from meshroll.gitops.plans.model import (
    EARLIER,
    HELD,
    Edit,
    Finding,
    FindingKind,
    HoldKind,
    Move,
    Plan,
    VersionChange,
    joined,
)
from meshroll.gitops.plans.named_pointers import anchor, locate
from meshroll.gitops.plans.replay import replay_edits, value_at
from meshroll.gitops.plans.scope import EVERYWHERE, Scope, related
from meshroll.gitops.plans.serialize import read_plan, to_json
from meshroll.gitops.plans.settings import ServiceSettings
from meshroll.gitops.plans.timelines import Canary

__all__ = [
    "COMMAND",
    "EARLIER",
    "EVERYWHERE",
    "FIELD",
    "HELD",
    "PLAN",
    "REASON",
    "SERVICE",
    "STACK",
    "UNDO",
    "UNDO_PLAN",
    "UP",
    "Applied",
    "Canary",
    "Edit",
    "Finding",
    "FindingKind",
    "Guard",
    "HoldKind",
    "Move",
    "Plan",
    "Scope",
    "ServiceSettings",
    "Undo",
    "VersionChange",
    "anchor",
    "apply_plan",
    "as_markdown",
    "as_text",
    "joined",
    "locate",
    "read_plan",
    "related",
    "replay_edits",
    "to_json",
    "value_at",
]
