"""A Rollout's strategy but for its steps: which one, its Services, how it scales."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from meshroll.manifests.index import at
from meshroll.manifests.lint.model import Flaw, Rule, Severity
from meshroll.manifests.lint.rollout import CANARY, ROUTING, STRATEGY, WHOLE, Rollout

OWNER = "Argo Rollouts"
DEFAULT_REVISION_HISTORY = 10
_ROUTERS_WITH_SERVICES = ("smi", "apisix", "ambassador", "nginx", "appMesh", "traefik")

STRATEGIES = Rule(
    "strategy-exactly-one",
    Severity.ERROR,
    OWNER,
    "A Rollout with neither canary nor blueGreen, or with both.",
    "The Rollout is InvalidSpec: nothing of it is rolled out.",
    "Keep one of the two.",
)
SURGE = Rule(
    "strategy-no-surge",
    Severity.ERROR,
    OWNER,
    "maxSurge and maxUnavailable are both zero.",
    "The Rollout is InvalidSpec: no pod could ever be replaced.",
    "Let one of the two be more than zero.",
)
SERVICES_APART = Rule(
    "services-apart",
    Severity.ERROR,
    OWNER,
    "One Service for both sides: stable and canary, ping and pong, or active and preview.",
    "The Rollout is InvalidSpec: the versions could not be distinguished.",
    "Make a second Service and name it.",
)
SERVICES_NAMED = Rule(
    "services-named",
    Severity.ERROR,
    OWNER,
    "Traffic is routed between Services, and stableService or canaryService is not named.",
    "The Rollout is InvalidSpec.",
    "Name both Services, or route between two subsets of a DestinationRule.",
)
PING_PONG = Rule(
    "ping-pong",
    Severity.ERROR,
    OWNER,
    "pingPong without the name of a Service, with a traffic router that cannot do it, or with ALB and no root Service.",
    "The Rollout is InvalidSpec.",
    "Name both Services; use Istio, ALB (with rootService) or a plug-in.",
)
ROUTING_NEEDED = Rule(
    "traffic-routing-needed",
    Severity.ERROR,
    OWNER,
    "scaleDownDelaySeconds or dynamicStableScale in a canary without traffic routing.",
    "The Rollout is InvalidSpec: both mean something only where traffic is routed.",
    "Remove the field, or add trafficRouting.",
)
DYNAMIC_SCALE = Rule(
    "dynamic-scale-with-delay",
    Severity.ERROR,
    OWNER,
    "dynamicStableScale together with scaleDownDelaySeconds.",
    "The Rollout is InvalidSpec: the old pods cannot be scaled with the weight and kept for a delay.",
    "Keep one of the two.",
)
MAX_WEIGHT = Rule(
    "max-traffic-weight",
    Severity.ERROR,
    OWNER,
    "maxTrafficWeight with a traffic router other than nginx or a plug-in, Istio for instance.",
    "The Rollout is InvalidSpec.",
    "Remove maxTrafficWeight: with Istio, weights are percentages.",
)
ANTI_AFFINITY = Rule(
    "anti-affinity",
    Severity.ERROR,
    OWNER,
    "antiAffinity with both of its kinds or neither, or a preference whose weight is not 1 to 100.",
    "The Rollout is InvalidSpec.",
    "Keep one kind; write a weight from 1 to 100.",
)
REVISIONS = Rule(
    "scale-down-revisions",
    Severity.ERROR,
    OWNER,
    "blueGreen's scaleDownDelayRevisionLimit is above revisionHistoryLimit (10 where it is not set).",
    "The Rollout is InvalidSpec.",
    "Raise revisionHistoryLimit, or lower the other.",
)
RULES = (
    STRATEGIES,
    SURGE,
    SERVICES_APART,
    SERVICES_NAMED,
    PING_PONG,
    ROUTING_NEEDED,
    DYNAMIC_SCALE,
    MAX_WEIGHT,
    ANTI_AFFINITY,
    REVISIONS,
)


def check(rollout: Rollout) -> Iterator[Flaw]:
    """All that is wrong with a Rollout's strategy."""
    strategy = rollout.value("strategy") or {}
    there = [key for key in ("canary", "blueGreen") if strategy.get(key) is not None]
    if len(there) != 1:
        message = "there is a canary beside blueGreen" if there else "there is neither canary nor blueGreen"
        yield STRATEGIES.found(STRATEGY, message)
    elif rollout.canary is not None:
        yield from _canary(rollout.canary)
    elif rollout.blue_green is not None:
        yield from _blue_green(rollout, rollout.blue_green)


def _canary(canary: Mapping[str, Any]) -> Iterator[Flaw]:
    if _amount(canary.get("maxSurge"), 25) == 0 and _amount(canary.get("maxUnavailable"), 25) == 0:
        yield SURGE.found(f"{CANARY}/maxSurge", "maxSurge and maxUnavailable are both zero")
    stable, new = canary.get("stableService"), canary.get("canaryService")
    if stable and stable == new:
        yield SERVICES_APART.found(f"{CANARY}/canaryService", f"stable and canary are both Service {stable}")
    routing = canary.get("trafficRouting")
    yield from _ping_pong(canary.get("pingPong"), routing)
    if _needs_services(canary, routing):
        for key in ("stableService", "canaryService"):
            if not canary.get(key):
                yield SERVICES_NAMED.found(f"{CANARY}/{key}", f"traffic routing needs a {key}")
    yield from _scaling(canary, routing)
    yield from _anti_affinity(canary, CANARY)


def _ping_pong(ping_pong: Mapping[str, Any] | None, routing: Mapping[str, Any] | None) -> Iterator[Flaw]:
    if ping_pong is None:
        return
    pointer = f"{CANARY}/pingPong"
    if routing is not None and not _has(routing, "alb", "istio") and not routing.get("plugins"):
        yield PING_PONG.found(pointer, "its traffic router cannot do it")
    for key in ("pingService", "pongService"):
        if not ping_pong.get(key):
            yield PING_PONG.found(f"{pointer}/{key}", f"{key} is empty")
    if ping_pong.get("pingService") == ping_pong.get("pongService"):
        yield SERVICES_APART.found(pointer, f"ping and pong are both Service {ping_pong.get('pingService')}")
    alb = at(routing, "alb")
    if alb is not None and not alb.get("rootService"):
        yield PING_PONG.found(f"{ROUTING}/alb/rootService", "ALB needs a root Service for it")


def _needs_services(canary: Mapping[str, Any], routing: Mapping[str, Any] | None) -> bool:
    if routing is None:
        return False
    alternating = canary.get("pingPong") is not None
    if routing.get("alb") is not None and not alternating:
        return True
    istio = routing.get("istio")
    if istio is not None and istio.get("destinationRule") is None and not alternating:
        return True
    return _has(routing, *_ROUTERS_WITH_SERVICES)


def _scaling(canary: Mapping[str, Any], routing: Mapping[str, Any] | None) -> Iterator[Flaw]:
    delayed, dynamic = canary.get("scaleDownDelaySeconds") is not None, bool(canary.get("dynamicStableScale"))
    if routing is None:
        for key, there in (("scaleDownDelaySeconds", delayed), ("dynamicStableScale", dynamic)):
            if there:
                yield ROUTING_NEEDED.found(f"{CANARY}/{key}", f"{key} needs traffic routing")
        return
    if delayed and dynamic:
        message = "dynamicStableScale cannot stand beside scaleDownDelaySeconds"
        yield DYNAMIC_SCALE.found(f"{CANARY}/dynamicStableScale", message)
    if routing.get("maxTrafficWeight") is not None and routing.get("nginx") is None and not routing.get("plugins"):
        yield MAX_WEIGHT.found(f"{ROUTING}/maxTrafficWeight", "only nginx and plug-ins have a maxTrafficWeight")


def _blue_green(rollout: Rollout, blue_green: Mapping[str, Any]) -> Iterator[Flaw]:
    pointer = f"{STRATEGY}/blueGreen"
    if blue_green.get("activeService") == blue_green.get("previewService"):
        name = blue_green.get("activeService")
        yield SERVICES_APART.found(f"{pointer}/previewService", f"active and preview are both Service {name}")
    history = rollout.value("revisionHistoryLimit")
    history = DEFAULT_REVISION_HISTORY if history is None else history
    limit = blue_green.get("scaleDownDelayRevisionLimit")
    if limit is not None and history < limit:
        message = f"{limit} revisions stay scaled up, and {history} are kept"
        yield REVISIONS.found(f"{pointer}/scaleDownDelayRevisionLimit", message)
    yield from _anti_affinity(blue_green, pointer)


def _anti_affinity(strategy: Mapping[str, Any], pointer: str) -> Iterator[Flaw]:
    found = strategy.get("antiAffinity")
    if found is None:
        return
    preferred = found.get("preferredDuringSchedulingIgnoredDuringExecution")
    required = found.get("requiredDuringSchedulingIgnoredDuringExecution")
    if (preferred is None) == (required is None):
        message = "it is preferred and required at once" if preferred is not None else "it has no kind"
        yield ANTI_AFFINITY.found(f"{pointer}/antiAffinity", message)
    if preferred is not None and not 1 <= preferred["weight"] <= WHOLE:
        yield ANTI_AFFINITY.found(f"{pointer}/antiAffinity", f"the weight {preferred['weight']} is not 1 to 100")


def _has(routing: Mapping[str, Any], *routers: str) -> bool:
    return any(routing.get(router) is not None for router in routers)


def _amount(value: Any, default: int) -> int:
    """An amount as Argo Rollouts reads it: a number or a percentage; a text that is neither counts as zero."""
    if value is None:
        return default
    text = str(value).removesuffix("%")
    try:
        return int(text)
    except ValueError:
        return 0
