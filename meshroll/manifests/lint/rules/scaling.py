"""Who sets the number of pods."""

from __future__ import annotations

from collections.abc import Iterator

from meshroll.manifests.index import at
from meshroll.manifests.lint.model import Flaw, Rule, Severity
from meshroll.manifests.lint.objects import ARGO, Item, Objects

SCALERS = (("autoscaling", "HorizontalPodAutoscaler"), ("keda.sh", "ScaledObject"))

TWO_WRITERS = Rule(
    "replicas-beside-autoscaler",
    Severity.HARM,
    "Meshroll",
    "A Rollout has `replicas` in Git, and a HorizontalPodAutoscaler or ScaledObject scales it.",
    "Every sync sets the number of Git, and the autoscaler its own, by turns: a release under load starts by removing "
    "pods.",
    "Leave `replicas` out of the Rollout.",
)
RULES = (TWO_WRITERS,)


def check(item: Item, objects: Objects) -> Iterator[Flaw]:
    """The Rollout that an autoscaler scales."""
    target = at(item.body, "spec", "scaleTargetRef") or {}
    if target.get("kind") != "Rollout":
        return
    rollout = objects.get(ARGO, "Rollout", item.namespace, str(target.get("name")), item)
    if rollout is not None and rollout.judged and rollout.spec("replicas") is not None:
        message = f"Rollout {rollout.name} has {rollout.spec('replicas')} replicas in Git"
        yield TWO_WRITERS.found("/spec/scaleTargetRef", message, rollout.number)
