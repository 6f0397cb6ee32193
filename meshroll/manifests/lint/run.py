"""Every rule on every object."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from typing import Any

from meshroll.manifests.index import Object
from meshroll.manifests.lint import fields
from meshroll.manifests.lint.model import Flaw, Options, Rule, Severity
from meshroll.manifests.lint.objects import ARGO, ISTIO, Item, Objects
from meshroll.manifests.lint.plugin import PLUGIN
from meshroll.manifests.lint.rollout import Rollout
from meshroll.manifests.lint.rules import (
    analysis,
    destinations,
    duplicates,
    gateways,
    ingresses,
    lanes,
    mesh,
    order,
    pods,
    references,
    rewritten_routes,
    scaling,
    shadows,
    steered_routes,
    step_routes,
    steps,
    strategy,
    subsets,
)
from meshroll.yamltext import Date

NOT_JUDGED = Rule(
    "not-judged",
    Severity.NOTE,
    "Meshroll",
    "A file, a folder or an object that was not looked at: it cannot be read, it is a chart's template, something is "
    "made of it first (Kustomize, Helm), or there is too much of it.",
    "Nothing is known of what does not fit together there.",
    "Mend what the finding names; release from the folder that Argo CD applies rather than from one above many.",
)
RULES: tuple[Rule, ...] = (
    *fields.RULES,
    *pods.RULES,
    *strategy.RULES,
    *steps.RULES,
    *step_routes.RULES,
    *analysis.RULES,
    *ingresses.RULES,
    *references.RULES,
    *order.RULES,
    *steered_routes.RULES,
    *rewritten_routes.RULES,
    *lanes.RULES,
    *shadows.RULES,
    *subsets.RULES,
    *destinations.RULES,
    *mesh.RULES,
    *gateways.RULES,
    *scaling.RULES,
    *duplicates.RULES,
    PLUGIN,
    NOT_JUDGED,
)
_ROLLOUT_CHECKS = (
    pods.check,
    strategy.check,
    steps.check,
    step_routes.check,
    analysis.check,
    ingresses.check,
    references.check,
    order.check,
    steered_routes.check,
    rewritten_routes.check,
    lanes.check,
    shadows.check,
    subsets.check_rollout,
)


def lint(
    objects: Sequence[Object],
    files: Sequence[str] = (),
    *,
    complete: bool = False,
    options: Options | None = None,
) -> list[Flaw]:
    """All findings about a set of objects, in their order.

    Args:
        objects: The objects as they will be after a change.
        files: The file of each, to tell the folders of several environments apart.
        complete: Whether these are all there will be, so that what is named and not here is wrong.
        options: What comes from the stack: the ports of its gateways, and what it waives.
    """
    options = options or Options()
    plain = [_plain(item) for item in objects]
    flaws = [replace(flaw, number=number) for number, item in enumerate(plain) for flaw in fields.check(item)]
    found = Objects(plain, files, {flaw.number for flaw in flaws}, complete=complete)
    for item in found.items:
        if item.judged:
            flaws += [replace(flaw, number=item.number) for flaw in _judged(item, found, options.gateway_ports)]
    for pairs in (mesh.check, gateways.check_clashes, duplicates.check):
        flaws += [replace(flaw, number=item.number) for item, flaw in pairs(found)]
    titled = [replace(flaw, title=found.items[flaw.number].title) for flaw in flaws]
    reported = [flaw for flaw in titled if not any(waiver.covers(flaw) for waiver in options.waivers)]
    return sorted(dict.fromkeys(reported), key=lambda flaw: flaw.number)


def _judged(item: Item, objects: Objects, gateway_ports: Collection[int]) -> list[Flaw]:
    """The findings about one object; one of an unforeseen shape is reported as not judged."""
    try:
        return list(_one(item, objects, gateway_ports))
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        return [NOT_JUDGED.found("", f"its shape is not as expected ({type(error).__name__}: {error})")]


def _one(item: Item, objects: Objects, gateway_ports: Collection[int]) -> Iterator[Flaw]:
    match (item.group, item.kind):
        case (group, "Rollout") if group == ARGO:
            rollout = Rollout(item, objects)
            for check in _ROLLOUT_CHECKS:
                yield from check(rollout)
        case (group, "VirtualService") if group == ISTIO:
            steered = objects.once("steered routes", lambda: _steered(objects))
            yield from destinations.check(item, objects, steered)
            yield from gateways.check_virtual_service(item, objects)
        case (group, "DestinationRule") if group == ISTIO:
            yield from subsets.check_destination_rule(item, objects)
        case (group, "Gateway") if group == ISTIO:
            yield from gateways.check_ports(item, gateway_ports)
        case pair if pair in scaling.SCALERS:
            yield from scaling.check(item, objects)


def _steered(objects: Objects) -> frozenset[tuple[int, str, int]]:
    """The routes that Rollouts steer: the number of the VirtualService, the protocol, the place."""
    return frozenset(
        (virtual.number, kind, place)
        for item in objects.of(ARGO, "Rollout")
        for rollout in [Rollout(item, objects)]
        for reference, virtual in rollout.found_virtual_services()
        for kind in ("http", "tls", "tcp")
        for place in steered_routes.steered(reference, virtual, kind)
    )


def _plain(value: Any) -> Any:
    """A value as an API server takes it: an unquoted date is the text that it was."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value.text if isinstance(value, Date) else value
