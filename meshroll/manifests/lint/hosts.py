"""What the hosts of Istio's objects stand for: Services by short or full name, ServiceEntries, wildcards."""

from __future__ import annotations

from meshroll.manifests.index import at
from meshroll.manifests.lint.objects import CORE, ISTIO, Item, Objects, agree

SUFFIX = ".svc.cluster.local"


def full(host: str, namespace: str) -> str:
    """A host as Istio completes it: a name without a dot is a Service of the namespace of the object it stands in."""
    if "." in host or "*" in host:
        return host.lower()
    return f"{host}.{namespace}{SUFFIX}"


def same(one: str, one_namespace: str, other: str, other_namespace: str) -> bool:
    """Whether two hosts are one, where a namespace that is left open agrees with any."""
    (name, namespace), (other_name, other_space) = (_parts(one, one_namespace), _parts(other, other_namespace))
    return name == other_name and agree(namespace, other_space)


def service_of(host: str, near: Item, objects: Objects) -> Item | None:
    """The Service a host stands for."""
    name, namespace = service_name(host, near.namespace)
    return objects.get(CORE, "Service", namespace, name, near) if name else None


def service_name(host: str, namespace: str) -> tuple[str, str]:
    """Name and namespace of the Service that a host can stand for; "" where it can be none."""
    if "*" in host:
        return "", ""
    if "." not in host:
        return host, namespace
    name, _, rest = host.partition(".")
    space, _, more = rest.partition(".")
    return (name, space) if more in {"", "svc", "svc.cluster.local"} else ("", "")


def is_within(host: str, namespace: str) -> bool:
    """Whether a host can only be a Service of the namespace: a short name, or a full one of that namespace."""
    name, space = service_name(host, namespace)
    return bool(name) and ("." not in host or (host.endswith(SUFFIX) and agree(space, namespace)))


def entry_of(host: str, objects: Objects) -> Item | None:
    """The ServiceEntry that has a host."""
    for item in objects.of(ISTIO, "ServiceEntry"):
        if any(covers(str(each), host) for each in at(item.body, "spec", "hosts") or ()):
            return item
    return None


def covers(pattern: str, host: str) -> bool:
    """Whether a host or wildcard covers another."""
    if pattern == "*":
        return True
    if pattern.startswith("*"):
        return host.endswith(pattern[1:])
    return pattern == host


def overlap(one: str, other: str) -> bool:
    """Whether there is a host that both can stand for."""
    return covers(one, other) or covers(other, one)


def _parts(host: str, namespace: str) -> tuple[str, str]:
    name, space = service_name(host, namespace)
    return (name, space) if name else (host, "")
