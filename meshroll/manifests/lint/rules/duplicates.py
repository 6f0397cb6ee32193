"""Objects that stand twice."""

from __future__ import annotations

from collections.abc import Iterator

from meshroll.manifests.lint.model import Flaw, Rule, Severity
from meshroll.manifests.lint.objects import Item, Objects, agree

TWICE = Rule(
    "object-twice",
    Severity.HARM,
    "Meshroll",
    "Two objects of one folder have the same group, kind, namespace and name.",
    "The one that is applied last holds, and Argo CD warns of the other at every sync.",
    "Remove one of the two. Objects of one name in the folders of several environments are not meant.",
)
RULES = (TWICE,)


def check(objects: Objects) -> Iterator[tuple[Item, Flaw]]:
    """The first of each set of objects that are one."""
    held: dict[tuple[str, str, str, str], list[Item]] = {}
    for item in objects.items:
        if item.name:
            held.setdefault((item.folder, item.group, item.kind, item.name), []).append(item)
    for items in held.values():
        same = [item for item in items[1:] if agree(item.namespace, items[0].namespace)]
        if same:
            message = f"{len(same) + 1} objects have this name"
            yield items[0], TWICE.found("/metadata/name", message, *(item.number for item in same))
