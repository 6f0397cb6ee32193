"""The git helper: what a release would change in the rollout repository, and making it so.

`plan_rendered` compares rendered files with a branch, `apply_plan` commits them by compare-and-swap, `read_versions`
says which version stands in Git. Nothing here knows of Pulumi or of a cluster.
"""

from meshroll.gitops.adopted import Wish
from meshroll.gitops.adopted import plan as plan_adopted
from meshroll.gitops.adopted import read_versions as read_adopted
from meshroll.gitops.apply import Applied, apply_plan
from meshroll.gitops.history import Change
from meshroll.gitops.plan import Canary, Edit, Finding, Move, Plan, VersionChange, joined
from meshroll.gitops.remote import Remote
from meshroll.gitops.rendered import plan as plan_rendered
from meshroll.gitops.rendered import read_versions

__all__ = [
    "Applied",
    "Canary",
    "Change",
    "Edit",
    "Finding",
    "Move",
    "Plan",
    "Remote",
    "VersionChange",
    "Wish",
    "apply_plan",
    "joined",
    "plan_adopted",
    "plan_rendered",
    "read_adopted",
    "read_versions",
]
