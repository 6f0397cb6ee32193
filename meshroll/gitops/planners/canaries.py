"""How a service's Rollout takes a change: the timeline of its canary, as far as it is in the repository.

Where no canary will run the timeline says why: the pod template stays as it is, or the pods are not a Rollout's.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any

from meshroll.errors import BadInputError
from meshroll.gitops.git import Git, TreeEntry, Trees
from meshroll.gitops.planners.files import Files
from meshroll.gitops.planners.locations import Location
from meshroll.gitops.planners.workloads import TEMPLATE, Workload, workloads
from meshroll.gitops.plans import Canary
from meshroll.manifests.index import at
from meshroll.manifests.timeline import Timeline, timeline
from meshroll.yamltext import Date, Text, join_pointer, parse, split_pointer

SAME_PODS = "the pod template stays as it is"
# Kinds that hold no pod template and no values of one. (Kustomize may make pods of a ConfigMap: see `_changes_pods`.)
_APART = frozenset(
    {
        "AnalysisTemplate",
        "ConfigMap",
        "DestinationRule",
        "Gateway",
        "HorizontalPodAutoscaler",
        "Ingress",
        "NetworkPolicy",
        "PodDisruptionBudget",
        "ScaledObject",
        "Secret",
        "Service",
        "ServiceAccount",
        "VirtualService",
    }
)


def canaries(
    files: Files, service: str, places: Sequence[Location] = (), version: str | None = None, *, undone: int = 0
) -> list[Canary]:
    """The canary of the Rollout that holds one of the places, else of the one of the service's name below the path.

    The latter is beside a patch, the image of a kustomization, a chart's values, or the pods of a Deployment that
    it takes over. None where it is not below the path, or several go different ways. `version` is the places' new
    one, `undone` how many releases the change takes back.
    """
    found = _rollouts(files, service, [place.workload for place in places if place.workload], undone)
    if version is not None and not any(_changes_pods(files, place, version) for place in places):
        return [Canary(canary.service, canary.timeline.without_canary(SAME_PODS)) for canary in found]
    return found


def canaries_below(
    git: Git, trees: Trees, tree: str, paths: Collection[str], service: str, *, undone: int = 0
) -> list[Canary]:
    """The same for each path of a tree."""
    found: list[Canary] = []
    for path in sorted(paths):
        with suppress(BadInputError):  # a field may have named a file elsewhere, and the path be gone
            found += canaries(Files(git, trees, tree, path), service, undone=undone)
    return list(dict.fromkeys(found))


def canaries_changed(
    trees: Trees, tree: str, changed: Mapping[str, tuple[str, str] | None], service: str, *, undone: int = 0
) -> list[Canary]:
    """The canaries of the service's Rollouts in the files (mode, blob) that a change puts in place in a tree."""
    found: list[Canary] = []
    for file, change in changed.items():
        if change is not None:
            with suppress(BadInputError):  # not a manifest
                text = parse(trees.read(TreeEntry(change[0], "blob", change[1]), file), file)
                before = {item.name: item for item in _of(service, workloads(_before(trees, tree, file)))}
                for item in _of(service, workloads([text])):
                    pods = item.name in before and before[item.name].value(*TEMPLATE) == item.value(*TEMPLATE)
                    laid = timeline(_object(item), undone=undone)
                    found.append(Canary(service, laid.without_canary(SAME_PODS) if pods else laid))
    return list(dict.fromkeys(found))


def canary_of_rendered(service: str, before: Mapping[str, Any] | None, after: Mapping[str, Any]) -> Canary:
    """The canary of a Rollout that is written whole; `before` is the one in Git."""
    laid = timeline(after)
    if before is None:
        return Canary(service, laid.without_canary("it is the first release"))
    same = at(before, *TEMPLATE) == at(after, *TEMPLATE)
    return Canary(service, laid.without_canary(SAME_PODS) if same else laid)


def _rollouts(files: Files, service: str, holders: Sequence[Workload], undone: int) -> list[Canary]:
    held = _laid(service, _of(service, holders), undone)
    if held:
        return held[:1]
    near: list[Workload] = list(holders)
    with suppress(BadInputError):  # a single file that is not a manifest, where a field names another
        near += workloads(files.mentioning(service))
    taken = {(item.kind, item.name) for item in holders}
    rollouts = [item for item in near if item.kind == "Rollout"]
    by_name = not holders or any(item.kind == "Rollout" for item in holders)  # else they are not the Rollout's pods
    own = [item for item in rollouts if (by_name and item.name == service) or item.reference in taken]
    found = _laid(service, [item for item in own if _is_whole(item)], undone)
    if found:
        return found if len(found) == 1 else []
    others = [item for item in near if item.kind != "Rollout" and item.name == service]
    if own or not others:
        return []
    return [Canary(service, Timeline((), none=f"{others[0].kind} {service} is not a Rollout"))]


def _laid(service: str, every: Iterable[Workload], undone: int) -> list[Canary]:
    return list(dict.fromkeys(Canary(service, timeline(_object(item), undone=undone)) for item in every))


def _of(service: str, every: Iterable[Workload]) -> list[Workload]:
    return [item for item in every if (item.kind, item.name) == ("Rollout", service) and _is_whole(item)]


def _is_whole(item: Workload) -> bool:
    """Whether a Rollout says how it is delivered: a patch may say nothing of the steps."""
    if item.value("spec", "strategy", "canary", "steps") or item.value("spec", "strategy", "blueGreen") is not None:
        return True
    whole = item.value("spec", "selector") is not None or item.reference is not None
    return whole and item.value("spec", "strategy", "canary") is not None


def _object(item: Workload) -> Any:
    return item.text.value(join_pointer(item.tokens))


def _before(trees: Trees, tree: str, file: str) -> list[Text]:
    entry = trees.find(tree, file)
    return [parse(trees.read(entry, file), file)] if entry is not None and entry.is_file else []


def _changes_pods(files: Files, place: Location, version: str) -> bool:
    """Whether a place's new version makes another pod template, as far as can be seen."""
    value, new = place.scalar.value, place.after(version)
    if value == new or (isinstance(value, Date) and value.text == new):
        return False
    index, *tokens = split_pointer(place.pointer)
    document = place.text.documents[int(index)]
    if place.workload is not None or not isinstance(document, dict):
        return True
    kind = document.get("kind")
    if kind in ("Rollout", "Deployment"):
        return tuple(tokens[: len(TEMPLATE)]) == TEMPLATE
    return kind not in _APART or any(files.kustomizations())
