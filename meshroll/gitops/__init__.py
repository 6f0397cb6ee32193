"""The git helper: what a release would change in the rollout repository, and making it so.

`plan_release` compares rendered files with a branch, `apply_plan` commits them by compare-and-swap, `read_versions`
says which version stands in Git. Nothing here knows of Pulumi or of a cluster.
"""

from meshroll.gitops.apply import Applied, apply_plan
from meshroll.gitops.history import Change, is_descendant
from meshroll.gitops.plan import Edit, Plan, VersionChange
from meshroll.gitops.release import plan_release, read_versions
from meshroll.gitops.remote import Remote

__all__ = [
    "Applied",
    "Change",
    "Edit",
    "Plan",
    "Remote",
    "VersionChange",
    "apply_plan",
    "is_descendant",
    "plan_release",
    "read_versions",
]
