"""The services and clusters of a stack that a command names, and the stack with other versions than its file has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from meshroll.errors import BadInputError
from meshroll.settings.model import Service, Stack

ANY_VERSION = "none"  # of a service without a version, where only its places matter


def with_versions(stack: Stack, versions: Mapping[str, str]) -> Stack:
    """The stack with the services that versions are given for, and these versions; with none given, as it is."""
    if not versions:
        return stack
    for service in versions:
        find_service(stack, service)
    services = [service for service in stack.services if service.name in versions]
    return replace(stack, services=tuple(replace(each, version=versions[each.name]) for each in services))


def only_service(stack: Stack, service: str, version: str = "") -> Stack:
    """The stack with one service alone, which has a version whatever the file has. Raises BadInputError."""
    known = find_service(stack, service)
    return replace(stack, services=(replace(known, version=version or known.version or ANY_VERSION),))


def chosen_clusters(stack: Stack, cluster: str | None) -> tuple[str, ...]:
    """The work clusters of a stack, or the one that is named. Raises BadInputError."""
    if cluster is None:
        return stack.workers
    if cluster not in stack.workers:
        expected = f"one of {', '.join(stack.workers)}"
        raise BadInputError(f"there is no work cluster {cluster}", where=f"stack {stack.name}", expected=expected)
    return (cluster,)


def find_service(stack: Stack, service: str) -> Service:
    """A service of a stack. Raises BadInputError."""
    found = next((each for each in stack.services if each.name == service), None)
    if found is None:
        expected = f"one of {', '.join(each.name for each in stack.services)}"
        raise BadInputError(f"there is no service {service}", where=f"stack {stack.name}", expected=expected)
    return found
