"""What a stack's Applications apply, from Git or from the templates, and what follows from it for each of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from meshroll.manifests.admitted import USUAL, admitted
from meshroll.manifests.argocd import ignore_differences
from meshroll.manifests.folders import template_folder
from meshroll.manifests.templates import load_template, rendered_objects
from meshroll.release.selection import ANY_VERSION
from meshroll.release.stack import from_stack
from meshroll.settings.model import Service, Stack


@dataclass(frozen=True)
class ApplicationNeeds:
    """What one cluster's Application must ignore and be allowed to apply, and warnings.

    `namespaces` are those beside the stack's own, `kinds` are written `Kind.group`.
    """

    ignore_differences: Sequence[Mapping[str, Any]]
    namespaces: tuple[str, ...] = ()
    kinds: tuple[str, ...] = USUAL
    warnings: tuple[str, ...] = ()


def application_needs(stack: Stack) -> dict[str, ApplicationNeeds]:
    """The needs of each work cluster's Application. Reads an adopted repository's branch as it is now.

    Raises what reaching the repository raises.
    """
    if stack.repository.kind == "rendered":
        objects = [item for service in stack.services if service.template for item in _rendered(stack, service)]
        return dict.fromkeys(stack.workers, _needs(stack, objects, _ignored(stack, objects)))
    from meshroll.gitops.planners import read_applied  # slow to import, and a rendered stack reads nothing

    folders = {cluster: stack.repository.folder_for(cluster) for cluster in stack.workers}
    read = read_applied(from_stack(stack, stack.workers).remote, folders.values())
    found = {}
    for cluster, folder in folders.items():
        applied = read[folder]
        known = not applied.troubles and not is_built(stack)
        found[cluster] = _needs(
            stack,
            applied.objects,
            _ignored(stack, applied.objects, known=known),
            namespaces=applied.namespaces,
            troubles=applied.troubles,
        )
    return found


def is_built(stack: Stack) -> bool:
    """Whether Kustomize or Helm makes the objects of the files: a field is in a kustomization or in Helm values."""
    return any(field.kind in ("kustomize", "helm") for service in stack.services for field in service.fields)


def _needs(
    stack: Stack,
    objects: Sequence[Mapping[str, Any]],
    ignored: Sequence[Mapping[str, Any]],
    *,
    namespaces: Sequence[str] = (),
    troubles: Sequence[str] = (),
) -> ApplicationNeeds:
    own = (stack.delivery.namespace, *(space.name for space in stack.namespaces))
    allowed = admitted(
        objects, namespaces=namespaces, own=own, admit=stack.argocd.admit, closed=(stack.argocd.namespace,)
    )
    unread = (f"what Argo Rollouts writes may be more than was read: {trouble}" for trouble in troubles)
    return ApplicationNeeds(ignored, _others(stack, allowed.namespaces), allowed.kinds, (*unread, *allowed.refused))


def _ignored(stack: Stack, objects: Sequence[Mapping[str, Any]], *, known: bool = True) -> list[dict[str, Any]]:
    routes = [route for service in stack.services for route in service.managed_routes]
    found = ignore_differences(objects, managed_routes=routes, known=known)
    return [*found, *(dict(entry) for entry in stack.argocd.ignore_differences)]


def _others(stack: Stack, named: Sequence[str]) -> tuple[str, ...]:
    return tuple(sorted(set(named) - {stack.delivery.namespace}))


def _rendered(stack: Stack, service: Service) -> list[Any]:
    bodies = rendered_objects(
        load_template(template_folder(str(service.template))),
        service=service.name,
        namespace=stack.delivery.namespace,
        version=service.version or ANY_VERSION,  # what Argo Rollouts writes does not depend on it
        parameters=service.parameters,
    )
    return list(bodies.values())
