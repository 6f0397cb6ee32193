"""The objects of a tree, found by what they are called, from where they stand."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import PurePosixPath
from typing import Any, TypeVar

from meshroll.manifests.index import Object, at, name_of, namespace_of, title

T = TypeVar("T")
ARGO = "argoproj.io"
ISTIO = "networking.istio.io"
CORE = ""
APPS = "apps"
FRAGMENT = "-"  # the group of what names no apiVersion: a part of an object, which no rule takes for a whole one


@dataclass(frozen=True)
class Item:
    """One object and where it stands."""

    number: int  # in the sequence given
    body: Object
    group: str
    kind: str
    namespace: str  # "" where Git leaves it to the Application
    name: str
    folder: str
    judged: bool  # False for an object whose fields have wrong types: nothing more is known of it

    @property
    def title(self) -> str:
        """The object as findings name it."""
        return title(self.body)

    def spec(self, *keys: str) -> object:
        """A value below `spec`."""
        return at(self.body, "spec", *keys)


def group_of(item: Object) -> str:
    """The API group of an object, "" for the core group."""
    version = item.get("apiVersion")
    return version.rpartition("/")[0] if isinstance(version, str) else FRAGMENT


class Objects:
    """A set of objects to look names up in.

    Where Git leaves a namespace to the Application, it agrees with every other. Of several objects of one name, as a
    folder for each environment has them, the nearest counts.
    """

    def __init__(
        self,
        objects: Sequence[Object],
        files: Sequence[str] = (),
        unjudged: Iterable[int] = (),
        *,
        complete: bool = False,
    ) -> None:
        self.complete = complete  # whether these are all there are: what is not among them is nowhere
        closed = frozenset(unjudged)
        folders = [str(PurePosixPath(file).parent) for file in files] or [""] * len(objects)
        self.items = [
            Item(
                number,
                body,
                group_of(body),
                str(body.get("kind", "")),
                namespace_of(body),
                name_of(body),
                folders[number],
                number not in closed,
            )
            for number, body in enumerate(objects)
        ]
        self._made: dict[str, Any] = {}
        self._named: dict[tuple[str, str, str], list[Item]] = defaultdict(list)
        self._placed: dict[tuple[str, str, str, str], list[Item]] = defaultdict(list)
        self._kinds: dict[tuple[str, str], list[Item]] = defaultdict(list)
        for item in self.items:
            self._named[item.group, item.kind, item.name].append(item)
            self._placed[item.group, item.kind, item.name, item.folder].append(item)
            self._kinds[item.group, item.kind].append(item)

    def once(self, name: str, make: Callable[[], T]) -> T:
        """What several rules or objects ask for, made at the first question."""
        if name not in self._made:
            self._made[name] = make()
        found: T = self._made[name]
        return found

    def of(self, group: str, kind: str) -> list[Item]:
        """All objects of a kind that can be judged."""
        return [item for item in self._kinds.get((group, kind), ()) if item.judged]

    def get(self, group: str, kind: str, namespace: str, name: str, near: Item) -> Item | None:
        """The object of a name in a namespace, the nearest to another object where several environments have it."""
        here = [
            item for item in self._placed.get((group, kind, name, near.folder), ()) if agree(item.namespace, namespace)
        ]
        found = here or [item for item in self._named.get((group, kind, name), ()) if agree(item.namespace, namespace)]
        return max(found, key=lambda item: _nearness(item, near), default=None)

    def elsewhere(self, group: str, kind: str, namespace: str, name: str) -> Item | None:
        """An object of that name in another namespace."""
        found = self._named.get((group, kind, name), ())
        return next((item for item in found if not agree(item.namespace, namespace)), None)

    def together(self, one: Item, other: Item) -> bool:
        """Whether two objects can be in force in one cluster, as far as the folders tell."""
        if (one.group, one.kind, one.name) == (other.group, other.kind, other.name):
            return False  # one object, in the folders of two environments
        if one.folder == other.folder:
            return True
        return above(one.folder, other.folder) or above(other.folder, one.folder) or not self._environments

    @cached_property
    def _environments(self) -> bool:
        """Whether the folders hold the same objects several times, as one folder for each environment does."""
        return any(len({item.folder for item in same}) > 1 for same in self._named.values() if len(same) > 1)


def agree(one: str, other: str) -> bool:
    """Whether two namespaces can be the same: one that Git leaves to the Application can be any."""
    return one == other or not one or not other


def carries(labels: Mapping[str, object] | None, wanted: Mapping[str, object]) -> bool:
    """Whether labels have every one that is wanted."""
    return all(key in (labels or {}) and (labels or {})[key] == value for key, value in wanted.items())


def _nearness(item: Item, near: Item) -> tuple[int, bool]:
    shared = 0
    for one, other in zip(item.folder.split("/"), near.folder.split("/"), strict=False):
        if one != other:
            break
        shared += 1
    return shared, item.namespace == near.namespace


def above(one: str, other: str) -> bool:
    return one in {"", "."} or other.startswith(f"{one}/")
