"""Routes that no request reaches, because one before them takes all."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from meshroll.manifests.lint.model import Flaw, Rule, Severity
from meshroll.manifests.lint.rollout import Rollout
from meshroll.manifests.lint.rules.steered_routes import routes_of, steered

SHADOWED = Rule(
    "route-shadowed",
    Severity.HARM,
    "Istio",
    "A route that takes every request stands before the steered one.",
    "The weights act on nothing: every request goes where the earlier route leads.",
    "Put the steered route first, or give the other a match.",
)
RULES = (SHADOWED,)


def check(rollout: Rollout) -> Iterator[Flaw]:
    """Steered routes behind a catch-all."""
    for reference, item in rollout.found_virtual_services():
        for kind in ("http", "tcp"):
            routes = routes_of(item, kind)
            named = reference.routes if kind == "http" else reference.tcp
            chosen = steered(reference, item, kind) if named or len(routes) == 1 else []
            for place in dict.fromkeys(chosen):
                before = next((index for index in range(min(place, len(routes))) if _takes_all(routes[index])), None)
                if before is not None and before not in chosen:
                    name = routes[before].get("name") or before
                    message = f"the {kind} route {name} of VirtualService {item.name} takes every request before it"
                    yield SHADOWED.found(reference.pointer, message, item.number)


def _takes_all(route: Mapping[str, Any]) -> bool:
    matches = route.get("match") or ()
    return not matches or any(_is_open(match) for match in matches)


def _is_open(match: Mapping[str, Any]) -> bool:
    conditions = {key: value for key, value in match.items() if key not in {"name", "ignoreUriCase"} and value}
    if not conditions:
        return True
    uri = conditions.get("uri", {})
    return list(conditions) == ["uri"] and (uri.get("prefix") == "/" or uri.get("regex") in {".*", "/.*", "^.*$"})
