"""What `check` does to a resource's inputs: a name, a namespace, and no to what is not served. Pure."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from typing import Any

from meshroll.errors import BadInputError
from meshroll.sandbox.pulumi.kubernetes.kinds import Kind, unsupported

Object = dict[str, Any]
AUTONAMED = "pulumi.com/autonamed"
FIELD_MANAGER = "pulumi.com/patchFieldManager"
FORCE = "pulumi.com/patchForce"
SKIP_AWAIT = "pulumi.com/skipAwait"
UNSERVED_ANNOTATIONS = ("pulumi.com/waitFor", "pulumi.com/replaceUnready", "pulumi.com/deletionPropagationPolicy")
RANDOM_DIGITS = 8


def completed(
    new: Object, old: Object, *, kind: Kind, urn_name: str, seed: bytes, namespace: str | None, official: str
) -> Object:
    """The inputs with apiVersion, kind, a name (`<resource>-<hex>` unless given) and, where one fits, a namespace.

    `namespace` is the provider's default, None for kinds without namespaces. Raises BadInputError.
    """
    checked = {**new, "apiVersion": new.get("apiVersion", kind.api_version), "kind": new.get("kind", kind.name)}
    metadata = new.get("metadata", {})
    if not isinstance(metadata, Mapping):  # not known yet
        return checked
    _refuse_unserved(metadata, official)
    metadata = dict(metadata)
    if not metadata.get("name"):
        _, old_name = name_of(old)
        adopted = old_name if is_autonamed(old) else ""
        metadata["name"] = adopted or unique_name(urn_name, seed)
        annotations = metadata.get("annotations") or {}
        if isinstance(annotations, Mapping):  # else not known yet
            metadata["annotations"] = {**annotations, AUTONAMED: "true"}
    if namespace and not metadata.get("namespace"):
        metadata["namespace"] = namespace
    return checked | {"metadata": metadata}


def unique_name(prefix: str, seed: bytes) -> str:
    """`<prefix>-<8 hex digits>`, the same for the same seed; random without one."""
    if not seed:
        return f"{prefix}-{secrets.token_hex(RANDOM_DIGITS // 2)}"
    return f"{prefix}-{hashlib.sha256(seed + prefix.encode()).hexdigest()[:RANDOM_DIGITS]}"


def field_manager(inputs: Object, state: Object, urn: str) -> str:
    """The annotation's, else the one in the state, else one of the resource's own."""
    named = annotation(inputs, FIELD_MANAGER) or state.get("__fieldManager")
    return str(named or unique_name("pulumi-kubernetes", urn.encode()))


def name_of(body: Object) -> tuple[str, str]:
    """Namespace and name, each empty where it is missing."""
    metadata = body.get("metadata")
    metadata = metadata if isinstance(metadata, Mapping) else {}
    return str(metadata.get("namespace") or ""), str(metadata.get("name") or "")


def identifier(body: Object) -> str:
    """The resource's ID: `namespace/name`, or the name alone."""
    return "/".join(part for part in name_of(body) if part)


def parse_identifier(text: str) -> tuple[str, str]:
    """Namespace (empty if none is said) and name of an ID."""
    namespace, _, name = text.rpartition("/")
    return namespace, name


def annotation(body: Object, key: str) -> str:
    """An annotation's value, empty where it is missing."""
    metadata = body.get("metadata")
    annotations = metadata.get("annotations") if isinstance(metadata, Mapping) else None
    return str(annotations.get(key) or "") if isinstance(annotations, Mapping) else ""


def is_autonamed(body: Object) -> bool:
    """Whether the name was made by `completed`."""
    return annotation(body, AUTONAMED) == "true"


def _refuse_unserved(metadata: Mapping[str, Any], official: str) -> None:
    if metadata.get("generateName"):
        raise BadInputError(
            "server-side apply does not support generateName",
            where="metadata.generateName",
            expected="metadata.name, or neither for a name made up",
        )
    annotations = metadata.get("annotations")
    for key in UNSERVED_ANNOTATIONS:
        if isinstance(annotations, Mapping) and key in annotations:
            raise unsupported(f"the annotation {key}", official)
