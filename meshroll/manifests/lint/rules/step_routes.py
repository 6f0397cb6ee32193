"""The steps that make routes of their own: setHeaderRoute and setMirrorRoute."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from meshroll.manifests.lint.model import Flaw, Rule, Severity
from meshroll.manifests.lint.rollout import ROUTING, STEPS, Rollout

OWNER = "Argo Rollouts"

ROUTER = Rule(
    "route-step-router",
    Severity.ERROR,
    OWNER,
    "setHeaderRoute or setMirrorRoute with a traffic router that has no such routes, or without one.",
    "The Rollout is InvalidSpec.",
    "Use Istio, or for headers ALB or Apisix too.",
)
MATCH = Rule(
    "route-step-match",
    Severity.ERROR,
    OWNER,
    "A match that does not have exactly one of exact, prefix and regex (ALB: exact).",
    "The Rollout is InvalidSpec.",
    "Give each match one value that is not empty.",
)
MANAGED = Rule(
    "route-step-managed",
    Severity.ERROR,
    OWNER,
    "A step makes a route that managedRoutes does not name.",
    "The Rollout is InvalidSpec: Argo Rollouts would not know which routes to remove.",
    "Add the route's name to trafficRouting.managedRoutes.",
)
RULES = (ROUTER, MATCH, MANAGED)


def check(rollout: Rollout) -> Iterator[Flaw]:
    """All that is wrong with the steps that make routes."""
    routing = rollout.routing
    for number, step in enumerate(rollout.steps):
        header, mirror = step.get("setHeaderRoute"), step.get("setMirrorRoute")
        if header is not None:
            pointer = f"{STEPS}/{number}/setHeaderRoute"
            if not _able(routing, "istio", "alb", "apisix"):
                yield ROUTER.found(pointer, "there is no traffic router that makes routes by header")
            else:
                only_exact = (routing or {}).get("alb") is not None
                for index, match in enumerate(header.get("match") or ()):
                    at = f"{pointer}/match/{index}"
                    yield from _match(match["headerValue"], f"header {match['headerName']}", at, only_exact=only_exact)
            yield from _managed(rollout, header, pointer)
        if mirror is not None:
            pointer = f"{STEPS}/{number}/setMirrorRoute"
            if not _able(routing, "istio"):
                yield ROUTER.found(pointer, "there is no traffic router that mirrors")
            for index, match in enumerate(mirror.get("match") or ()):
                for key in ("method", "path"):
                    if match.get(key) is not None:
                        yield from _match(match[key], key, f"{pointer}/match/{index}/{key}")
            yield from _managed(rollout, mirror, pointer)


def _able(routing: Mapping[str, Any] | None, *routers: str) -> bool:
    if routing is None:
        return False
    return any(routing.get(router) is not None for router in routers) or bool(routing.get("plugins"))


def _match(value: Mapping[str, Any], what: str, pointer: str, *, only_exact: bool = False) -> Iterator[Flaw]:
    there = [key for key in ("exact", "prefix", "regex") if value.get(key)]
    if only_exact and there != ["exact"]:
        yield MATCH.found(pointer, f"the match of {what} must be exact for ALB")
    elif len(there) != 1:
        message = f"the match of {what} has {' and '.join(there)}" if there else f"the match of {what} has no value"
        yield MATCH.found(pointer, message)


def _managed(rollout: Rollout, route: Mapping[str, Any], pointer: str) -> Iterator[Flaw]:
    if rollout.routing is None:
        return
    name = str(route.get("name") or "")
    if not rollout.managed_routes and rollout.routing.get("managedRoutes") is None:
        yield MANAGED.found(f"{ROUTING}/managedRoutes", f"there are none, and a step makes the route {name}")
    elif name not in rollout.managed_routes:
        yield MANAGED.found(f"{pointer}/name", f"{name or 'a route without a name'} is not among the managed routes")
