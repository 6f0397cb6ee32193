"""What changes between the recorded live object and new inputs. Pure.

The cluster fills in many fields nobody asked for, so the live object is first cut to the shape of the inputs that made
it. A change of identity (group, kind, namespace, name) replaces the object; so does a change of a Secret's or
ConfigMap's content, unless the provider says that they are mutable.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from meshroll.sandbox.pulumi.kubernetes.inputs import Object, is_autonamed, name_of
from meshroll.sandbox.pulumi.kubernetes.kinds import CLUSTER_WIDE, group_of

Path = tuple[str | int, ...]
SERVER_METADATA = (
    "creationTimestamp",
    "deletionGracePeriodSeconds",
    "deletionTimestamp",
    "generation",
    "managedFields",
    "resourceVersion",
    "selfLink",
    "uid",
)
_MISSING = object()
_SEGMENT = re.compile(r'\["((?:[^"\\]|\\.)*)"\]|\[(\d+|\*)\]|([^.\[\]"]+)')


class Change(Enum):
    """How a value differs."""

    ADD = "add"
    DELETE = "delete"
    UPDATE = "update"


@dataclass(frozen=True)
class Mutable:
    """Whose content may change without replacement; the official plug-in's defaults."""

    secrets: bool = False
    config_maps: bool = False


@dataclass(frozen=True)
class Difference:
    """All changes by path, the paths that force a replacement, and whether the old object has to go first."""

    changes: dict[str, Change]
    replaces: tuple[str, ...] = ()
    delete_first: bool = False


def difference(
    live: Object, old_inputs: Object, new_inputs: Object, *, mutable: Mutable, ignore: Iterable[str] = ()
) -> Difference:
    """Compare the recorded object with new inputs; `ignore` holds property paths."""
    old = _with_namespace(pruned(live, normal(old_inputs)))
    new = _with_namespace(normal(new_inputs))
    old.setdefault("apiVersion", live.get("apiVersion"))
    old.setdefault("kind", live.get("kind"))
    if name_of(new)[1]:
        old["metadata"] = {**old.get("metadata", {}), "name": name_of(live)[1]}
    ignored = [_parse(path) for path in ignore]
    compared = _compare((), old, new)
    found = {path: change for path, change in compared.items() if not any(_covers(item, path) for item in ignored)}
    replaces = tuple(_text(path) for path in found if _replaces(path, old, new, live, mutable))
    same_place = name_of(_with_namespace(new_inputs)) == name_of(_with_namespace(live))
    return Difference(
        {_text(path): change for path, change in found.items()},
        replaces,
        delete_first=bool(replaces) and same_place and not is_autonamed(new_inputs),
    )


def normal(body: Object) -> Object:
    """Without what the server alone sets, and a Secret's `stringData` where the server puts it: encoded in `data`."""
    result = dict(body)
    metadata = body.get("metadata")
    if isinstance(metadata, Mapping):
        result["metadata"] = {key: value for key, value in metadata.items() if key not in SERVER_METADATA}
    text = body.get("stringData")
    if body.get("kind") == "Secret" and isinstance(text, Mapping):
        del result["stringData"]
        encoded = {key: base64.b64encode(str(value).encode()).decode() for key, value in text.items()}
        result["data"] = {**(body.get("data") or {}), **encoded}
    return result


def pruned(live: Any, shape: Any) -> Any:
    """The live value cut to the members that the shape has; list elements beyond the shape's stay."""
    if isinstance(live, Mapping) and isinstance(shape, Mapping):
        return {key: pruned(live[key], shape[key]) for key in shape if key in live}
    if isinstance(live, list) and isinstance(shape, list):
        return [pruned(item, shape[i]) if i < len(shape) else item for i, item in enumerate(live)]
    return live


def imported(live: Object) -> Object:
    """The inputs that describe an object nobody has inputs for: all but status and what the server alone sets."""
    return {key: value for key, value in normal(live).items() if key != "status"}


def expected(dry_run: Object) -> Object:
    """A dry run's answer without its status, which the object does not have at first."""
    return {key: value for key, value in dry_run.items() if key != "status"}


def _compare(path: Path, old: Any, new: Any) -> dict[Path, Change]:
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        keys: list[str | int] = [*old, *(key for key in new if key not in old)]
        return _members(path, keys, old, new)
    if isinstance(old, list) and isinstance(new, list):
        places = range(max(len(old), len(new)))
        return _members(path, places, dict(enumerate(old)), dict(enumerate(new)))
    if old is _MISSING:
        return {path: Change.ADD}
    if new is _MISSING:
        return {path: Change.DELETE}
    # In Python True equals 1; in JSON it does not.
    return {} if old == new and isinstance(old, bool) == isinstance(new, bool) else {path: Change.UPDATE}


def _members(
    path: Path, keys: Iterable[str | int], old: Mapping[Any, Any], new: Mapping[Any, Any]
) -> dict[Path, Change]:
    found: dict[Path, Change] = {}
    for key in keys:
        found |= _compare((*path, key), old.get(key, _MISSING), new.get(key, _MISSING))
    return found


def _replaces(path: Path, old: Object, new: Object, live: Object, mutable: Mutable) -> bool:
    if path == ("apiVersion",):
        return group_of(old.get("apiVersion")) != group_of(new.get("apiVersion"))
    if path in {("kind",), ("metadata",), ("metadata", "name"), ("metadata", "namespace")}:
        return True
    if new.get("apiVersion") != "v1":
        return False
    frozen = bool(live.get("immutable")) and bool(new.get("immutable", True))
    if new.get("kind") == "Secret":
        return path[0] == "type" or (path[0] in {"data", "stringData"} and (frozen or not mutable.secrets))
    if new.get("kind") == "ConfigMap":
        return path[0] in {"data", "binaryData"} and (frozen or not mutable.config_maps)
    return False


def _with_namespace(body: Object) -> Object:
    if body.get("kind") in CLUSTER_WIDE:
        return dict(body)
    metadata = body.get("metadata")
    if not isinstance(metadata, Mapping) or metadata.get("namespace"):
        return dict(body)
    return {**body, "metadata": {**metadata, "namespace": "default"}}


def _text(path: Path) -> str:
    result = ""
    for part in path:
        if isinstance(part, int):
            result += f"[{part}]"
        elif re.search(r'[."\[\]]', part):
            result += '["{}"]'.format(part.replace('"', '\\"'))
        else:
            result += f".{part}" if result else part
    return result


def _parse(text: str) -> Path:
    parts: list[str | int] = []
    for quoted, index, name in _SEGMENT.findall(text):
        if index:
            parts.append(int(index) if index.isdigit() else index)
        else:
            parts.append(quoted.replace('\\"', '"') or name)
    return tuple(parts)


def _covers(ignored: Path, path: Path) -> bool:
    head = path[: len(ignored)]
    return len(head) == len(ignored) and all(a in ("*", b) for a, b in zip(ignored, head, strict=True))
