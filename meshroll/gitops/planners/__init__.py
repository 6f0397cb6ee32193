"""Planners: what a version asked for changes, in files that Meshroll renders whole and in files that people wrote."""

from meshroll.gitops.planners.adopted import DesiredVersion, texts
from meshroll.gitops.planners.adopted import plan as plan_adopted
from meshroll.gitops.planners.adopted import read_versions as read_adopted
from meshroll.gitops.planners.applied import Applied, read_applied
from meshroll.gitops.planners.canaries import canaries_below, canaries_changed
from meshroll.gitops.planners.findings import FINDINGS
from meshroll.gitops.planners.foreign import application_findings
from meshroll.gitops.planners.rendered import blobs, read_versions, version_in
from meshroll.gitops.planners.rendered import plan as plan_rendered
from meshroll.gitops.planners.rendered_again import files_after
from meshroll.gitops.planners.workloads import KINDS

__all__ = [
    "FINDINGS",
    "KINDS",
    "Applied",
    "DesiredVersion",
    "application_findings",
    "blobs",
    "canaries_below",
    "canaries_changed",
    "files_after",
    "plan_adopted",
    "plan_rendered",
    "read_adopted",
    "read_applied",
    "read_versions",
    "texts",
    "version_in",
]
