"""What no schema sees: whether the objects of a delivery fit together as Argo Rollouts and Istio will read them.

`lint(objects)` answers findings, each of a rule with a stable id; docs/lint.md has them all. Give the objects
as they will be after the change, and all that belong together: names are looked up among those given.
"""

from meshroll.manifests.lint.document import document
from meshroll.manifests.lint.model import Flaw, Options, Rule, Severity, Waiver
from meshroll.manifests.lint.plugin import PLUGIN, for_plugin
from meshroll.manifests.lint.run import NOT_JUDGED, RULES, lint

__all__ = [
    "NOT_JUDGED",
    "PLUGIN",
    "RULES",
    "Flaw",
    "Options",
    "Rule",
    "Severity",
    "Waiver",
    "document",
    "for_plugin",
    "lint",
]
