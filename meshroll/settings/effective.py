"""Every effective value of a stack, and where it came from.

Origins are `file:line`, `default`, `default of template NAME`, `environment variable NAME` and `file NAME`. Secrets are
masked: what the schema marks as one, what Pulumi encrypted, and credentials within URLs.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from meshroll.errors import BadInputError, redact
from meshroll.settings import files, load, schema
from meshroll.settings.build import PREFIX
from meshroll.settings.check import template_defaults
from meshroll.settings.document import Document, Pointer, pointer_text
from meshroll.settings.model import Stack
from meshroll.settings.secrecy import misplaced

_Row = tuple[Pointer, Any, str]

MASK: Final = "***"
_BY_CLUSTER: Final = (
    ("config", PREFIX + "clusters"),
    ("config", PREFIX + "gateways"),
    ("config", PREFIX + "mesh", "remoteKubeconfigs"),
)
_PATH: Final = ("config", PREFIX + "repository", "path")


@dataclass(frozen=True)
class Effective:
    """One value as it counts, and its origin."""

    pointer: str
    value: Any
    origin: str


def explain(path: Path, cluster: str | None = None, environ: Mapping[str, str] = os.environ) -> tuple[Effective, ...]:
    """The effective values of a stack file; for one work cluster, only those that concern it."""
    file = files.read(path)
    checked = load.check(file.value, environ, file.where, order=file.order, source=file.source)
    # Where pulumi alone can read a value that the stack needs, the rest is shown unchecked.
    sealed = misplaced(checked.resolved.sealed)
    stack = None if sealed else load.make(load.stack_name(path), str(path), checked, file.where)
    others = _others(file.document, checked.values["config"], cluster)
    secret = schema.secrets(checked.values) | checked.resolved.sealed

    def origin(pointer: Pointer) -> str:
        if pointer in checked.resolved.origins:
            return f"{checked.resolved.origins[pointer]} ({file.origin(pointer)})"
        inside_default = any(pointer[:n] in checked.defaults for n in range(len(pointer) + 1))
        return "default" if inside_default else file.origin(pointer)

    values: list[_Row] = [
        (pointer, MASK if pointer in secret else redact(value) if isinstance(value, str) else value, origin(pointer))
        for pointer, value in _leaves(checked.values, ())
    ]
    known = {pointer for pointer, _, _ in values}
    supplied = [item for item in _supplied(stack, environ) if item[0] not in known] if stack is not None else []
    return tuple(
        Effective(pointer_text(pointer), _for_cluster(pointer, value, cluster), origin)
        for pointer, value, origin in _with(values, supplied)
        if others.isdisjoint(_prefixes(pointer))
    )


def _supplied(stack: Stack, environ: Mapping[str, str]) -> Iterator[_Row]:
    """What counts although it stands neither in the file nor in the schema."""
    if stack.mesh is not None and len(stack.mesh.workers) == 1:
        yield ("config", PREFIX + "mesh", "leader"), stack.mesh.leader, "default"
    for cluster in stack.clusters.values():
        if cluster.kubeconfig is None:
            pointer: Pointer = ("config", PREFIX + "clusters", cluster.name, "kubeconfig")
            if environ.get("KUBECONFIG"):
                yield pointer, environ["KUBECONFIG"], "environment variable KUBECONFIG"
            else:
                yield pointer, "~/.kube/config", "default"
    for service in stack.services:
        for name, value in template_defaults(service, stack.delivery.namespace).items():
            pointer = ("config", PREFIX + "services", service.name, "parameters", name)
            yield pointer, value, f"default of template {service.template}"


def _with(values: Sequence[_Row], supplied: Sequence[_Row]) -> Iterator[_Row]:
    """The values and, each behind the last of those that are nearest to its pointer, what was supplied."""
    rows = [*values, *supplied]
    following = [*range(1, len(values)), len(rows)]  # the next row of each, by their numbers; the last has none
    last: dict[Pointer, int] = {}  # the last row below each pointer
    for number, (pointer, _, _) in enumerate(values):
        last.update(dict.fromkeys(_prefixes(pointer), number))
    for number, (pointer, _, _) in enumerate(supplied, len(values)):
        prefixes = _prefixes(pointer)
        before = next(last[prefix] for prefix in reversed(prefixes) if prefix in last)
        following.append(following[before])
        following[before] = number
        last.update((prefix, number) for prefix in prefixes if last.get(prefix, before) == before)
    number = 0
    while number < len(rows):
        yield rows[number]
        number = following[number]


def _prefixes(pointer: Pointer) -> list[Pointer]:
    """A pointer and those above it, the root first."""
    return [pointer[:length] for length in range(len(pointer) + 1)]


def _leaves(value: Any, pointer: Pointer) -> Iterator[tuple[Pointer, Any]]:
    if isinstance(value, dict) and value:
        for key, item in value.items():
            yield from _leaves(item, (*pointer, key))
    elif isinstance(value, list) and any(isinstance(item, (dict, list)) for item in value):
        for index, item in enumerate(value):
            yield from _leaves(item, (*pointer, index))
    else:
        yield pointer, value


def _others(file: Document, config: Mapping[str, Any], cluster: str | None) -> frozenset[Pointer]:
    """The pointers that belong to other work clusters than this one."""
    if cluster is None:
        return frozenset()
    mesh = config.get(PREFIX + "mesh")
    workers = (mesh["workers"] if isinstance(mesh, dict) else config.get(PREFIX + "workers")) or []
    if cluster not in workers:
        question, expected = schema.suggest(cluster, workers)
        raise BadInputError(f"there is no work cluster {cluster}{question}", where=file.name, expected=expected)
    return frozenset((*above, worker) for above in _BY_CLUSTER for worker in workers if worker != cluster)


def _for_cluster(pointer: Pointer, value: Any, cluster: str | None) -> Any:
    return value.replace("{cluster}", cluster) if pointer == _PATH and cluster is not None else value
