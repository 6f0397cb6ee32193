"""What `kubectl argo rollouts lint` is asked, and the rule that its verdicts are findings of."""

from __future__ import annotations

import json
from collections.abc import Sequence

from meshroll.manifests.index import Object
from meshroll.manifests.lint.model import Rule, Severity
from meshroll.manifests.lint.objects import ARGO, CORE, Objects
from meshroll.manifests.lint.rollout import Rollout

PLUGIN = Rule(
    "argo-rollouts-lint",
    Severity.ERROR,
    "Argo Rollouts",
    "What `kubectl argo rollouts lint` says of a Rollout, with the Services and VirtualServices that it names. It is "
    "asked where the stack says `askPlugin` and `kubectl-argo-rollouts` is on PATH.",
    "The version of Argo Rollouts that the plug-in is of does not take the Rollout.",
    "Do what the plug-in says.",
)


def for_plugin(objects: Sequence[Object], files: Sequence[str] = ()) -> list[tuple[int, str, str]]:
    """Of each Rollout its number, its title, and the text of a file with all that the plug-in reads of it."""
    found = Objects(objects, files)
    return [(item.number, item.title, _file(Rollout(item, found))) for item in found.of(ARGO, "Rollout")]


def _file(rollout: Rollout) -> str:
    # The plug-in does not know the pods of a workloadRef, and takes every selector of a Service for one without pods.
    names = [name for _, name in rollout.services] if rollout.value("workloadRef") is None else []
    services = [rollout.objects.get(CORE, "Service", rollout.namespace, name, rollout.item) for name in names]
    named = [*services, *(item for _, item in rollout.found_virtual_services())]
    every = {item.number: item.body for item in named if item is not None}
    return "\n---\n".join(json.dumps(body, default=str) for body in [rollout.item.body, *every.values()])
