"""What an AppProject admits: what services usually consist of, and what the objects in Git need besides.

Argo CD reads an AppProject's lists as patterns, so that a name from Git is taken only where it is a plain one. A list
of kinds that is empty admits every kind: there are always some.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from meshroll.manifests.index import Object, namespace_of, title

# With these, whoever may push to the branch could give themselves the rights of Argo CD or of another controller: a
# stack must name them. Roles are roles in every API group, and Flux applies what it is told to by objects of its own.
_GRANTING = re.compile(
    r"\w*(Role|RoleBinding)(\..*)?|(Application|ApplicationSet|AppProject)\.argoproj\.io|.*\.fluxcd\.io"
)
# Where controllers run, with rights that a pod there may take, or whose objects count for every other namespace.
_SYSTEM = re.compile(r"(argo|cert-manager|flux|istio|kube|openshift)(-.*)?|argocd|.*-system")
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
    own: Iterable[str] = (),
    admit: Admit = NOTHING_MORE,
    closed: Iterable[str] = (),
) -> Admitted:
    """What objects need, of what Git may decide, and what a stack `admit`s besides.

    `namespaces` are those that objects will be in beside their own. Git decides on no `closed` one, and on the system's
    only where they are the stack's `own`.
    """
    items = list(objects)
    kinds, refused = {*USUAL, *admit.kinds}, dict[str, None]()
    for item in items:
        kind = kind_of(item)
        if kind in kinds:
            continue
        if _KIND.fullmatch(kind) and not _GRANTING.fullmatch(kind):
            kinds.add(kind)
        else:
            refused[f"the AppProject does not admit {title(item)}: {_named('kinds', kind)}"] = None
    never, ours = set(closed), set(own)
    wanted = {*namespaces, *map(namespace_of, items)} - {"", *admit.namespaces}
    allowed = {
        name
        for name in wanted
        if _NAMESPACE.fullmatch(name) and (name in ours or not (name in never or _SYSTEM.fullmatch(name)))
    }
    for name in sorted(wanted - allowed):
        refused[f"the AppProject does not admit namespace {name}: {_named('namespaces', name)}"] = None
    return Admitted(tuple(sorted(kinds)), tuple(sorted({*allowed, *admit.namespaces})), tuple(refused))


def kind_of(item: Object) -> str:
    """An object's kind as kubectl writes it: `Rollout.argoproj.io`, `Service`."""
    group, slash, _ = str(item.get("apiVersion") or "").partition("/")
    return f"{item.get('kind') or ''}.{group}" if slash else str(item.get("kind") or "")


def _named(key: str, name: str) -> str:
    return f"expected {name} under meshroll:argocd.admit.{key} where Git may decide it"
