"""The order in which Argo CD applies a Rollout and the objects that it names.

Argo CD applies by phase, then sync wave, then kind, then name (gitops-engine's sync tasks), and goes on to the next
wave when all of one is Healthy. All kinds that a Rollout names come before it within a wave, but for those of custom
resources, which have one rank with it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from meshroll.manifests.index import at
from meshroll.manifests.lint.model import Flaw, Rule, Severity
from meshroll.manifests.lint.objects import CORE, Item, above
from meshroll.manifests.lint.rollout import ROUTING, Rollout
from meshroll.manifests.lint.rules.analysis import templates_of

OWNER = "Argo CD"
WAVE = "argocd.argoproj.io/sync-wave"
HOOK = "argocd.argoproj.io/hook"
_PHASES = {"PreSync": -1, "Sync": 0, "PostSync": 1}
_NUMBER = re.compile(r"[+-]?\d+")

EARLIER = Rule(
    "rollout-wave-first",
    Severity.HARM,
    OWNER,
    "A Rollout stands in an earlier sync wave or phase than an object that it names.",
    "Where they are applied for the first time, Argo CD waits for the Rollout to be Healthy before it applies the "
    "later wave, and the Rollout waits for the object: the sync fails or never ends.",
    "Put the Rollout into the wave of what it names, or better a later one.",
)
RACE = Rule(
    "rollout-applied-first",
    Severity.HARM,
    OWNER,
    "A Rollout comes before its DestinationRule within one sync wave, where Argo CD goes by the names.",
    "Where they are applied for the first time and the DestinationRule follows some tenths of a second later, Argo "
    "Rollouts has forgotten the Rollout: it stays without pods until the next resync, 15 minutes later.",
    "Put the Rollout into a later wave, with the annotation argocd.argoproj.io/sync-wave.",
)
RULES = (EARLIER, RACE)


def check(rollout: Rollout) -> Iterator[Flaw]:
    """Objects of the Rollout's own folder, or of one above or below it, that are applied after it."""
    own = _position(rollout.item)
    if own is None:
        return
    named = [(pointer, item, place) for pointer, item in _named(rollout) if (place := _position(item)) is not None]
    for pointer, item, place in named:
        if place > own:
            message = f"it is applied {_when(own)}, before {item.title} {_when(place)}"
            yield EARLIER.found(pointer, message, item.number)
    rule = rollout.found_destination_rule()
    if rule is None or _position(rule) != own or not _beside(rollout.item, rule) or rule.name <= rollout.name:
        return
    # Until the last of the other objects is there, the Rollout is InvalidSpec, and is looked at again.
    if not any(
        place > own or (place == own and item.name > rule.name and _is_custom(item)) for _, item, place in named
    ):
        message = f"Argo CD applies it before {rule.title}, which follows by its name in the same wave"
        yield RACE.found(f"{ROUTING}/istio/destinationRule/name", message, rule.number)


def _named(rollout: Rollout) -> Iterator[tuple[str, Item]]:
    """What must be there for the Rollout to become Healthy, as far as it is here."""
    found: list[tuple[str, Item | None]] = [
        (pointer, rollout.objects.get(CORE, "Service", rollout.namespace, name, rollout.item))
        for pointer, name in rollout.services
    ]
    found += [(f"{reference.pointer}/name", item) for reference, item in rollout.found_virtual_services()]
    found.append((f"{ROUTING}/istio/destinationRule/name", rollout.found_destination_rule()))
    found.append(("/spec/workloadRef/name", rollout.workload))
    found += templates_of(rollout)
    yield from (
        (pointer, item) for pointer, item in found if item is not None and item.judged and _beside(rollout.item, item)
    )


def _beside(one: Item, other: Item) -> bool:
    """Whether one Application can hold both, as far as the folders tell."""
    return one.folder == other.folder or above(one.folder, other.folder) or above(other.folder, one.folder)


def _is_custom(item: Item) -> bool:
    return "." in item.group


def _position(item: Item) -> tuple[int, int] | None:
    """Phase and wave; None for what is not applied, or only when a sync has failed."""
    annotations = at(item.body, "metadata", "annotations") or {}
    hooks = [hook.strip() for hook in str(annotations.get(HOOK) or "Sync").split(",")]
    phases = [_PHASES[hook] for hook in hooks if hook in _PHASES]
    wave = str(annotations.get(WAVE) or "")
    return (min(phases), int(wave) if _NUMBER.fullmatch(wave) else 0) if phases else None


def _when(place: tuple[int, int]) -> str:
    phase = next(name for name, number in _PHASES.items() if number == place[0])
    return f"in wave {place[1]}" if phase == "Sync" else f"in wave {place[1]} of {phase}"
