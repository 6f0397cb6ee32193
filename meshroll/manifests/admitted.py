"""What an AppProject admits: what services usually consist of, and what the objects in Git need besides.

Argo CD reads an AppProject's lists as patterns, so that a name from Git is taken only where it is a plain one. A list
of kinds that is empty admits every kind: there are always some.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from meshroll.manifests.index import Object, namespace_of, title

# Of these, whoever may push to the branch could give themselves the rights of Argo CD: a stack must name them.
GRANTING_GROUPS = frozenset({"rbac.authorization.k8s.io"})
GRANTING_KINDS = frozenset(f"{kind}.argoproj.io" for kind in ("Application", "ApplicationSet", "AppProject"))
SYSTEM_NAMESPACES = frozenset({"kube-node-lease", "kube-public", "kube-system"})
_CORE = ("ConfigMap", "PersistentVolumeClaim", "Secret", "Service", "ServiceAccount")
_NAMED = {
    "apps": ("DaemonSet", "Deployment", "StatefulSet"),
    "argoproj.io": ("AnalysisTemplate", "Rollout"),
    "autoscaling": ("HorizontalPodAutoscaler",),
    "batch": ("CronJob", "Job"),
    "networking.istio.io": ("DestinationRule", "Gateway", "ServiceEntry", "Sidecar", "VirtualService"),
    "networking.k8s.io": ("Ingress", "NetworkPolicy"),
    "policy": ("PodDisruptionBudget",),
}
# What a service usually consists of: none of it grants rights, and a file more in Git needs no `pulumi up` first.
USUAL = tuple(sorted({*_CORE, *(f"{kind}.{group}" for group, kinds in _NAMED.items() for kind in kinds)}))
_KIND = re.compile(r"[A-Z][A-Za-z0-9]*(\.[a-z0-9]([a-z0-9.-]*[a-z0-9])?)?")
_NAMESPACE = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")


@dataclass(frozen=True)
class Admit:
    """What a stack admits whatever is in Git: kinds as `Kind.group`, and namespaces."""

    kinds: tuple[str, ...] = ()
    namespaces: tuple[str, ...] = ()


NOTHING_MORE = Admit()


@dataclass(frozen=True)
class Admitted:
    """Kinds as `Kind.group`, both sorted; `refused` says in a sentence each what a stack has to name."""

    kinds: tuple[str, ...]
    namespaces: tuple[str, ...]
    refused: tuple[str, ...] = ()


def admitted(
    objects: Iterable[Object],
    *,
    namespaces: Iterable[str] = (),
    admit: Admit = NOTHING_MORE,
    closed: Iterable[str] = (),
) -> Admitted:
    """What objects need, of what Git may decide, and what a stack `admit`s besides.

    `namespaces` are those that objects will be in beside their own; Git decides on no `closed` one.
    """
    items = list(objects)
    kinds, refused = {*USUAL, *admit.kinds}, dict[str, None]()
    for item in items:
        kind = kind_of(item)
        if kind in kinds:
            continue
        if _KIND.fullmatch(kind) and kind not in GRANTING_KINDS and kind.partition(".")[2] not in GRANTING_GROUPS:
            kinds.add(kind)
        else:
            refused[f"the AppProject does not admit {title(item)}: {_named('kinds', kind)}"] = None
    never = SYSTEM_NAMESPACES | set(closed)
    wanted = {*namespaces, *map(namespace_of, items)} - {"", *admit.namespaces}
    allowed = {name for name in wanted if _NAMESPACE.fullmatch(name) and name not in never}
    for name in sorted(wanted - allowed):
        refused[f"the AppProject does not admit namespace {name}: {_named('namespaces', name)}"] = None
    return Admitted(tuple(sorted(kinds)), tuple(sorted({*allowed, *admit.namespaces})), tuple(refused))


def kind_of(item: Object) -> str:
    """An object's kind as kubectl writes it: `Rollout.argoproj.io`, `Service`."""
    group, slash, _ = str(item.get("apiVersion") or "").partition("/")
    return f"{item.get('kind') or ''}.{group}" if slash else str(item.get("kind") or "")


def _named(key: str, name: str) -> str:
    return f"expected {name} under meshroll:argocd.admit.{key} where Git may decide it"
