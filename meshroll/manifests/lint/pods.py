"""Which pods there will be, and which of them a Service selects."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from meshroll.manifests.index import at
from meshroll.manifests.lint.objects import APPS, ARGO, Item, Objects, agree, carries
from meshroll.manifests.lint.rollout import HASH_LABEL, Rollout

_KINDS = ((ARGO, "Rollout"), (APPS, "Deployment"), (APPS, "StatefulSet"), (APPS, "DaemonSet"))
IDENTITY = ("app", "app.kubernetes.io/name", "app.kubernetes.io/instance", "k8s-app", "name", "service")


def labels_of(workload: Item, objects: Objects) -> Mapping[str, Any]:
    """The labels of a workload's pods; none where they are not known."""
    if workload.kind == "Rollout":
        return Rollout(workload, objects).labels or {}
    return at(workload.body, "spec", "template", "metadata", "labels") or {}


def workloads_of(service: Item, objects: Objects) -> list[Item]:
    """The workloads that can be meant by a Service: those whose pods share an identity label with its selector."""
    by_label = objects.once("workloads by label", lambda: _by_label(objects))
    selector = selector_of(service)
    keys = [key for key in IDENTITY if key in selector] or list(selector)[:1]
    found: dict[int, Item] = {}
    for key in keys:
        for item in by_label.get((key, selector[key]), ()):
            if agree(item.namespace, service.namespace) and objects.together(item, service):
                found[item.number] = item
    return list(found.values())


def backing(service: Item, objects: Objects) -> list[Item]:
    """The workloads whose pods a Service selects."""
    selector = selector_of(service)
    return [item for item in workloads_of(service, objects) if carries(labels_of(item, objects), selector)]


def selector_of(service: Item) -> dict[str, Any]:
    """A Service's selector without the hash that Argo Rollouts adds."""
    found = at(service.body, "spec", "selector") or {}
    return {key: value for key, value in found.items() if key != HASH_LABEL}


def _by_label(objects: Objects) -> dict[tuple[str, Any], list[Item]]:
    found: dict[tuple[str, Any], list[Item]] = {}
    for group, kind in _KINDS:
        for item in objects.of(group, kind):
            for pair in labels_of(item, objects).items():
                found.setdefault(pair, []).append(item)
    return found
