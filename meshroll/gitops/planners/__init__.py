"""Planners: what a version asked for changes, in files that Meshroll renders whole and in files that people wrote."""

from typing import TYPE_CHECKING

from meshroll.gitops.planners.adopted import DesiredVersion, texts
from meshroll.gitops.planners.adopted import plan as plan_adopted
from meshroll.gitops.planners.adopted import read_versions as read_adopted
from meshroll.gitops.planners.applied import Applied, read_applied
from meshroll.gitops.planners.canaries import canaries_below, canaries_changed
from meshroll.gitops.planners.findings import FINDINGS
from meshroll.gitops.planners.foreign import application_findings
from meshroll.gitops.planners.judged import depends_on_tools
from meshroll.gitops.planners.rollouts_plugin import ask_plugin
from meshroll.gitops.planners.workloads import KINDS
from meshroll.lazy import names_of

if TYPE_CHECKING:
    from meshroll.gitops.planners.rendered import blobs, plan_rendered, read_versions, version_in
    from meshroll.gitops.planners.rendered_again import files_after
else:  # they know the templates, which a plan of adopted files does without
    __getattr__ = names_of(
        __name__,
        {
            "blobs": "rendered",
            "files_after": "rendered_again",
            "plan_rendered": "rendered",
            "read_versions": "rendered",
            "version_in": "rendered",
        },
    )

__all__ = [
    "FINDINGS",
    "KINDS",
    "Applied",
    "DesiredVersion",
    "application_findings",
    "ask_plugin",
    "blobs",
    "canaries_below",
    "canaries_changed",
    "depends_on_tools",
    "files_after",
    "plan_adopted",
    "plan_rendered",
    "read_adopted",
    "read_applied",
    "read_versions",
    "texts",
    "version_in",
]
