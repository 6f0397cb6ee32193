"""Rollouts that Argo CD applies before what they name."""

from __future__ import annotations

from tests.support.lint.objects import NAME, Object, by_kind, routing_of
from tests.support.lint.variations import (
    Change,
    analysed,
    analysis_template,
    changed,
    services,
    subsets,
    taking_over,
)


def annotated(kind: str, **annotations: str) -> Change:
    def change(objects: list[Object]) -> None:
        own = {f"argocd.argoproj.io/{key.replace('_', '-')}": value for key, value in annotations.items()}
        by_kind(objects, kind)["metadata"]["annotations"] = own

    return change


def renamed_rule(name: str) -> Change:
    def change(objects: list[Object]) -> None:
        by_kind(objects, "DestinationRule")["metadata"]["name"] = name
        routing_of(objects)["istio"]["destinationRule"]["name"] = name

    return change


BAD: list[tuple[str, list[Object]]] = [
    ("rollout-wave-first", services(annotated("Rollout", sync_wave="-1"))),
    ("rollout-wave-first", services(annotated("VirtualService", sync_wave="1"))),
    ("rollout-wave-first", subsets(annotated("DestinationRule", sync_wave="2"), annotated("Rollout", sync_wave="1"))),
    ("rollout-wave-first", subsets(annotated("DestinationRule", hook="PostSync"))),
    ("rollout-wave-first", changed(taking_over(), annotated("Deployment", sync_wave="1"))),
    ("rollout-wave-first", changed(analysed(analysis_template()), annotated("AnalysisTemplate", sync_wave="1"))),
    ("rollout-applied-first", subsets(renamed_rule(f"{NAME}-rule"))),
]
GOOD: list[tuple[str, list[Object]]] = [
    ("a Rollout in a later wave", subsets(annotated("Rollout", sync_wave="1"), renamed_rule(f"{NAME}-rule"))),
    ("all in a wave of their own", services(annotated("Rollout", sync_wave="0"), annotated("Service", sync_wave="-5"))),
    ("a wave that is not a number", services(annotated("Service", sync_wave="last"))),
    ("routes before a Rollout", subsets(annotated("DestinationRule", hook="PreSync"))),
    ("an object that Argo CD does not apply", services(annotated("VirtualService", hook="Skip", sync_wave="3"))),
    (
        "a DestinationRule before the VirtualService that the Rollout waits for",
        subsets(
            renamed_rule(f"{NAME}-rule"),
            lambda o: by_kind(o, "VirtualService")["metadata"].update(name=f"{NAME}-ways"),
            lambda o: routing_of(o)["istio"]["virtualService"].update(name=f"{NAME}-ways"),
        ),
    ),
]
